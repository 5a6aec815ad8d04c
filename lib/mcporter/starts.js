'use strict'

// The first of the gates of a call whose slots are shared with other processes: a call that needs a
// process gets the right to start it before it asks for those slots.

const { boundOnFakeClock, realTimers } = require('../deadline-timer')
const { abortError } = require('../errors')
const { hold, letGo } = require('../keep-alive')
const native = require('../native')
const { queueTimeoutError, shutDownError } = require('../semaphore/errors')
const { SignalWaiters } = require('../signal-waiters')

/** Ms between two looks while calls wait: as often as the addon reads the memory. */
const LOOK_AGAIN = 250
/** More reservations than there can be. */
const ALL = 2 ** 32 - 1

/**
 * Returns whether a call makes a process start, if `ahead` calls come before it. The reservations
 * of its server count as capacity, but for so many `uncounted` ones.
 * @typedef {(ahead: number, uncounted: number) => boolean} Need
 * @typedef {import('../limiter').Request} Request
 * @typedef {import('./failure').Call} Call
 * @typedef {{ resolve: () => void, reject: (error: Error) => void }} Waiter
 * @typedef {(wait: () => Promise<void>) => Promise<void>} Waiting
 */

class Starts {
  #needOf
  /** In the order of arrival. @type {Map<Start, Waiter>} */
  #waiters = new Map()
  /** The calls between this gate and their session, by server. @type {Map<string, number>} */
  #ahead = new Map()
  #isClosed = false
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  /** @type {SignalWaiters<Start>} */
  #signals = new SignalWaiters((start, signal) => this.#reject(start, abortError(signal)))

  /**
   * @param {(call: Call, deadline: number) => Promise<Need | undefined>} needOf
   *   returns nothing for a server that is no process
   */
  constructor(needOf) {
    this.#needOf = needOf
  }

  /**
   * Takes shared slots for a call that has, or needs not, the right to start a process. If that
   * changes during the wait for the slots, the call gives them back and begins anew.
   * @template {import('../limiter').Further} Shared
   * @param {Call} call
   * @param {Request} request
   * @param {number} began - the time at which its timeout began
   * @param {Waiting} waiting - called with each wait for the right
   * @param {() => Promise<Shared>} take
   * @returns {Promise<import('../limiter').Further>} rejects with `ERR_QUEUE_TIMEOUT`,
   *   `ERR_CLOSED`, an `AbortError` or the error of `take()`
   */
  async before(call, request, began, waiting, take) {
    // After a vain round the rights of other calls are known to be of no use to this one.
    for (let uncounted = 0; ; uncounted = ALL) {
      const start = await this.#admit(call, request, began, waiting, uncounted)
      try {
        const shared = await take()
        if (this.#begins(start)) return this.#both(shared, start)
        shared.release()
      } catch (error) {
        this.#end(start)
        throw error
      }
      this.#end(start)
    }
  }

  /** Rejects the waiting calls with `ERR_CLOSED`. */
  close() {
    this.#isClosed = true
    for (const start of this.#waiters.keys()) this.#reject(start, shutDownError())
  }

  /**
   * Waits until the call has, or needs not, the right to start a process.
   * @param {Call} call
   * @param {Request} request
   * @param {number} began
   * @param {Waiting} waiting
   * @param {number} uncounted - reservations that count for nothing
   */
  async #admit(call, request, began, waiting, uncounted) {
    const { server, timeout, signal } = request
    const deadline = began + timeout
    // A configuration that cannot be read fails the call later, in its own words.
    const need = await this.#needOf(call, deadline).catch(() => undefined)
    if (signal?.aborted) throw abortError(signal)
    if (this.#isClosed) throw shutDownError()
    const start = new Start(server, need, uncounted, () => this.#look())
    if (this.#isAwaited(server) || !this.#passes(start))
      await waiting(() => this.#turn(start, request, deadline))
    return start
  }

  /**
   * Waits until the call passes, at most until the deadline.
   * @param {Start} start
   * @param {Request} request
   * @param {number} deadline
   */
  async #turn(start, { signal, timeout }, deadline) {
    /** @type {Promise<void>} */
    const turn = new Promise((resolve, reject) => {
      this.#waiters.set(start, { resolve, reject })
    })
    const left = Math.max(deadline - performance.now(), 0)
    boundOnFakeClock(turn, left, () => this.#reject(start, lateError(start, timeout)))
    if (signal !== undefined) this.#signals.addUntilSettled(signal, start, turn)
    this.#lookLater()
    hold()
    try {
      await turn
    } catch (error) {
      this.#waiters.delete(start)
      // Another end of the same moment may have let this call pass.
      this.#end(start)
      throw error
    } finally {
      letGo()
    }
  }

  /** @param {Start} start @param {Error} error */
  #reject(start, error) {
    this.#waiters.get(start)?.reject(error)
  }

  /** Lets the waiting calls pass that may: of each server the first ones. */
  #look() {
    const blocked = new Set()
    for (const [start, { resolve }] of this.#waiters) {
      if (blocked.has(start.server)) continue
      if (this.#passes(start)) {
        this.#waiters.delete(start)
        resolve()
      } else blocked.add(start.server)
    }
  }

  #lookLater() {
    this.#timer ??= realTimers
      .setTimeout(() => {
        this.#timer = undefined
        this.#look()
        if (this.#waiters.size > 0) this.#lookLater()
      }, LOOK_AGAIN)
      .unref()
  }

  /**
   * Returns whether the call may pass. It counts as ahead of later calls then.
   * @param {Start} start
   */
  #passes(start) {
    const { server } = start
    const ahead = this.#ahead.get(server) ?? 0
    const uncounted = Math.max(start.uncounted, start.isHeld() ? 1 : 0)
    if (!start.needs(ahead, uncounted)) start.release()
    else if (!start.reserves()) return false
    this.#ahead.set(server, ahead + 1)
    start.isAhead = true
    return true
  }

  /**
   * Returns whether a call with its shared slots may begin: with a session that is there, or with
   * the right to start a process, which another call may have used meanwhile.
   * @param {Start} start
   */
  #begins(start) {
    if (!start.needs(0, ALL)) start.release()
    else if (!start.reserves()) return false
    this.#leaveAhead(start)
    return true
  }

  /**
   * Returns the slots, which are given back together with the right.
   * @template {import('../limiter').Further} Shared
   * @param {Shared} shared
   * @param {Start} start
   */
  #both(shared, start) {
    const { send } = shared
    const release = () => {
      shared.release()
      this.#end(start)
    }
    return send === undefined ? { release } : { release, send }
  }

  /** @param {Start} start */
  #end(start) {
    start.release()
    this.#leaveAhead(start)
    this.#look()
  }

  /** @param {Start} start */
  #leaveAhead(start) {
    if (!start.isAhead) return
    start.isAhead = false
    const ahead = (this.#ahead.get(start.server) ?? 0) - 1
    if (ahead > 0) this.#ahead.set(start.server, ahead)
    else this.#ahead.delete(start.server)
  }

  /** @param {string} server */
  #isAwaited(server) {
    for (const start of this.#waiters.keys()) if (start.server === server) return true
    return false
  }
}

/** The start that a call may need. */
class Start {
  #need
  #onHeld
  /** @type {import('../../binding').StartReservation | undefined} */
  #reservation
  /** True while the call is between this gate and its session. */
  isAhead = false

  /**
   * @param {string} server
   * @param {Need | undefined} need
   * @param {number} uncounted - reservations that count for nothing
   * @param {() => void} onHeld - called when the right to start a process has come
   */
  constructor(server, need, uncounted, onHeld) {
    this.server = server
    this.uncounted = uncounted
    this.#need = need
    this.#onHeld = onHeld
  }

  /** @param {number} ahead @param {number} uncounted */
  needs(ahead, uncounted) {
    return this.#need?.(ahead, uncounted) ?? false
  }

  /** Asks for the right to start a process. Returns whether the call has it. */
  reserves() {
    if (this.#reservation?.state() === 'used') this.release()
    this.#reservation ??= new native.StartReservation(this.server, this.#onHeld)
    return this.isHeld()
  }

  isHeld() {
    return this.#reservation?.state() === 'held'
  }

  /** Gives the right back, unless a start has used it. */
  release() {
    this.#reservation?.release()
    this.#reservation = undefined
  }
}

/** @param {Start} start @param {number} timeout */
function lateError({ server }, timeout) {
  const error = queueTimeoutError(timeout)
  const limitedBy = native.gateStatus()?.limitedBy
  const cause = limitedBy === 'cpu' || limitedBy === 'slots' ? 'processors' : 'memory'
  error.message += `; the start of a process for the server '${server}' waited for ${cause}`
  return error
}

module.exports = { Starts }
