'use strict'

// A timer keeps what it calls in memory until it fires, also when nobody waits any more.
const MAX_WAIT = 60_000

/** One timer for many deadlines. It keeps the process alive while it is awake. */
class DeadlineTimer {
  #expire
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  /** How long the timer was set to, and when it fires. */
  #wait = Infinity
  #due = Infinity
  #rests = false

  /**
   * @param {() => number} expire
   *   does what is due, and tells in how many ms the next will be, a negative number for never
   */
  constructor(expire) {
    this.#expire = expire
  }

  /**
   * For a new deadline. A timer that fires earlier will do: it finds out when this one is.
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

  /** There is no deadline any more: the timer must not keep the process alive. */
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
