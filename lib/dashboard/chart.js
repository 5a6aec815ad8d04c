// One chart: a picture, its legend with the values of a time, and the same as a table.

import { ChartPointer } from './chart-pointer.js'
import { ChartTable, TABLE_ROWS } from './chart-table.js'
import { html, setText, svg } from './elements.js'
import { clock, duration, NONE } from './format.js'
import { Plot } from './plot.js'
import { ReasonBand } from './reason-band.js'
import { increase, increases, peaks } from './series.js'

const BARS = 60
/** So that nothing runs along the upper edge. */
const HEADROOM = 1.08

/**
 * @typedef {import('./series.js').Point} Point
 * @typedef {import('./series.js').Series} Series
 * @typedef {{
 *   name: string,
 *   look: 'area' | 'line' | 'limit' | 'bar' | 'bad-bar',
 *   value: (point: Point) => number,
 * }} Line
 *   a `bar` is the gain of a counter, on top of the others; other looks show values
 * @typedef {{
 *   title: string,
 *   unit: string,
 *   lines: Line[],
 *   marks: (max: number) => number[],
 *   write: (value: number) => string,
 *   least: number,
 *   hasReasons?: boolean,
 * }} ChartOptions
 *   the axis reaches at least to `least`; `hasReasons` shows for which reason calls waited
 * @typedef {{ line: Line, dots: import('./plot.js').Dots, total: number }} Drawn
 *   `total` is what a counter gained in the window
 */

export class Chart {
  #options
  #plot = new Plot()
  #pointer
  #when = html('span', { class: 'when' })
  /** @type {HTMLElement[]} */
  #readings
  /** @type {Map<Line, SVGPathElement>} */
  #paths = new Map()
  /** The filled ground of an area. @type {Map<Line, SVGPathElement>} */
  #grounds = new Map()
  #table
  /** @type {ReasonBand | undefined} */
  #band
  /** @type {Drawn[]} */
  #drawn = []
  #from = 0
  #to = 1
  #isBars
  /** The time that any chart is read at. @type {number | undefined} */
  #pointed

  /**
   * @param {ChartOptions} options
   * @param {(time: number | undefined) => void} point notes the time that a reader points at
   */
  constructor(options, point) {
    this.#options = options
    this.#isBars = options.lines.some(({ look }) => look.endsWith('bar'))
    for (const line of options.lines) this.#addShapes(line)
    if (options.hasReasons) {
      this.#band = new ReasonBand()
      this.#plot.add(this.#band.element)
    }
    const { title, unit } = options
    const timeAt = (/** @type {number} */ x) => this.#plot.timeAt(x)
    this.#pointer = new ChartPointer(this.#plot.element, title, timeAt, point)
    const columns = options.lines.map(({ name }) => ({ name, isNumber: true }))
    if (this.#band) columns.push({ name: 'waiting for', isNumber: false })
    this.#table = new ChartTable(`${title}, ${unit}`, columns, () => this.#fillTable())
    this.#readings = options.lines.map(() => html('span', { class: 'reading' }))
    const heading = html('h3', {}, [document.createTextNode(title), html('small', { text: unit })])
    this.element = html('figure', { class: 'panel chart' }, [
      html('div', { class: 'chart-head' }, [heading, this.#when]),
      this.#legend(),
      this.#plot.element,
      this.#table.element,
    ])
    new ResizeObserver(() => this.#resize()).observe(this.element)
  }

  /** @param {Series} series @param {number} from @param {number} to */
  draw(series, from, to) {
    this.#from = from
    this.#to = to
    if (!this.#plot.hasSize) return
    const points = series.between(from, to)
    this.#drawn = this.#options.lines.map((line) => this.#reckon(line, points))
    this.#plot.setTimes(from, to)
    this.#pointer.setTimes(from, to)
    const { marks, least, write } = this.#options
    this.#plot.setMarks(marks(Math.max(this.#highest() * HEADROOM, least)), write)
    let below = new Map()
    for (const { line, dots } of this.#drawn) {
      const path = /** @type {SVGPathElement} */ (this.#paths.get(line))
      if (line.look.endsWith('bar')) below = this.#plot.drawBars(dots, path, this.#step(), below)
      else this.#plot.drawLine(dots, path, this.#grounds.get(line))
    }
    this.#band?.draw(points, (time) => this.#plot.xOf(time))
    this.pointAt(this.#pointed)
    if (this.#table.isOpen) this.#fillTable()
  }

  /**
   * Shows the values at a time. Without a time it shows the latest values of lines, and what bars
   * show altogether.
   * @param {number | undefined} time
   */
  pointAt(time) {
    this.#pointed = time
    const shown = time !== undefined && time >= this.#from && time <= this.#to ? time : undefined
    this.#plot.showCursor(shown)
    const values = this.#drawn.map((drawn) => this.#reading(drawn, shown))
    for (const [at, value] of values.entries()) setText(this.#readings[at], value)
    const parts = values.map((value, at) => `${value} ${this.#options.lines[at].name}`)
    const waiting = this.#band?.pointAt(shown)
    if (waiting) parts.push(waiting)
    const when = shown === undefined ? this.#usualWhen() : clock(shown)
    setText(this.#when, when)
    this.#pointer.show(shown, `${when}: ${parts.join(', ')}`)
  }

  /** @param {Line} line */
  #addShapes(line) {
    const path = svg('path', { class: line.look })
    this.#paths.set(line, path)
    if (line.look === 'area') {
      const ground = svg('path', { class: 'ground' })
      this.#grounds.set(line, ground)
      this.#plot.add(ground)
    }
    this.#plot.add(path)
  }

  #legend() {
    const entries = this.#options.lines.map(({ look, name }, at) =>
      html('span', { class: 'entry' }, [
        swatch(look),
        this.#readings[at],
        document.createTextNode(` ${name}`),
      ]),
    )
    return html('p', { class: 'legend' }, [...entries, ...(this.#band ? [this.#band.entry] : [])])
  }

  #usualWhen() {
    return this.#isBars ? `in ${duration(this.#to - this.#from)}` : 'now'
  }

  /** @param {Drawn} drawn @param {number | undefined} time */
  #reading({ dots, total }, time) {
    if (this.#isBars && time === undefined) return this.#write(total)
    const value = dotAt(dots, time, this.#step())
    // A bar that does not stand there is one without height.
    return this.#write(this.#isBars ? (value ?? 0) : value)
  }

  /** Ms for which a bar stands; 0 for lines. */
  #step() {
    return this.#isBars ? (this.#to - this.#from) / BARS : 0
  }

  /** @param {Line} line @param {Point[]} points @returns {Drawn} */
  #reckon(line, points) {
    const { value } = line
    if (!this.#isBars) {
      const dots = peaks(points, value, (this.#to - this.#from) / this.#plot.room)
      return { line, dots, total: 0 }
    }
    const length = this.#step()
    const perMinute = 60_000 / length
    const buckets = increases(points, value, this.#from, this.#to, length)
    const dots = buckets.map(({ time, total }) => ({ time, value: total * perMinute }))
    return { line, dots, total: increase(points, value) }
  }

  #highest() {
    const dots = this.#drawn.flatMap(({ dots }) => dots)
    if (!this.#isBars) return Math.max(0, ...dots.map(({ value }) => value))
    /** @type {Map<number, number>} */
    const sums = new Map()
    for (const { time, value } of dots) sums.set(time, (sums.get(time) ?? 0) + value)
    return Math.max(0, ...sums.values())
  }

  /** Fills the table, latest first. */
  #fillTable() {
    const step = this.#isBars ? this.#step() : (this.#to - this.#from) / TABLE_ROWS
    const last = this.#isBars ? Math.floor(this.#to / step) * step : this.#to
    const times = Array.from({ length: TABLE_ROWS }, (_, at) => last - at * step)
    this.#table.show(times.map((time) => this.#tableRow(time)))
  }

  /** @param {number} time */
  #tableRow(time) {
    const values = this.#drawn.map(({ dots }) => this.#write(dotAt(dots, time, this.#step())))
    return [clock(time), ...values, ...(this.#band ? [this.#band.cellAt(time)] : [])]
  }

  /** @param {number | undefined} value */
  #write(value) {
    return value === undefined ? NONE : this.#options.write(value)
  }

  #resize() {
    // Of the figure: the picture could never become narrower again.
    const { paddingLeft, paddingRight } = getComputedStyle(this.element)
    const edges = Number.parseFloat(paddingLeft) + Number.parseFloat(paddingRight)
    this.#plot.resize(Math.floor(this.element.clientWidth - edges))
    this.element.dispatchEvent(new CustomEvent('resized', { bubbles: true }))
  }
}

/**
 * Returns the value at a time, or the latest: of steps the one that was taken last; of bars the one
 * that stands there.
 * @param {import('./plot.js').Dots} dots
 * @param {number | undefined} time
 * @param {number} step
 */
function dotAt(dots, time, step) {
  if (time === undefined) return dots.at(-1)?.value
  if (step > 0) return dots.find((dot) => dot.time >= time && dot.time - step < time)?.value
  return dots.findLast((dot) => dot.time <= time)?.value
}

/** Returns the picture of a line beside its name. @param {Line['look']} look */
function swatch(look) {
  const picture = svg('svg', { width: 14, height: 10, 'aria-hidden': 'true' })
  const isBar = look.endsWith('bar')
  picture.append(svg('path', { class: look, d: isBar ? 'M1 1h10v8h-10z' : 'M0 5h12' }))
  return picture
}
