'use strict'

// The queue and the counting are native; here are the promises' callers, one timer, and abort signals.

const { channels } = require('./diagnostics')
const native = require('./native')
const { abortError } = require('./errors')
const validate = require('./validate')

// A timer keeps its semaphore in memory until it fires, also when nobody waits any more.
const MAX_TIMER = 60_000
const WAIT_OPTIONS = ['timeout', 'signal']
const handles = new FinalizationRegistry(native.semaphoreFree)

/** @typedef {{ timeout?: number, signal?: AbortSignal }} AcquireOptions */

class Semaphore {
  #handle
  #queueTimeout
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  #timerDue = Infinity

  /** @param {number} [maxConcurrent] @param {{ queueTimeout?: number, maxQueue?: number }} [options] */
  constructor(maxConcurrent = 3, options) {
    validate.count('maxConcurrent', maxConcurrent)
    const { queueTimeout = 60_000, maxQueue = Infinity } = validate.options('options', options, [
      'queueTimeout',
      'maxQueue',
    ])
    this.#queueTimeout = validate.time('queueTimeout', queueTimeout, { unlimited: true })
    validate.count('maxQueue', maxQueue, { unlimited: true })
    this.#handle = native.semaphoreCreate(maxConcurrent, maxQueue === Infinity ? undefined : maxQueue)
    handles.register(this, this.#handle)
  }

  /** @param {AcquireOptions} [options] @returns {Promise<() => void>} */
  async acquire(options) {
    await this.#slot(options)
    let held = true
    return () => {
      if (!held) return
      held = false
      this.release()
    }
  }

  tryAcquire() {
    return native.semaphoreTryAcquire(this.#handle)
  }

  release() {
    const queued = native.semaphoreRelease(this.#handle)
    if (queued === 0) this.#timer?.unref()
  }

  /** @template T @param {() => T | PromiseLike<T>} fn @param {AcquireOptions} [options] @returns {Promise<T>} */
  async use(fn, options) {
    if (typeof fn !== 'function') throw validate.invalidArgument('fn', 'a function', fn)
    await this.#slot(options)
    try {
      return await fn()
    } finally {
      this.release()
    }
  }

  getStatus() {
    const [maxConcurrent, current, queued, available] = native.semaphoreStatus(this.#handle)
    return { maxConcurrent, current, queued, available }
  }

  /** @param {number} maxConcurrent */
  resize(maxConcurrent) {
    validate.count('maxConcurrent', maxConcurrent)
    const { limit } = channels
    const before = limit.hasSubscribers ? this.getStatus().maxConcurrent : maxConcurrent
    native.semaphoreResize(this.#handle, maxConcurrent)
    this.#restTimer()
    if (before !== maxConcurrent) limit.publish({ time: Date.now(), before, maxConcurrent })
  }

  close() {
    native.semaphoreClose(this.#handle)
    this.#restTimer()
  }

  /**
   * A slot that was free takes as many microtasks as one that was waited for, so that they are taken up in the order
   * in which they are given out.
   * @param {AcquireOptions} [options]
   */
  async #slot(options) {
    const { timeout = this.#queueTimeout, signal } = validate.options('options', options, WAIT_OPTIONS)
    if (timeout !== this.#queueTimeout) validate.time('timeout', timeout, { unlimited: true })
    if (signal !== undefined && validate.abortSignal('signal', signal).aborted) throw abortError(signal)
    await (native.semaphoreTryAcquire(this.#handle) || this.#enqueue(timeout, signal))
    if (!signal?.aborted) return
    // Granted a moment before the abort: whoever gave up does not get it.
    this.release()
    throw abortError(signal)
  }

  /** @param {number} timeout @param {AbortSignal} [signal] */
  #enqueue(timeout, signal) {
    const granted = native.semaphoreAcquire(this.#handle, timeout)
    // A timer that is due earlier than this will do: it finds out when this one is.
    if (this.#timer === undefined || performance.now() + timeout < this.#timerDue) this.#armTimer(timeout)
    else this.#timer.ref()
    if (signal !== undefined) this.#leaveOnAbort(signal, granted)
    return granted
  }

  /** @param {AbortSignal} signal @param {Promise<void>} granted */
  #leaveOnAbort(signal, granted) {
    const ticket = native.semaphoreLastTicket(this.#handle)
    const abort = () => {
      native.semaphoreCancel(this.#handle, ticket, abortError(signal))
      this.#restTimer()
    }
    const forget = () => signal.removeEventListener('abort', abort)
    signal.addEventListener('abort', abort, { once: true })
    granted.then(forget, forget)
  }

  /** One timer for all waiters; it is what keeps the process alive while somebody waits. @param {number} delay */
  #armTimer(delay) {
    clearTimeout(this.#timer)
    const wait = Math.min(Math.max(Math.ceil(delay), 1), MAX_TIMER)
    this.#timerDue = performance.now() + wait
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      const next = native.semaphoreExpire(this.#handle)
      if (next >= 0) this.#armTimer(next)
    }, wait)
  }

  /** A timer that nobody waits for must not keep the process alive. */
  #restTimer() {
    if (native.semaphoreStatus(this.#handle)[2] === 0) this.#timer?.unref()
  }
}

module.exports = { Semaphore }
