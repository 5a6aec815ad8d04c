'use strict'

// Waits of calls for something that may never come, such as a file on a file system that hangs.

const { abortError, codedError } = require('../errors')
const { closedError } = require('../lifecycle')
const { inName } = require('../mcporter/failure')
const { SignalWaiters } = require('../signal-waiters')

const READING = 'the configuration of its server was still being read'

/**
 * @typedef {import('./sessions').Call} Call
 * @typedef {(error: Error) => void} Fail
 */

class BoundedWaits {
  /** @type {Set<Fail>} */
  #waits = new Set()
  /** @type {SignalWaiters<Fail>} */
  #signals = new SignalWaiters((fail, signal) => fail(abortError(signal)))

  /**
   * Settles as `promise` does; rejects when the call's deadline passes, its signal is aborted or the waits are closed before.
   * @template T @param {Promise<T>} promise @param {Call} call @param {number} deadline - as `performance.now()` tells the time
   * @returns {Promise<T>}
   */
  bound(promise, call, deadline) {
    const { timeout, signal } = call
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(inName(call, abortError(signal)))
      const settled = () => {
        clearTimeout(timer)
        this.#waits.delete(fail)
        if (signal) this.#signals.delete(signal, fail)
      }
      /** @type {Fail} */
      const fail = (error) => {
        settled()
        reject(inName(call, error))
      }
      const late = () => fail(codedError('ERR_CALL_TIMEOUT', `no answer within ${timeout} ms; ${READING}`))
      const timer = deadline === Infinity ? undefined : setTimeout(late, timeLeft(deadline))
      this.#waits.add(fail)
      if (signal) this.#signals.add(signal, fail)
      promise.then(
        (value) => {
          settled()
          resolve(value)
        },
        (error) => fail(copyOf(error)),
      )
    })
  }

  /** Rejects all waits with `ERR_CLOSED`. */
  close() {
    for (const fail of this.#waits) fail(closedError('a call'))
  }
}

/** Copies an error that other calls may get too, because each call adds its name to its own. @param {Error} error */
function copyOf(error) {
  return Object.assign(new Error(error.message, { cause: error }), error)
}

/** Returns the whole milliseconds until a deadline, at least one. @param {number} deadline */
function timeLeft(deadline) {
  return Math.max(1, Math.floor(deadline - performance.now()))
}

module.exports = { BoundedWaits, timeLeft }
