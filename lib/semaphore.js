'use strict'

// Counts slots in JavaScript. The queue of waiters is native, and used only when all slots are
// taken. A slot that is released passes to the first waiter at once.

const { DeadlineTimer, hasFakeTimers, onFakeClock } = require('./deadline-timer')
const { channels } = require('./diagnostics')
const { abortError, codedError } = require('./errors')
const native = require('./native')
const { SignalWaiters } = require('./signal-waiters')
const validate = require('./validate')

const WAIT_OPTIONS = ['timeout', 'signal']
// A free slot takes as many microtasks as one after a wait, so that slots are taken up in the order
// in which they were granted.
const GRANTED = Promise.resolve()
const handles = new FinalizationRegistry(native.waitQueueFree)

/** @typedef {{ timeout?: number, signal?: AbortSignal }} AcquireOptions */

class Semaphore {
  #maxConcurrent
  #current = 0
  #queued = 0
  /**
   * Slots granted to waiters that take them up in a microtask or two. Until then no slot is granted
   * synchronously.
   */
  #untaken = 0
  #closed = false
  #maxQueue
  /** Default wait options. */
  #defaultWait
  #queue
  #timer = new DeadlineTimer(() => this.#expire())
  /** @type {SignalWaiters<number> | undefined} */
  #signalWaiters

  /**
   * @param {number} [maxConcurrent]
   * @param {{ queueTimeout?: number, maxQueue?: number }} [options]
   */
  constructor(maxConcurrent = 3, options) {
    this.#maxConcurrent = validate.count('maxConcurrent', maxConcurrent)
    const { queueTimeout = 60_000, maxQueue = Infinity } = validate.options('options', options, [
      'queueTimeout',
      'maxQueue',
    ])
    const timeout = validate.timeout('queueTimeout', queueTimeout)
    this.#defaultWait = { timeout, signal: undefined }
    this.#maxQueue = validate.count('maxQueue', maxQueue, { unlimited: true })
    this.#queue = native.waitQueueCreate()
    handles.register(this, this.#queue)
  }

  /** @param {AcquireOptions} [options] @returns {Promise<() => void>} */
  acquire(options) {
    if (options === undefined && this.#untaken === 0 && this.tryAcquire())
      return Promise.resolve(this.#releaser())
    try {
      const { timeout, signal } = options === undefined ? this.#defaultWait : this.#checked(options)
      const slot = this.#slot(timeout, signal)
      return slot.then(
        signal === undefined ? this.#takeUp : () => this.#takeUpUnlessAborted(signal),
      )
    } catch (error) {
      return Promise.reject(error)
    }
  }

  tryAcquire() {
    const free = this.#current < this.#maxConcurrent && !this.#closed
    if (free) this.#current++
    return free
  }

  release() {
    if (this.#current === 0)
      throw codedError(
        'ERR_NOT_ACQUIRED',
        'Semaphore release without a matching acquire: no slot is held',
      )
    this.#current--
    if (this.#queued > 0) this.#admit()
  }

  /**
   * @template T
   * @param {() => T | PromiseLike<T>} fn
   * @param {AcquireOptions} [options]
   * @returns {Promise<T>}
   */
  use(fn, options) {
    try {
      if (typeof fn !== 'function') throw validate.invalidArgument('fn', 'a function', fn)
      const { timeout, signal } = options === undefined ? this.#defaultWait : this.#checked(options)
      const slot = this.#slot(timeout, signal)
      return slot === GRANTED ? this.#run(fn, signal, slot) : this.#runLater(fn, signal, slot)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  getStatus() {
    const [maxConcurrent, current, queued] = [this.#maxConcurrent, this.#current, this.#queued]
    return { maxConcurrent, current, queued, available: Math.max(maxConcurrent - current, 0) }
  }

  /**
   * @param {number} maxConcurrent
   * @param {string} [reason] - of a limit that follows the machine, for the event
   */
  resize(maxConcurrent, reason) {
    const before = this.#maxConcurrent
    this.#maxConcurrent = validate.count('maxConcurrent', maxConcurrent)
    this.#admit()
    const { limit } = channels
    if (limit.hasSubscribers && before !== maxConcurrent)
      limit.publish({ time: Date.now(), before, maxConcurrent, ...(reason && { reason }) })
  }

  close() {
    this.#closed = true
    while (this.#queued > 0)
      this.#nowQueued(native.waitQueueRejectFirst(this.#queue, closedError()))
  }

  /** Passes the free slots to the first waiters. */
  #admit() {
    while (this.#queued > 0 && this.#current < this.#maxConcurrent) {
      this.#current++
      this.#untaken++
      this.#nowQueued(native.waitQueueResolveFirst(this.#queue))
    }
  }

  /** @param {number} queued */
  #nowQueued(queued) {
    this.#queued = queued
    if (queued === 0) this.#timer.rest()
  }

  /**
   * @template T
   * @param {() => T | PromiseLike<T>} fn
   * @param {AbortSignal} [signal]
   * @param {Promise<void>} [slot]
   */
  async #run(fn, signal, slot) {
    if (slot !== undefined) await slot
    this.#nowTaken(signal)
    try {
      return await fn()
    } finally {
      this.release()
    }
  }

  /**
   * Waits outside the async function, because a suspended async function doubles a waiter's memory.
   * @template T
   * @param {() => T | PromiseLike<T>} fn
   * @param {AbortSignal | undefined} signal
   * @param {Promise<void>} slot
   */
  #runLater(fn, signal, slot) {
    return slot.then(() => this.#run(fn, signal))
  }

  #takeUp = () => {
    this.#untaken--
    return this.#releaser()
  }

  /** @param {AbortSignal} signal */
  #takeUpUnlessAborted(signal) {
    this.#nowTaken(signal)
    return this.#releaser()
  }

  /** Returns a function that releases one slot, once. */
  #releaser() {
    let held = true
    return () => {
      if (!held) return
      held = false
      this.release()
    }
  }

  /** @param {AcquireOptions} options */
  #checked(options) {
    const { timeout = this.#defaultWait.timeout, signal } = validate.options(
      'options',
      options,
      WAIT_OPTIONS,
    )
    if (timeout !== this.#defaultWait.timeout) validate.timeout('timeout', timeout)
    if (signal !== undefined && validate.abortSignal('signal', signal).aborted)
      throw abortError(signal)
    return { timeout, signal }
  }

  /** @param {number} timeout @param {AbortSignal} [signal] @returns {Promise<void>} */
  #slot(timeout, signal) {
    if (this.tryAcquire()) {
      this.#untaken++
      return GRANTED
    }
    if (this.#closed) throw closedError()
    if (this.#queued >= this.#maxQueue) throw queueFullError(this.#maxQueue)
    const isFaked = hasFakeTimers()
    const granted = native.waitQueuePush(this.#queue, isFaked ? Infinity : timeout)
    this.#queued++
    if (isFaked) this.#expireOnFakeClock(granted, timeout)
    else this.#timer.wake(timeout)
    if (signal !== undefined) {
      this.#signalWaiters ??= new SignalWaiters((ticket, aborted) => this.#leave(ticket, aborted))
      const ticket = native.waitQueueLastTicket(this.#queue)
      this.#signalWaiters.add(signal, ticket)
      const forget = () => this.#signalWaiters?.delete(signal, ticket)
      granted.then(forget, forget)
    }
    return granted
  }

  /**
   * Bounds the wait of the last waiter by a timer of its own, because the native deadlines follow
   * real time.
   * @param {Promise<void>} granted
   * @param {number} timeout
   */
  #expireOnFakeClock(granted, timeout) {
    const ticket = native.waitQueueLastTicket(this.#queue)
    const cancel = onFakeClock(timeout, () =>
      this.#nowQueued(native.waitQueueCancel(this.#queue, ticket, queueTimeoutError(timeout))),
    )
    granted.then(cancel, cancel)
  }

  /**
   * Takes up a slot, unless the signal was aborted after the grant.
   * @param {AbortSignal} [signal]
   */
  #nowTaken(signal) {
    this.#untaken--
    if (!signal?.aborted) return
    this.release()
    throw abortError(signal)
  }

  /** @param {number} ticket @param {AbortSignal} signal */
  #leave(ticket, signal) {
    this.#nowQueued(native.waitQueueCancel(this.#queue, ticket, abortError(signal)))
  }

  /** Rejects waiters past their deadline; returns the ms until the next deadline. */
  #expire() {
    const next = native.waitQueueExpire(this.#queue)
    this.#nowQueued(native.waitQueueLength(this.#queue))
    return next
  }
}

function closedError() {
  return codedError('ERR_CLOSED', 'Semaphore is closed')
}

/** Creates the error that the addon creates in real time. @param {number} timeout in ms */
function queueTimeoutError(timeout) {
  return codedError('ERR_QUEUE_TIMEOUT', `Semaphore acquire timeout (${timeout / 1000}s)`)
}

/** @param {number} maxQueue */
function queueFullError(maxQueue) {
  return codedError(
    'ERR_QUEUE_FULL',
    `Semaphore queue is full (${maxQueue} waiting); raise maxQueue or call less at once`,
  )
}

module.exports = { Semaphore }
