'use strict'

// Bounds a wait, because a timer keeps its callback in memory until it fires.
const MAX_WAIT = 60_000

/** A single timer for many deadlines, which keeps the process alive while one is left. */
class DeadlineTimer {
  #expire
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  /** The timer's duration, and the instant at which the timer fires. */
  #wait = Infinity
  #due = Infinity
  #rests = false

  /**
   * @param {() => number} expire
   *   handles due deadlines; returns the ms until the next one, a negative number for never
   */
  constructor(expire) {
    this.#expire = expire
  }

  /**
   * Arms the timer for a new deadline. An earlier timer is kept, and armed anew when it fires.
   * @param {number} timeout in ms
   */
  wake(timeout) {
    const soonEnough =
      this.#timer !== undefined &&
      (timeout >= this.#wait || performance.now() + timeout >= this.#due)
    if (!soonEnough) this.#set(timeout)
    else if (this.#rests) {
      this.#rests = false
      this.#timer?.ref()
    }
  }

  /** Lets the process exit, because no deadline is left. */
  rest() {
    if (this.#rests) return
    this.#rests = true
    this.#timer?.unref()
  }

  /** @param {number} delay */
  #set(delay) {
    clearTimeout(this.#timer)
    this.#wait = Math.min(Math.max(Math.ceil(delay), 1), MAX_WAIT)
    this.#due = performance.now() + this.#wait
    this.#rests = false
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      const next = this.#expire()
      if (next >= 0) this.#set(next)
    }, this.#wait)
  }
}

/**
 * Returns the whole milliseconds until a deadline, at least one.
 * @param {number} deadline - on the clock of `performance.now()`
 */
function timeLeft(deadline) {
  return Math.max(1, Math.floor(deadline - performance.now()))
}

module.exports = { DeadlineTimer, timeLeft }
