'use strict'

const { promisify } = require('node:util')

/** The timers and the clock of Node.js, unless this module was loaded under fake timers. */
const realTimers = {
  setTimeout,
  clearTimeout,
  setImmediate,
  now: performance.now.bind(performance),
}
/** @type {unknown} */
const realSetTimeout = isFake(setTimeout) ? undefined : setTimeout

// Bounds a wait, because a timer keeps its callback in memory until it fires.
const MAX_WAIT = 60_000

/**
 * A single timer for many deadlines, which keeps the process alive while one is left. Fake timers
 * of a test neither stop nor advance the timer.
 */
class DeadlineTimer {
  #expire
  #timers
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  /** The timer's duration, and the instant at which the timer fires. */
  #wait = Infinity
  #due = Infinity
  #rests = false

  /**
   * @param {() => number} expire
   *   handles due deadlines; returns the ms until the next one, a negative number for never
   * @param {{ setTimeout: Function, clearTimeout: Function, now: () => number }} [timers]
   */
  constructor(expire, timers = realTimers) {
    this.#expire = expire
    this.#timers = timers
  }

  /**
   * Arms the timer for a new deadline. An earlier timer is kept, and armed anew when it fires.
   * @param {number} timeout in ms
   */
  wake(timeout) {
    const soonEnough =
      this.#timer !== undefined &&
      (timeout >= this.#wait || this.#timers.now() + timeout >= this.#due)
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
    const { setTimeout, clearTimeout, now } = this.#timers
    clearTimeout(this.#timer)
    this.#wait = Math.min(Math.max(Math.ceil(delay), 1), MAX_WAIT)
    this.#due = now() + this.#wait
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

/**
 * Returns whether a test has fake timers (Jest, Vitest, node:test, Sinon). A timeout that is set
 * under fake timers follows the clock that the test advances.
 */
function hasFakeTimers() {
  return setTimeout !== realSetTimeout
}

/**
 * Sinon, Jest and Vitest mark their functions with the clock, Jest's legacy timers as mocks; those
 * of `node:test` cannot be promisified.
 * @param {typeof setTimeout} setTimer
 */
function isFake(setTimer) {
  return 'clock' in setTimer || '_isMockFunction' in setTimer || !(promisify.custom in setTimer)
}

/**
 * Calls `callback` once the test's clock has advanced by `timeout`; never for `Infinity`.
 * @param {number} timeout in ms
 * @param {() => void} callback
 * @returns {() => void} cancels the call, also after the real timers are back
 */
function onFakeClock(timeout, callback) {
  if (timeout === Infinity) return () => {}
  const { setTimeout, clearTimeout } = globalThis
  const timer = setTimeout(callback, timeout)
  return () => clearTimeout(timer)
}

/**
 * Calls `expire` once the test's clock has advanced by `timeout`, unless the promise is settled
 * before.
 * @param {Promise<unknown>} promise
 * @param {number} timeout in ms
 * @param {() => void} expire
 */
function boundOnFakeClock(promise, timeout, expire) {
  const cancel = onFakeClock(timeout, expire)
  promise.then(cancel, cancel)
}

module.exports = {
  boundOnFakeClock,
  DeadlineTimer,
  hasFakeTimers,
  realTimers,
  timeLeft,
}
