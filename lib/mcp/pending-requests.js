'use strict'

// The requests that have no outcome yet: found by number, given up by signal, and counted, because
// the event loop goes on while one of them waits.

const keepAlive = require('../keep-alive')
const { SignalWaiters } = require('../signal-waiters')
const { Waiting } = require('./waiting')

/**
 * @typedef {{ server: string, tool: string, timeout: number, signal?: AbortSignal, onProgress?:
 *   (progress: any) => void, onSent?: () => void, yields?: boolean }} Call
 *   - `onSent`: called each time that the call's request is handed to a session, with a listing's
 *   first page only; must not throw
 *   - `yields`: true if the call fails with `ERR_START_PAUSED` rather than wait for the pause
 *   between two starts of its server
 * @typedef {{ number: number, call: Call, startTime: number, started: number, resolve: (result:
 *   any) => void, reject: (error: Error) => void, began?: number, pages?: import('./pages').Pages,
 *   staying?: Staying, key: string, method: string, params: string, timeout: number, attempt:
 *   Attempt }} Pending
 * A request that stays after it has begun, such as a subscription.
 * @typedef {{ hasBegun: boolean, onEnd: () => void }} Staying
 * @typedef {{ round: number, members: string, hasHeaders?: boolean }} Attempt
 *   - `round`: the count of earlier attempts that ended with the server's wish for input
 *   - `members`: added to the params, as JSON text
 *   - `hasHeaders`: true if the tools were listed for this very call
 */

/** The first attempt of a request. @type {Attempt} */
const FIRST = { round: 0, members: '' }

class PendingRequests {
  /** @type {Waiting<Pending>} */
  #waiting = new Waiting()
  /** The number of waiting requests that stay. */
  #standing = 0
  #keepsAlive = false
  /** @type {SignalWaiters<number>} */
  #signals
  #hold
  #noneWaits = () => {}

  /**
   * @param {(number: number) => void} abort - gives a request up
   * @param {(isHeld: boolean) => void} hold - keeps the sessions from being collected
   */
  constructor(abort, hold) {
    this.#signals = new SignalWaiters(abort)
    this.#hold = hold
  }

  /** Adds a request, and sets its number. @param {Pending} pending */
  add(pending) {
    const number = this.#waiting.add(pending)
    if (pending.call.signal) this.#signals.add(pending.call.signal, number)
    this.#keepWhileNeeded()
    return number
  }

  /** @param {number} number */
  get(number) {
    return this.#waiting.get(number)
  }

  /** Returns all requests, in the order of their numbers. */
  all() {
    return this.#waiting.all()
  }

  /** Removes a request that has an outcome. @param {Pending} pending */
  remove({ number, call, staying }) {
    this.#waiting.delete(number)
    if (staying?.hasBegun) this.#standing--
    else if (call.signal) this.#signals.delete(call.signal, number)
    this.#keepWhileNeeded()
  }

  /** Notes that a request which stays has begun. @param {Pending} pending */
  begin({ number, call }) {
    this.#standing++
    if (call.signal) this.#signals.delete(call.signal, number)
    this.#keepWhileNeeded()
  }

  /** Returns whether a request waits for its outcome or its beginning. */
  get areAny() {
    return this.#keepsAlive
  }

  /** Waits until there is no such request, if there is one. @returns {Promise<void>} */
  none() {
    return new Promise((resolve) => {
      this.#noneWaits = () => resolve(undefined)
    })
  }

  /** Keeps the sessions while a request waits or stays, and the event loop while one waits. */
  #keepWhileNeeded() {
    const { size } = this.#waiting
    this.#hold(size > 0)
    const keepsAlive = size > this.#standing
    if (keepsAlive === this.#keepsAlive) return
    this.#keepsAlive = keepsAlive
    if (keepsAlive) keepAlive.hold()
    else {
      keepAlive.letGo()
      this.#noneWaits()
    }
  }
}

module.exports = { FIRST, PendingRequests }
