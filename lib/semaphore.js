'use strict'

// Counts slots in JavaScript. The native queue of waiters is used only when a caller has to wait. A
// slot that is released passes to the first waiter at once.

const { channels } = require('./diagnostics')
const { abortError } = require('./errors')
const {
  clearedError,
  closedError,
  costError,
  notAcquiredError,
  queueFullError,
} = require('./semaphore/errors')
const { Waiters } = require('./semaphore/waiters')
const validate = require('./validate')

const WAIT_OPTIONS = ['timeout', 'signal', 'cost']
// A free slot takes as many microtasks as one after a wait, so that slots are taken up in the order
// in which they were granted.
const GRANTED = Promise.resolve()

/** @typedef {{ timeout?: number, signal?: AbortSignal, cost?: number }} AcquireOptions */
/** @typedef {import('./semaphore/waiters').Wait} Wait */

class Semaphore {
  #maxConcurrent
  /** Number of slots for new callers: none while paused or closed. */
  #openSlots
  #current = 0
  /**
   * Grants to waiters that take them up in a microtask or two. Until then no slot is granted
   * synchronously.
   */
  #untaken = 0
  #isClosed = false
  #isPaused = false
  #maxQueue
  /** Default wait options. @type {Wait} */
  #defaultWait
  #waiters = new Waiters(() => this.#settle())
  /** The promise of `onIdle()`. @type {{ promise: Promise<void>, resolve(): void } | undefined} */
  #idle

  /**
   * @param {number} [maxConcurrent]
   * @param {{ queueTimeout?: number, maxQueue?: number }} [options]
   */
  constructor(maxConcurrent = 3, options) {
    this.#maxConcurrent = validate.count('maxConcurrent', maxConcurrent)
    this.#openSlots = this.#maxConcurrent
    const { queueTimeout = 60_000, maxQueue = Infinity } = validate.options('options', options, [
      'queueTimeout',
      'maxQueue',
    ])
    const timeout = validate.timeout('queueTimeout', queueTimeout)
    this.#defaultWait = { timeout, signal: undefined, cost: 1 }
    this.#maxQueue = validate.count('maxQueue', maxQueue, { least: 0, unlimited: true })
  }

  /** @param {AcquireOptions} [options] @returns {Promise<() => void>} */
  acquire(options) {
    if (options === undefined && this.#untaken === 0 && this.tryAcquire())
      return Promise.resolve(this.#releaser(1))
    try {
      const wait = options === undefined ? this.#defaultWait : this.#checked(options)
      const isPlain = wait.signal === undefined && wait.cost === 1
      return this.#slots(wait).then(isPlain ? this.#takeUp : () => this.#takeUpUnlessAborted(wait))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  tryAcquire() {
    const free = this.#current < this.#openSlots && this.#waiters.count === 0
    if (free) this.#current++
    return free
  }

  release() {
    this.#giveBack(1)
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
      const wait = options === undefined ? this.#defaultWait : this.#checked(options)
      const slots = this.#slots(wait)
      return slots === GRANTED ? this.#run(fn, wait, slots) : this.#runLater(fn, wait, slots)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  getStatus() {
    const [maxConcurrent, current, queued] = [
      this.#maxConcurrent,
      this.#current,
      this.#waiters.count,
    ]
    return { maxConcurrent, current, queued, available: Math.max(maxConcurrent - current, 0) }
  }

  /** @param {number} maxConcurrent */
  resize(maxConcurrent) {
    const before = this.#maxConcurrent
    this.#maxConcurrent = validate.count('maxConcurrent', maxConcurrent)
    this.#updateOpenSlots()
    this.#waiters.rejectAbove(maxConcurrent, (cost) => costError(cost, maxConcurrent))
    this.#settle()
    const { limit } = channels
    if (limit.hasSubscribers && before !== maxConcurrent)
      limit.publish({ time: Date.now(), before, maxConcurrent })
  }

  pause() {
    this.#isPaused = true
    this.#updateOpenSlots()
  }

  resume() {
    this.#isPaused = false
    this.#updateOpenSlots()
    this.#settle()
  }

  /** @returns {Promise<void>} */
  onIdle() {
    if (this.#current === 0 && this.#waiters.count === 0) return Promise.resolve()
    this.#idle ??= deferred()
    return this.#idle.promise
  }

  /** Refuses new callers and serves the waiters. @returns {Promise<void>} */
  drain() {
    this.#isClosed = true
    this.#updateOpenSlots()
    return this.onIdle()
  }

  /** @param {unknown} [reason] */
  clear(reason) {
    this.#waiters.rejectAll(() => (reason === undefined ? clearedError() : reason))
    this.#settle()
  }

  close() {
    this.#isClosed = true
    this.#updateOpenSlots()
    this.#waiters.rejectAll(closedError)
    this.#settle()
  }

  #updateOpenSlots() {
    this.#openSlots = this.#isPaused || this.#isClosed ? 0 : this.#maxConcurrent
  }

  /**
   * Takes slots, or waits for them.
   * @param {Wait} wait
   * @returns {Promise<void>}
   */
  #slots(wait) {
    const { cost } = wait
    if (this.#current + cost <= this.#openSlots && this.#waiters.count === 0) {
      this.#current += cost
      this.#untaken++
      return GRANTED
    }
    if (this.#isClosed) throw closedError()
    if (cost > this.#maxConcurrent) throw costError(cost, this.#maxConcurrent)
    if (this.#waiters.count >= this.#maxQueue) throw queueFullError(this.#maxQueue)
    return this.#waiters.push(wait)
  }

  /** Gives slots back, which pass to the first waiters. @param {number} cost */
  #giveBack(cost) {
    const held = Math.min(cost, this.#current)
    this.#current -= held
    this.#settle()
    if (held < cost) throw notAcquiredError(held, cost)
  }

  /** Passes the free slots to the first waiters; without waiters, notes if nothing is held. */
  #settle() {
    if (this.#waiters.count > 0) this.#admit()
    else if (this.#current === 0 && this.#idle !== undefined) {
      this.#idle.resolve()
      this.#idle = undefined
    }
  }

  #admit() {
    while (this.#waiters.count > 0 && !this.#isPaused) {
      const cost = this.#waiters.firstCost()
      if (this.#current + cost > this.#maxConcurrent) return
      this.#current += cost
      this.#untaken++
      this.#waiters.grantFirst()
    }
  }

  /**
   * @template T
   * @param {() => T | PromiseLike<T>} fn
   * @param {Wait} wait
   * @param {Promise<void>} [slots]
   */
  async #run(fn, wait, slots) {
    if (slots !== undefined) await slots
    this.#nowTaken(wait)
    try {
      return await fn()
    } finally {
      this.#giveBack(wait.cost)
    }
  }

  /**
   * Waits outside the async function, because a suspended async function doubles a waiter's memory.
   * @template T
   * @param {() => T | PromiseLike<T>} fn
   * @param {Wait} wait
   * @param {Promise<void>} slots
   */
  #runLater(fn, wait, slots) {
    return slots.then(() => this.#run(fn, wait))
  }

  #takeUp = () => {
    this.#untaken--
    return this.#releaser(1)
  }

  /** @param {Wait} wait */
  #takeUpUnlessAborted(wait) {
    this.#nowTaken(wait)
    return this.#releaser(wait.cost)
  }

  /** Returns a function that gives the slots back, once. @param {number} cost */
  #releaser(cost) {
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#giveBack(cost)
    }
  }

  /** @param {AcquireOptions} options @returns {Wait} */
  #checked(options) {
    const {
      timeout = this.#defaultWait.timeout,
      signal,
      cost = 1,
    } = validate.options('options', options, WAIT_OPTIONS)
    if (timeout !== this.#defaultWait.timeout) validate.timeout('timeout', timeout)
    if (cost !== 1) validate.count('cost', cost)
    if (signal !== undefined && validate.abortSignal('signal', signal).aborted)
      throw abortError(signal)
    return { timeout, signal, cost }
  }

  /** Takes up a grant, unless the signal was aborted after it. @param {Wait} wait */
  #nowTaken({ signal, cost }) {
    this.#untaken--
    if (!signal?.aborted) return
    this.#giveBack(cost)
    throw abortError(signal)
  }
}

function deferred() {
  let resolve = () => {}
  /** @type {Promise<void>} */
  const promise = new Promise((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

module.exports = { Semaphore }
