// The picture of a chart: axes with units, lines, areas and bars.

import { timeMarks } from './axes.js'
import { svg } from './elements.js'
import { clock } from './format.js'

const HEIGHT = 148
const EDGE = { top: 10, right: 8, bottom: 20, left: 60 }
/** Pixels that a time of day needs. */
const TIME_WIDTH = 64

/** @typedef {{ time: number, value: number }[]} Dots */

export class Plot {
  element = svg('svg', { class: 'plot' })
  #grid = svg('g', { class: 'grid' })
  #times = svg('g', { class: 'times' })
  #layer = svg('g')
  #cursor = svg('g', { class: 'cursor' })
  #cursorLine = svg('line', { y1: EDGE.top, y2: HEIGHT - EDGE.bottom })
  #cursorGround = svg('rect', { y: HEIGHT - EDGE.bottom + 2, width: TIME_WIDTH, height: 17, rx: 3 })
  #cursorTime = svg('text', { y: HEIGHT - 5, 'text-anchor': 'middle' })
  #from = 0
  #to = 1
  /** The value at the upper edge. */
  #top = 1
  #width = 0

  constructor() {
    this.#cursor.append(this.#cursorLine, this.#cursorGround, this.#cursorTime)
    this.#cursor.toggleAttribute('hidden', true)
    this.element.append(this.#grid, this.#times, this.#layer, this.#cursor)
  }

  get hasSize() {
    return this.#width > 0
  }

  /** The pixels between the axis and the right edge. */
  get room() {
    return Math.max(this.#width - EDGE.left - EDGE.right, 1)
  }

  /** @param {SVGElement} shape */
  add(shape) {
    this.#layer.append(shape)
  }

  /** @param {number} width */
  resize(width) {
    this.#width = width
    for (const [name, value] of Object.entries({ width, height: HEIGHT }))
      this.element.setAttribute(name, String(value))
    this.element.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`)
  }

  /** @param {number} from @param {number} to */
  setTimes(from, to) {
    this.#from = from
    this.#to = to
    const marks = timeMarks(from, to, Math.floor(this.room / TIME_WIDTH))
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
   * @param {number[]} marks - the last one is the upper edge
   * @param {(value: number) => string} write
   */
  setMarks(marks, write) {
    this.#top = marks[marks.length - 1]
    const lines = marks.map((value) => {
      const y = this.#y(value)
      const label = svg('text', { x: EDGE.left - 8, y: y + 3.5, 'text-anchor': 'end' })
      label.textContent = write(value)
      return [svg('line', { x1: EDGE.left, x2: this.#width - EDGE.right, y1: y, y2: y }), label]
    })
    this.#grid.replaceChildren(...lines.flat())
  }

  /**
   * Draws in steps, because each value was so until the next one.
   * @param {Dots} dots
   * @param {SVGPathElement} path
   * @param {SVGPathElement} [ground] - the filled ground of an area
   */
  drawLine(dots, path, ground) {
    let line = ''
    for (const { time, value } of dots) {
      const [x, y] = [this.xOf(time), round(this.#y(value))]
      line += line === '' ? `M${x} ${y}` : `H${x}V${y}`
    }
    path.setAttribute('d', line)
    ground?.setAttribute('d', line && `${line}V${round(this.#y(0))}H${this.xOf(dots[0].time)}Z`)
  }

  /**
   * Draws a bar for each dot, from `step` ms before it.
   * @param {Dots} dots
   * @param {SVGPathElement} path
   * @param {number} step
   * @param {Map<number, number>} below - what stands under these bars already
   * @returns {Map<number, number>} what stands under the next ones
   */
  drawBars(dots, path, step, below) {
    const sums = new Map(below)
    let shape = ''
    for (const { time, value } of dots) {
      const ground = below.get(time) ?? 0
      sums.set(time, ground + value)
      const left = Math.max(this.#x(time - step) + 0.5, EDGE.left)
      const right = Math.min(this.#x(time) - 0.5, this.#width - EDGE.right)
      if (value === 0 || right <= left) continue
      const [y0, y1] = [round(this.#y(ground)), round(this.#y(ground + value))]
      shape += `M${round(left)} ${y0}V${y1}H${round(right)}V${y0}Z`
    }
    path.setAttribute('d', shape)
    return sums
  }

  /** Marks a time, or none. @param {number | undefined} time */
  showCursor(time) {
    this.#cursor.toggleAttribute('hidden', time === undefined)
    if (time === undefined) return
    const x = this.#x(time)
    const middle = Math.min(
      Math.max(x, EDGE.left + TIME_WIDTH / 2),
      this.#width - EDGE.right - TIME_WIDTH / 2,
    )
    for (const end of ['x1', 'x2']) this.#cursorLine.setAttribute(end, String(round(x)))
    this.#cursorGround.setAttribute('x', String(round(middle - TIME_WIDTH / 2)))
    this.#cursorTime.setAttribute('x', String(round(middle)))
    this.#cursorTime.textContent = clock(time)
  }

  /** Returns the pixel of a time, at least that of the axis. @param {number} time */
  xOf(time) {
    return round(Math.max(this.#x(time), EDGE.left))
  }

  /** Returns the time at a pixel. @param {number} x */
  timeAt(x) {
    return this.#from + ((x - EDGE.left) / this.room) * (this.#to - this.#from)
  }

  /** @param {number} time */
  #x(time) {
    return EDGE.left + ((time - this.#from) / (this.#to - this.#from)) * this.room
  }

  /** @param {number} value */
  #y(value) {
    return HEIGHT - EDGE.bottom - (value / this.#top) * (HEIGHT - EDGE.top - EDGE.bottom)
  }
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10
}
