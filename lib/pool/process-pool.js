'use strict'

const { publishProcesses } = require('../diagnostics/processes')
const { abortError, codedError } = require('../errors')
const { closedError, drainAtShutdown, isClosing } = require('../lifecycle')
const native = require('../native')
const { abortListeners } = require('../signal-waiters')
const validate = require('../validate')
const { acquireFailure, queueFullError } = require('./failure')
const { poolOptions, waitOptions } = require('./options')
const { Worker } = require('./worker')

/** @typedef {{ timeout?: number, signal?: AbortSignal }} WaitOptions */
/** @typedef {import('./worker').Inside} Inside */

/**
 * A pool of worker processes that exchange lines: started on demand, leased to one caller at a
 * time, kept for the next, ended when idle.
 */
class ProcessPool {
  #native
  #options
  /** Leases and waiters by their number. @type {Map<number, Inside>} */
  #uses = new Map()
  #lastUse = 0
  #isClosed = false

  /** @param {Record<string, any>} options */
  constructor(options) {
    this.#options = poolOptions(options)
    // The addon keeps this callback alive, so the callback must reference the uses weakly.
    const uses = new WeakRef(this.#uses)
    const onEvent = (/** @type {import('../../binding').WorkerEvent} */ event) =>
      uses.deref()?.get(event.lease)?.onEvent(event) ?? true
    this.#native = new native.Workers(this.#options.native, onEvent)
    drainAtShutdown(this)
  }

  /** @param {WaitOptions} [options] @returns {Promise<Worker>} */
  async acquire(options) {
    return (await this.#acquire(waitOptions(options))).worker
  }

  /**
   * @template T
   * @param {(worker: Worker) => T | PromiseLike<T>} fn
   * @param {WaitOptions & { acquireTimeout?: number }} [options]
   * @returns {Promise<T>}
   */
  async use(fn, options) {
    if (typeof fn !== 'function') throw validate.invalidArgument('fn', 'a function', fn)
    const { timeout, acquireTimeout, signal } = waitOptions(options, ['acquireTimeout'])
    const { worker, end } = await this.#acquire({ timeout: acquireTimeout, signal })
    let unusable = true
    try {
      const result = await withLimit(timeout, signal, () => fn(worker))
      unusable = false
      return result
    } finally {
      end(unusable)
    }
  }

  /** @param {Worker} worker */
  release(worker) {
    if (!(worker instanceof Worker))
      throw validate.invalidArgument('worker', 'a worker of this pool', worker)
    for (const { worker: used, end } of this.#uses.values())
      if (used === worker && end(false)) return
    throw codedError('ERR_NOT_ACQUIRED', "The worker was released already, or is another pool's")
  }

  getStatus() {
    const { starting, idle, busy, ending, queued, ...count } = this.#native.status()
    return {
      maxSize: this.#options.maxSize,
      size: starting + idle + busy + ending,
      idle,
      busy,
      starting,
      ending,
      queued,
      stats: {
        created: count.created,
        failed: count.failed,
        reused: count.reused,
        recycled: {
          idle: count.endedIdle,
          uses: count.endedUses,
          lifetime: count.endedLifetime,
          unhealthy: count.endedUnhealthy,
          closed: count.endedClosed,
        },
        crashed: count.crashed,
      },
    }
  }

  /**
   * Refuses new callers, serves the waiters, and ends each worker after its lease.
   * @returns {Promise<void>} once every worker has exited
   */
  async drain() {
    this.#isClosed = true
    await this.#native.drain()
  }

  /**
   * Rejects the waiters and ends all workers.
   * @returns {Promise<void>} once every process of the workers has exited
   */
  async close() {
    this.#isClosed = true
    await this.#native.close()
  }

  /** @param {WaitOptions} options @returns {Promise<Inside>} */
  async #acquire({ timeout = this.#options.acquireTimeout, signal }) {
    if (signal?.aborted) throw abortError(signal)
    if (this.#isClosed || isClosing()) throw closedError(this.#options.described.command)
    this.#lastUse = (this.#lastUse + 1) >>> 0
    const use = this.#lastUse
    new Worker((inside) => this.#connect(use, inside), this.#options.described, this.#options.json)
    const inside = /** @type {Inside} */ (this.#uses.get(use))
    try {
      inside.begin(this.#native.tryAcquire(use) ?? (await this.#wait(use, timeout, signal)))
      publishProcesses()
      return inside
    } catch (error) {
      this.#uses.delete(use)
      throw error
    }
  }

  /**
   * @param {number} use
   * @param {number} timeout
   * @param {AbortSignal} [signal]
   * @returns {Promise<number>} the worker's pid
   */
  async #wait(use, timeout, signal) {
    if (this.#isQueueFull()) throw queueFullError(this.#options.maxQueue)
    const abort = () => this.#native.giveUp(use, 'aborted')
    const late = () => this.#native.giveUp(use, 'timeout')
    const timer = timeout === Infinity ? undefined : setTimeout(late, timeout)
    if (signal) abortListeners.add(signal, abort)
    const { pid, failure } = await this.#native.acquire(use)
    clearTimeout(timer)
    if (signal) abortListeners.delete(signal, abort)
    if (signal?.aborted) {
      // The worker was granted a moment before the abort.
      this.#native.release(use, 0, false)
      throw abortError(signal)
    }
    if (failure) throw acquireFailure(this.#options.described, failure, timeout)
    return /** @type {number} */ (pid)
  }

  /** Waiters for workers that start do not count: these workers serve them. */
  #isQueueFull() {
    const { maxQueue, maxSize } = this.#options
    if (maxQueue === Infinity) return false
    const { busy, ending, queued } = this.#native.status()
    return queued >= maxSize - busy - ending + maxQueue
  }

  /**
   * Listens to the events of a worker before it is granted, so that none is missed.
   * @param {number} use
   * @param {Inside} inside
   */
  #connect(use, inside) {
    this.#uses.set(use, inside)
    return {
      post: (/** @type {string} */ text) => this.#native.post(use, text),
      send: (/** @type {string} */ text) => this.#native.send(use, text),
      resume: () => this.#native.resume(use),
      release: (/** @type {number} */ lineEvents, /** @type {boolean} */ unusable) => {
        this.#uses.delete(use)
        this.#native.release(use, lineEvents, unusable)
      },
    }
  }
}

/**
 * Runs `fn` until the timeout or the signal, and does not wait for it after that.
 * @template T
 * @param {number | undefined} timeout
 * @param {AbortSignal | undefined} signal
 * @param {() => T | PromiseLike<T>} fn
 * @returns {Promise<T>}
 */
async function withLimit(timeout, signal, fn) {
  if (signal?.aborted) throw abortError(signal)
  if (timeout === undefined && signal === undefined) return fn()
  /** @type {NodeJS.Timeout | undefined} */
  let timer
  let abort = () => {}
  const limit = new Promise((_, reject) => {
    abort = () => reject(abortError(/** @type {AbortSignal} */ (signal)))
    const late = () =>
      reject(codedError('ERR_CALL_TIMEOUT', `The use of a worker timed out after ${timeout} ms`))
    if (timeout !== undefined && timeout !== Infinity) timer = setTimeout(late, timeout)
    if (signal) abortListeners.add(signal, abort)
  })
  try {
    return await Promise.race([fn(), limit])
  } finally {
    clearTimeout(timer)
    if (signal) abortListeners.delete(signal, abort)
  }
}

module.exports = { ProcessPool }
