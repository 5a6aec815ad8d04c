// One chart: axes with units, lines, areas and bars, a reading where the pointer is, and the same
// as a table.

import { timeMarks } from './axes.js'
import { ChartTable, TABLE_ROWS } from './chart-table.js'
import { html, setText, svg } from './elements.js'
import { clock, NONE } from './format.js'
import { ReasonBand } from './reason-band.js'
import { increases, peaks } from './series.js'

const HEIGHT = 148
const EDGE = { top: 10, right: 8, bottom: 20, left: 60 }
const BARS = 60
/** So that nothing runs along the upper edge. */
const HEADROOM = 1.08
/** Pixels that a time of day needs. */
const TIME_WIDTH = 64

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
 * @typedef {{ line: Line, dots: { time: number, value: number }[] }} Drawn
 */

export class Chart {
  #options
  #when = html('span', { class: 'when' })
  /** @type {HTMLElement[]} */
  #readings
  #picture = svg('svg', { class: 'plot', role: 'img' })
  #grid = svg('g', { class: 'grid' })
  #times = svg('g', { class: 'times' })
  #cursor = svg('line', { class: 'cursor', y1: EDGE.top, y2: HEIGHT - EDGE.bottom })
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
  #width = 0
  #isBars
  /** The time under the pointer in any chart. @type {number | undefined} */
  #pointed

  /**
   * @param {ChartOptions} options
   * @param {(time: number | undefined) => void} point tells where the pointer is
   */
  constructor(options, point) {
    this.#options = options
    this.#isBars = options.lines.some(({ look }) => look.endsWith('bar'))
    const layer = svg('g')
    for (const line of options.lines) {
      const path = svg('path', { class: line.look })
      this.#paths.set(line, path)
      if (line.look === 'area') this.#grounds.set(line, svg('path', { class: 'ground' }))
      layer.append(...[this.#grounds.get(line) ?? [], path].flat())
    }
    if (options.hasReasons) {
      this.#band = new ReasonBand()
      layer.append(this.#band.element)
    }
    this.#picture.append(this.#grid, this.#times, layer, this.#cursor)
    this.#picture.addEventListener('pointermove', (event) => point(this.#timeAt(event.offsetX)))
    this.#picture.addEventListener('pointerleave', () => point(undefined))
    const columns = options.lines.map(({ name }) => ({ name, isNumber: true }))
    if (this.#band) columns.push({ name: 'waiting for', isNumber: false })
    this.#table = new ChartTable(`${options.title}, ${options.unit}`, columns, () =>
      this.#fillTable(),
    )
    const heading = html('h3', {}, [
      document.createTextNode(options.title),
      html('small', { text: options.unit }),
    ])
    this.#readings = options.lines.map(() => html('span', { class: 'reading' }))
    const legend = options.lines.map(({ look, name }, at) =>
      html('span', { class: 'entry' }, [
        swatch(look),
        this.#readings[at],
        document.createTextNode(` ${name}`),
      ]),
    )
    const head = html('div', { class: 'chart-head' }, [heading, this.#when])
    const legendRow = html('p', { class: 'legend' }, [
      ...legend,
      ...(this.#band ? [this.#band.entry] : []),
    ])
    this.element = html('figure', { class: 'panel chart' }, [
      head,
      legendRow,
      this.#picture,
      this.#table.element,
    ])
    new ResizeObserver(() => this.#resize()).observe(this.element)
  }

  /** @param {Series} series @param {number} from @param {number} to */
  draw(series, from, to) {
    this.#from = from
    this.#to = to
    if (this.#width === 0) return
    const points = series.between(from, to)
    this.#drawn = this.#options.lines.map((line) => ({ line, dots: this.#dots(line, points) }))
    const marks = this.#options.marks(Math.max(this.#highest() * HEADROOM, this.#options.least))
    const top = marks[marks.length - 1]
    this.#drawGrid(marks, top)
    this.#drawTimes()
    let below = new Map()
    for (const { line, dots } of this.#drawn) {
      const path = this.#paths.get(line)
      if (line.look.endsWith('bar')) below = this.#drawBars(path, dots, top, below)
      else this.#drawLine(line, dots, top)
    }
    this.#band?.draw(points, (time) => round(Math.max(this.#x(time), EDGE.left)))
    this.pointAt(this.#pointed)
    if (this.#table.isOpen) this.#fillTable()
  }

  /** Shows what was so at a time; the latest without one. @param {number | undefined} time */
  pointAt(time) {
    this.#pointed = time
    const isInside = time !== undefined && time >= this.#from && time <= this.#to
    this.#cursor.toggleAttribute('hidden', !isInside)
    if (isInside)
      for (const end of ['x1', 'x2']) this.#cursor.setAttribute(end, String(this.#x(time)))
    const values = this.#drawn.map(({ dots }) => this.#write(dotAt(dots, time, this.#step())))
    for (const [at, value] of values.entries()) setText(this.#readings[at], value)
    const waiting = this.#band?.pointAt(isInside ? time : undefined)
    setText(this.#when, isInside ? clock(time) : '')
    if (isInside) return
    const parts = values.map((value, at) => `${value} ${this.#options.lines[at].name}`)
    if (waiting) parts.push(waiting)
    this.#picture.setAttribute('aria-label', `${this.#options.title}: now ${parts.join(', ')}`)
  }

  /** Ms for which a bar stands; 0 for lines. */
  #step() {
    return this.#isBars ? (this.#to - this.#from) / BARS : 0
  }

  /** @param {Line} line @param {Point[]} points */
  #dots({ value }, points) {
    if (!this.#isBars) return peaks(points, value, (this.#to - this.#from) / this.#plotWidth())
    const length = this.#step()
    const perMinute = 60_000 / length
    const buckets = increases(points, value, this.#from, this.#to, length)
    return buckets.map(({ time, total }) => ({ time, value: total * perMinute }))
  }

  #highest() {
    if (!this.#isBars)
      return Math.max(0, ...this.#drawn.flatMap(({ dots }) => dots.map(({ value }) => value)))
    /** @type {Map<number, number>} */
    const sums = new Map()
    for (const { time, value } of this.#drawn.flatMap(({ dots }) => dots))
      sums.set(time, (sums.get(time) ?? 0) + value)
    return Math.max(0, ...sums.values())
  }

  /** @param {number[]} marks @param {number} top */
  #drawGrid(marks, top) {
    const lines = marks.map((value) => {
      const y = this.#y(value, top)
      const label = svg('text', { x: EDGE.left - 8, y: y + 3.5, 'text-anchor': 'end' })
      label.textContent = this.#options.write(value)
      return [svg('line', { x1: EDGE.left, x2: this.#width - EDGE.right, y1: y, y2: y }), label]
    })
    this.#grid.replaceChildren(...lines.flat())
  }

  #drawTimes() {
    const marks = timeMarks(this.#from, this.#to, Math.floor(this.#plotWidth() / TIME_WIDTH))
    const labels = marks
      .filter((time) => this.#x(time) > EDGE.left + 14 && this.#x(time) < this.#width - 16)
      .flatMap((time) => {
        const x = this.#x(time)
        const bottom = HEIGHT - EDGE.bottom
        const label = svg('text', { x, y: HEIGHT - 5, 'text-anchor': 'middle' })
        label.textContent =
          clock(time).slice(0, 5) + (time % 60_000 === 0 ? '' : clock(time).slice(5))
        return [svg('line', { x1: x, x2: x, y1: bottom, y2: bottom + 4 }), label]
      })
    this.#times.replaceChildren(...labels)
  }

  /**
   * In steps, because each value was so until the next one.
   * @param {Line} line
   * @param {Drawn['dots']} dots
   * @param {number} top
   */
  #drawLine(line, dots, top) {
    const x = (/** @type {number} */ time) => round(Math.max(this.#x(time), EDGE.left))
    const y = (/** @type {number} */ value) => round(this.#y(value, top))
    let path = ''
    for (const { time, value } of dots)
      path += path === '' ? `M${x(time)} ${y(value)}` : `H${x(time)}V${y(value)}`
    this.#paths.get(line)?.setAttribute('d', path)
    this.#grounds.get(line)?.setAttribute('d', path && `${path}V${y(0)}H${x(dots[0].time)}Z`)
  }

  /**
   * @param {SVGPathElement | undefined} path
   * @param {Drawn['dots']} dots
   * @param {number} top
   * @param {Map<number, number>} below what stands under these bars already
   * @returns {Map<number, number>}
   */
  #drawBars(path, dots, top, below) {
    const step = this.#step()
    const sums = new Map(below)
    let shape = ''
    for (const { time, value } of dots) {
      const ground = below.get(time) ?? 0
      sums.set(time, ground + value)
      const left = Math.max(this.#x(time - step) + 0.5, EDGE.left)
      const right = Math.min(this.#x(time) - 0.5, this.#width - EDGE.right)
      if (value === 0 || right <= left) continue
      const [y0, y1] = [round(this.#y(ground, top)), round(this.#y(ground + value, top))]
      shape += `M${round(left)} ${y0}V${y1}H${round(right)}V${y0}Z`
    }
    path?.setAttribute('d', shape)
    return sums
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
    this.#width = Math.floor(
      this.element.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight),
    )
    for (const [name, value] of Object.entries({ width: this.#width, height: HEIGHT })) {
      this.#picture.setAttribute(name, String(value))
    }
    this.#picture.setAttribute('viewBox', `0 0 ${this.#width} ${HEIGHT}`)
    this.element.dispatchEvent(new CustomEvent('resized', { bubbles: true }))
  }

  #plotWidth() {
    return Math.max(this.#width - EDGE.left - EDGE.right, 1)
  }

  /** @param {number} time */
  #x(time) {
    return EDGE.left + ((time - this.#from) / (this.#to - this.#from)) * this.#plotWidth()
  }

  /** @param {number} value @param {number} top */
  #y(value, top) {
    return HEIGHT - EDGE.bottom - (value / top) * (HEIGHT - EDGE.top - EDGE.bottom)
  }

  /** @param {number} x */
  #timeAt(x) {
    return this.#from + ((x - EDGE.left) / this.#plotWidth()) * (this.#to - this.#from)
  }
}

/**
 * The value at a time, or the latest: of steps the one that was taken last; of bars the one that
 * stands there.
 * @param {Drawn['dots']} dots
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

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10
}
