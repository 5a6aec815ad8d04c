// A band along the upper edge of a chart, where calls waited, and the reason in the legend.

import { html, setText, svg } from './elements.js'
import { NONE } from './format.js'
import { reasonAt, reasonWords, stretches } from './reasons.js'

const TOP = 2
const BOTTOM = 7
/** The width of a short wait. */
const LEAST = 1.5

export class ReasonBand {
  element = svg('path', { class: 'band' })
  #reading = html('span', { class: 'reading' })
  /** @type {import('./reasons.js').Moment[]} */
  #points = []

  constructor() {
    const swatch = svg('svg', { width: 14, height: 10, 'aria-hidden': 'true' })
    swatch.append(svg('path', { class: 'band', d: 'M1 2h10v5h-10z' }))
    this.entry = html('span', { class: 'entry' }, [swatch, this.#reading])
  }

  /**
   * @param {import('./reasons.js').Moment[]} points
   * @param {(time: number) => number} x
   */
  draw(points, x) {
    this.#points = points
    const shapes = stretches(points).map(({ from, to }) => {
      const left = x(from)
      return `M${left} ${TOP}V${BOTTOM}H${Math.max(x(to), left + LEAST)}V${TOP}Z`
    })
    this.element.setAttribute('d', shapes.join(''))
  }

  /**
   * Shows the reason at a time, or the latest one, and returns it in words.
   * @param {number} [time]
   */
  pointAt(time) {
    const reason = reasonAt(this.#points, time)
    const words = reason === null ? 'nothing waits' : `waiting: ${reasonWords(reason)}`
    setText(this.#reading, words)
    return words
  }

  /** Returns the cell of a table. @param {number} time */
  cellAt(time) {
    const reason = reasonAt(this.#points, time)
    return reason === null ? NONE : reasonWords(reason)
  }
}
