// The time at which a chart is read: where the pointer is, or where the keys have moved it.

/** The parts of the window that one press of a key moves. */
const STEPS = 60
/** Steps of a page. */
const PAGE = 10

/** The moves of keys, in steps. @type {Record<string, number>} */
const MOVES = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -PAGE,
  PageUp: PAGE,
  Home: -STEPS,
  End: STEPS,
}

export class ChartPointer {
  #picture
  #point
  #from = 0
  #to = 1
  /** @type {number | undefined} */
  #time

  /**
   * @param {SVGSVGElement} picture
   * @param {string} title
   * @param {(x: number) => number} timeAt
   * @param {(time: number | undefined) => void} point - notes the time that is pointed at
   */
  constructor(picture, title, timeAt, point) {
    this.#picture = picture
    this.#point = point
    const attributes = { role: 'slider', tabindex: '0', 'aria-label': `${title}: time` }
    for (const [name, value] of Object.entries(attributes)) picture.setAttribute(name, value)
    const byPointer = (/** @type {PointerEvent} */ event) => point(timeAt(event.offsetX))
    picture.addEventListener('pointermove', byPointer)
    picture.addEventListener('pointerdown', byPointer)
    picture.addEventListener('pointerleave', () => point(undefined))
    picture.addEventListener('blur', () => point(undefined))
    picture.addEventListener('keydown', (event) => this.#onKey(event))
  }

  /** @param {number} from @param {number} to */
  setTimes(from, to) {
    this.#from = from
    this.#to = to
  }

  /**
   * Notes the time and tells it to screen readers. A focused chart that nothing points at keeps its
   * text, because a screen reader would read each change.
   * @param {number | undefined} time
   * @param {string} text - the values at that time
   */
  show(time, text) {
    this.#time = time
    if (time === undefined && document.activeElement === this.#picture) return
    const values = { valuemin: this.#from, valuemax: this.#to, valuenow: time ?? this.#to }
    for (const [name, value] of Object.entries(values))
      this.#picture.setAttribute(`aria-${name}`, String(Math.round(value)))
    this.#picture.setAttribute('aria-valuetext', text)
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key === 'Escape') return this.#point(undefined)
    if (!Object.hasOwn(MOVES, event.key) || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    const step = (this.#to - this.#from) / STEPS
    const moved = (this.#time ?? this.#to) + MOVES[event.key] * step
    this.#point(Math.min(Math.max(moved, this.#from), this.#to))
  }
}
