// Which charts there are.

import { byteMarks, countMarks } from './axes.js'
import { Chart } from './chart.js'
import { bytes, count } from './format.js'
import { HOUR, Series } from './series.js'

/** @type {import('./chart.js').ChartOptions[]} */
const CHARTS = [
  {
    title: 'Calls in progress',
    unit: 'calls',
    lines: [
      { name: 'in use', look: 'area', value: ({ inUse }) => inUse },
      { name: 'limit', look: 'limit', value: ({ limit }) => limit },
    ],
    marks: countMarks,
    write: count,
    least: 1,
    hasReasons: true,
  },
  {
    title: 'Queue',
    unit: 'calls waiting',
    lines: [{ name: 'waiting', look: 'area', value: ({ queued }) => queued }],
    marks: countMarks,
    write: count,
    least: 4,
  },
  {
    title: 'Finished calls',
    unit: 'calls per minute',
    lines: [
      { name: 'answered', look: 'bar', value: ({ calls, failures }) => calls - failures },
      { name: 'failed', look: 'bad-bar', value: ({ failures }) => failures },
    ],
    marks: countMarks,
    write: count,
    least: 4,
  },
  {
    title: 'Memory of children',
    unit: 'resident',
    lines: [{ name: 'resident', look: 'area', value: ({ memory }) => memory }],
    marks: byteMarks,
    write: bytes,
    least: 4 * 1024 ** 2,
  },
  {
    title: 'Child processes',
    unit: 'processes',
    lines: [
      { name: 'alive', look: 'area', value: ({ children }) => children },
      { name: 'with calls', look: 'line', value: ({ processes }) => processes },
    ],
    marks: countMarks,
    write: count,
    least: 4,
  },
  {
    title: 'Cleanup',
    unit: 'processes ended per minute',
    lines: [{ name: 'ended', look: 'bad-bar', value: ({ kills }) => kills }],
    marks: countMarks,
    write: count,
    least: 4,
  },
]

export class Charts {
  /** The points of the process that answers now. */
  #series = new Series()
  /** The points that are drawn. A paused page keeps those of an earlier process. */
  #drawn = this.#series
  #window = HOUR
  /** The time of the latest point, and of the latest one that is drawn. */
  #latest = 0
  #to = 0
  /** @type {Chart[]} */
  #charts

  /** @param {HTMLElement} place */
  constructor(place) {
    const pointAt = (/** @type {number | undefined} */ time) => {
      for (const chart of this.#charts) chart.pointAt(time)
    }
    this.#charts = CHARTS.map((options) => new Chart(options, pointAt))
    place.append(...this.#charts.map(({ element }) => element))
    place.addEventListener('resized', () => this.#redraw())
  }

  /** @param {number} window ms */
  show(window) {
    this.#window = window
    this.#redraw()
  }

  /** @param {import('./series.js').Point} point */
  add(point) {
    this.#series.add(point)
    this.#latest = point.time
  }

  /** Begins with another process. Its points are shown from the next drawing on. */
  clear() {
    this.#series = new Series()
  }

  /**
   * The first point from this time on.
   * @param {number} time
   * @returns {import('./series.js').Point | undefined}
   */
  since(time) {
    return this.#series.points.find((point) => point.time >= time)
  }

  /** @param {import('./series.js').Point[]} points */
  addPast(points) {
    this.#series.addPast(points)
    this.#redraw()
  }

  /** Draws all points up to the latest. */
  draw() {
    this.#to = this.#latest
    this.#drawn = this.#series
    this.#redraw()
  }

  #redraw() {
    if (this.#to === 0) return
    for (const chart of this.#charts) chart.draw(this.#drawn, this.#to - this.#window, this.#to)
  }
}
