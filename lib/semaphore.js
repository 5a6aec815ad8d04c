'use strict'

// The queue and the counting are native; here are the promises' callers, one timer, and abort signals.

const native = require('./native')
const { abortError } = require('./errors')
const validate = require('./validate')

const MAX_TIMER = 2 ** 31 - 1
const WAIT_OPTIONS = ['timeout', 'signal']
const handles = new FinalizationRegistry(native.semaphoreFree)

class Semaphore {
  #handle
  #queueTimeout
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  #timerDelay = Infinity

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

  /** @param {{ timeout?: number, signal?: AbortSignal }} [options] @returns {Promise<() => void>} */
  async acquire(options) {
    if (options !== undefined || !native.semaphoreTryAcquire(this.#handle)) await this.#wait(options)
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

  /** @template T @param {() => T | PromiseLike<T>} fn @param {{ timeout?: number, signal?: AbortSignal }} [options] @returns {Promise<T>} */
  async use(fn, options) {
    if (typeof fn !== 'function') throw validate.invalidArgument('fn', 'a function', fn)
    if (options !== undefined || !native.semaphoreTryAcquire(this.#handle)) await this.#wait(options)
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
    native.semaphoreResize(this.#handle, validate.count('maxConcurrent', maxConcurrent))
    this.#restTimer()
  }

  close() {
    native.semaphoreClose(this.#handle)
    this.#restTimer()
  }

  /** @param {{ timeout?: number, signal?: AbortSignal }} [options] @returns {Promise<void>} */
  #wait(options) {
    const { timeout = this.#queueTimeout, signal } = validate.options('options', options, WAIT_OPTIONS)
    if (timeout !== this.#queueTimeout) validate.time('timeout', timeout, { unlimited: true })
    if (signal === undefined) return this.#enqueue(timeout)
    validate.abortSignal('signal', signal)
    if (signal.aborted) return Promise.reject(abortError(signal))
    return this.#enqueueAbortable(timeout, signal)
  }

  /** @param {number} timeout */
  #enqueue(timeout) {
    const granted = native.semaphoreAcquire(this.#handle, timeout)
    // A timer armed for a shorter time than this is early enough: it finds out when it really is.
    if (timeout < this.#timerDelay || this.#timer === undefined) this.#armTimer(timeout)
    else this.#timer.ref()
    return granted
  }

  /** @param {number} timeout @param {AbortSignal} signal */
  async #enqueueAbortable(timeout, signal) {
    if (native.semaphoreTryAcquire(this.#handle)) return
    const granted = this.#enqueue(timeout)
    const ticket = native.semaphoreLastTicket(this.#handle)
    const abort = () => {
      native.semaphoreCancel(this.#handle, ticket, abortError(signal))
      this.#restTimer()
    }
    signal.addEventListener('abort', abort, { once: true })
    try {
      await granted
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  /** One timer for all waiters; it is what keeps the process alive while somebody waits. @param {number} delay */
  #armTimer(delay) {
    clearTimeout(this.#timer)
    this.#timerDelay = Math.min(Math.max(Math.ceil(delay), 1), MAX_TIMER)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      const next = native.semaphoreExpire(this.#handle)
      if (next >= 0) this.#armTimer(next)
    }, this.#timerDelay)
  }

  /** A timer that nobody waits for must not keep the process alive. */
  #restTimer() {
    if (native.semaphoreStatus(this.#handle)[2] === 0) this.#timer?.unref()
  }
}

module.exports = { Semaphore }
