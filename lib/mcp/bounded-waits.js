'use strict'

// Waits of calls for something that may never come, such as a file on a file system that hangs.

const { boundOnFakeClock, DeadlineTimer, hasFakeTimers, timeLeft } = require('../deadline-timer')
const { abortError, codedError } = require('../errors')
const { closedError } = require('../lifecycle')
const { SignalWaiters } = require('../signal-waiters')
const { inName } = require('./failure')

const READING = 'the configuration of its server was still being read'
const NEVER = -1

/**
 * @typedef {import('./pending-requests').Call} Call
 * @typedef {{ call: Call, deadline: number, reason: string, reject: (error: Error) => void }} Wait
 */

class BoundedWaits {
  /** @type {Set<Wait>} */
  #waits = new Set()
  #timer = new DeadlineTimer(() => this.#expire())
  /** @type {SignalWaiters<Wait>} */
  #signals = new SignalWaiters((wait, signal) => this.#fail(wait, abortError(signal)))

  /**
   * Settles as `promise` does; rejects when the call's deadline passes, its signal is aborted or
   * the waits are closed before.
   * @template T
   * @param {Promise<T>} promise
   * @param {Call} call
   * @param {number} deadline - on the clock of `performance.now()`
   * @param {string} [reason] - for the wait
   * @returns {Promise<T>}
   */
  bound(promise, call, deadline, reason = READING) {
    const { signal } = call
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(inName(call, abortError(signal)))
      const wait = { call, deadline, reason, reject }
      this.#waits.add(wait)
      this.#expireLater(wait, promise)
      if (signal) this.#signals.add(signal, wait)
      promise.then(
        (value) => {
          this.#delete(wait)
          resolve(value)
        },
        (error) => this.#fail(wait, copyOf(error)),
      )
    })
  }

  /**
   * Arms a timer for the wait's deadline.
   * @param {Wait} wait
   * @param {Promise<unknown>} promise
   */
  #expireLater(wait, promise) {
    const left = wait.deadline === Infinity ? Infinity : timeLeft(wait.deadline)
    if (hasFakeTimers()) boundOnFakeClock(promise, left, () => this.#timeOut(wait))
    else if (left !== Infinity) this.#timer.wake(left)
  }

  /** Rejects all waits with `ERR_CLOSED`. */
  close() {
    for (const wait of this.#waits) this.#fail(wait, closedError('a call'))
  }

  /** @param {Wait} wait @param {Error} error */
  #fail(wait, error) {
    this.#delete(wait)
    wait.reject(inName(wait.call, error))
  }

  /** @param {Wait} wait */
  #delete(wait) {
    this.#waits.delete(wait)
    if (this.#waits.size === 0) this.#timer.rest()
    if (wait.call.signal) this.#signals.delete(wait.call.signal, wait)
  }

  /** Rejects the waits whose deadline has passed; returns the ms until the next one. */
  #expire() {
    const now = performance.now()
    let next = Infinity
    for (const wait of this.#waits) {
      if (wait.deadline > now) next = Math.min(next, wait.deadline)
      else this.#timeOut(wait)
    }
    return next === Infinity ? NEVER : next - now
  }

  /** @param {Wait} wait */
  #timeOut(wait) {
    const message = `no answer within ${wait.call.timeout} ms; ${wait.reason}`
    this.#fail(wait, codedError('ERR_CALL_TIMEOUT', message))
  }
}

/**
 * Copies an error that other calls may get too, because each call adds its name to its own.
 * @param {Error} error
 */
function copyOf(error) {
  return Object.assign(new Error(error.message, { cause: error }), error)
}

module.exports = { BoundedWaits }
