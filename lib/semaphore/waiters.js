'use strict'

// The waiters of a semaphore, in a native queue. A waiter leaves at its turn, at its timeout, or
// when its signal is aborted.

const { boundOnFakeClock, DeadlineTimer, hasFakeTimers } = require('../deadline-timer')
const { abortError } = require('../errors')
const native = require('../native')
const { SignalWaiters } = require('../signal-waiters')
const { queueTimeoutError } = require('./errors')

const handles = new FinalizationRegistry(native.waitQueueFree)

/** @typedef {{ timeout: number, signal: AbortSignal | undefined, cost: number }} Wait */

class Waiters {
  /** Number of waiters. */
  count = 0
  #queue = native.waitQueueCreate()
  #timer = new DeadlineTimer(() => this.#expire())
  #onEarlyLeave
  /** @type {SignalWaiters<number> | undefined} */
  #signalWaiters
  /**
   * The costs above 1, by ticket. A waiter without an entry costs 1.
   * @type {Map<number, number>}
   */
  #costs = new Map()

  /** @param {() => void} onEarlyLeave - called after a timeout or an abort */
  constructor(onEarlyLeave) {
    this.#onEarlyLeave = onEarlyLeave
    handles.register(this, this.#queue)
  }

  /**
   * Adds a waiter.
   * @param {Wait} wait
   * @returns {Promise<void>} resolves at the waiter's turn
   */
  push({ timeout, signal, cost }) {
    const isFaked = hasFakeTimers()
    const granted = native.waitQueuePush(this.#queue, isFaked ? Infinity : timeout)
    this.count++
    if (isFaked) this.#expireOnFakeClock(granted, timeout)
    else this.#timer.wake(timeout)
    if (signal !== undefined) this.#leaveWhenAborted(granted, signal)
    if (cost > 1) this.#noteCost(granted, cost)
    return granted
  }

  /** Returns the cost of the first waiter. */
  firstCost() {
    if (this.#costs.size === 0) return 1
    return this.#costs.get(native.waitQueueFirstTicket(this.#queue)) ?? 1
  }

  grantFirst() {
    this.#setCount(native.waitQueueResolveFirst(this.#queue))
  }

  /** @param {() => unknown} createReason */
  rejectAll(createReason) {
    while (this.count > 0) this.#setCount(native.waitQueueRejectFirst(this.#queue, createReason()))
  }

  /**
   * Rejects the waiters that cost more than `most`.
   * @param {number} most
   * @param {(cost: number) => Error} createError
   */
  rejectAbove(most, createError) {
    for (const [ticket, cost] of this.#costs)
      if (cost > most) this.#cancel(ticket, createError(cost))
  }

  /** @param {number} count */
  #setCount(count) {
    this.count = count
    if (count === 0) this.#timer.rest()
  }

  /** @param {number} ticket @param {Error} error */
  #cancel(ticket, error) {
    this.#setCount(native.waitQueueCancel(this.#queue, ticket, error))
  }

  /**
   * Bounds the wait of the last waiter by a timer of its own, because the native deadlines follow
   * real time.
   * @param {Promise<void>} granted
   * @param {number} timeout
   */
  #expireOnFakeClock(granted, timeout) {
    const ticket = native.waitQueueLastTicket(this.#queue)
    boundOnFakeClock(granted, timeout, () => {
      this.#cancel(ticket, queueTimeoutError(timeout))
      this.#onEarlyLeave()
    })
  }

  /** @param {Promise<void>} granted @param {AbortSignal} signal */
  #leaveWhenAborted(granted, signal) {
    this.#signalWaiters ??= new SignalWaiters((ticket, aborted) => {
      this.#cancel(ticket, abortError(aborted))
      this.#onEarlyLeave()
    })
    const ticket = native.waitQueueLastTicket(this.#queue)
    this.#signalWaiters.addUntilSettled(signal, ticket, granted)
  }

  /** Notes the cost of the last waiter. @param {Promise<void>} granted @param {number} cost */
  #noteCost(granted, cost) {
    const ticket = native.waitQueueLastTicket(this.#queue)
    this.#costs.set(ticket, cost)
    const forget = () => this.#costs.delete(ticket)
    granted.then(forget, forget)
  }

  /** Rejects waiters past their deadline; returns the ms until the next deadline. */
  #expire() {
    const next = native.waitQueueExpire(this.#queue)
    this.#setCount(native.waitQueueLength(this.#queue))
    this.#onEarlyLeave()
    // The waiters behind may have been granted.
    return this.count === 0 ? -1 : next
  }
}

module.exports = { Waiters }
