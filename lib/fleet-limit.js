'use strict'

// The limit on the calls of a fleet: all processes with the same Redis in `MCP_LIMIT_URL`.

const { hostname } = require('node:os')
const { boundOnFakeClock } = require('./deadline-timer')
const { abortError, codedError } = require('./errors')
const { hold, letGo } = require('./keep-alive')
const { track } = require('./lifecycle')
const native = require('./native')
const { queueTimeoutError, shutDownError } = require('./semaphore/errors')
const { serverLimits } = require('./semaphore/server-limits')
const { SignalWaiters } = require('./signal-waiters')

/**
 * @typedef {import('./limiter').Request} Request
 * @typedef {import('./limiter').Rate} Rate
 * @typedef {import('../binding').FleetEvent} Event
 * @typedef {{ request: Request, resolve: (slots: FleetSlots) => void,
 *   reject: (error: Error) => void }} Waiter
 */

class FleetLimit {
  #native
  /** The number of the last call. */
  #last = 0
  /** @type {Map<number, Waiter>} */
  #waiters = new Map()
  /** @type {Map<number, FleetSlots>} */
  #held = new Map()
  #isClosed = false
  /** Calls that lost their slots. */
  #lost = 0
  /** Calls that were refused, because Redis was away. */
  #refused = 0
  #host = hostname()
  #isRefreshing = false
  /** Leaves the fleet after the last release. @type {(() => void) | undefined} */
  #leave
  /** @type {Promise<void> | undefined} */
  #left
  /** @type {SignalWaiters<number>} */
  #signals = new SignalWaiters((id) => this.#native.cancel(id))

  /**
   * Joins the fleet.
   * @param {number} limit
   * @param {{ limits: Record<string, number>, rates: Record<string, Rate>, url: string,
   *   lease: number, killGrace: number, onUnreachable: 'local' | 'refuse' }} options
   *   - `killGrace`: the longest of all servers
   */
  constructor(limit, { limits, rates, url, ...options }) {
    /** The address without user, password and query. */
    this.address = configured(() => native.fleetAddress(url))
    const servers = serverLimits(limits, rates)
    // The addon keeps this callback alive, so the callback must reference `this` weakly.
    const weak = new WeakRef(this)
    const wake = () => {
      const self = weak.deref()
      if (self !== undefined) self.#take()
    }
    const settings = { ...options, url, limit, servers, host: this.#host }
    this.#native = configured(() => new native.NativeFleetLimit(settings, wake))
  }

  /**
   * Takes the slots of a call at its turn.
   * @param {Request} request
   * @param {number} began - the time at which its timeout began
   * @param {(wait: () => Promise<FleetSlots>) => Promise<FleetSlots>} [waiting]
   *   called with the wait
   * @returns {Promise<FleetSlots>} rejects with `ERR_QUEUE_TIMEOUT`, `ERR_CLOSED`,
   *   `ERR_LIMIT_UNAVAILABLE` or an `AbortError`
   */
  async acquire(request, began, waiting = (wait) => wait()) {
    const { signal } = request
    if (signal?.aborted) throw abortError(signal)
    if (this.#isClosed) throw shutDownError()
    const slots = await waiting(() => this.#turn(request, began))
    if (!signal?.aborted) return slots
    slots.release()
    throw abortError(signal)
  }

  /** Lets no call of the server start for a while, in the whole fleet. */
  pause(/** @type {string} */ server, /** @type {number} */ ms) {
    this.#native.pause(server, ms)
  }

  /** Returns the state of this process's place in the fleet. */
  status() {
    const { mode, share = null, reason = null, use = null, ...told } = this.#native.status()
    const { processes, graceLeft } = told
    const own = { lost: this.#lost, refused: this.#refused, host: this.#host, pid: process.pid }
    return { mode, address: this.address, processes, share, reason, graceLeft, ...own, use }
  }

  /** Asks for the use of the whole fleet, for a later status. Each heartbeat asks for it too. */
  refresh() {
    if (this.#isRefreshing || this.#isClosed) return
    this.#isRefreshing = true
    this.#native.list().then(() => {
      this.#isRefreshing = false
    })
  }

  /** Rejects the waiting calls with `ERR_CLOSED`, and leaves the fleet after the last release. */
  close() {
    this.#isClosed = true
    for (const id of this.#waiters.keys()) this.#native.cancel(id)
    this.left()
  }

  /** Resolves when this process has left the fleet; Redis need not be there for it. */
  left() {
    this.#left ??= track(
      new Promise((resolve) => {
        this.#leave = () => {
          this.#leave = undefined
          hold()
          this.#native.close().then(letGo).then(resolve)
        }
        this.#leaveIfIdle()
      }),
      () => {},
    )
    return this.#left
  }

  /**
   * Waits for a turn, at most until the deadline.
   * @param {Request} request
   * @param {number} began
   * @returns {Promise<FleetSlots>}
   */
  async #turn(request, began) {
    const { server, cost, signal, timeout } = request
    const id = ++this.#last
    /** @type {Promise<FleetSlots>} */
    const turn = new Promise((resolve, reject) => {
      this.#waiters.set(id, { request, resolve, reject })
    })
    const left = Math.max(began + timeout - performance.now(), 0)
    boundOnFakeClock(turn, left, () => this.#native.cancel(id))
    if (signal !== undefined) this.#signals.addUntilSettled(signal, id, turn)
    this.#native.acquire(id, server, cost)
    hold()
    try {
      return await turn
    } finally {
      letGo()
    }
  }

  /** Takes the events of the addon. */
  #take() {
    for (const event of this.#native.take()) this.#handle(event)
  }

  /** @param {Event} event */
  #handle({ kind, id = 0, fence, ticket, reason = '', limit, inForce }) {
    if (kind === 'granted') return this.#granted(id, fence, ticket)
    if (kind === 'lost') {
      this.#lost++
      return this.#held.get(id)?.lose()
    }
    if (kind === 'limits') return warnOfLimits(limit, inForce === true)
    const waiter = this.#waiters.get(id)
    this.#waiters.delete(id)
    waiter?.reject(kind === 'refused' ? this.#refusal(reason) : this.#failure(waiter.request))
    this.#leaveIfIdle()
  }

  /** @param {number} id @param {number} [fence] @param {number} [ticket] */
  #granted(id, fence, ticket) {
    const waiter = this.#waiters.get(id)
    if (waiter === undefined) return this.#native.release(id)
    this.#waiters.delete(id)
    const send = () => this.#native.sent(id)
    const release = () => {
      if (!this.#held.delete(id)) return
      this.#native.release(id)
      this.#leaveIfIdle()
    }
    const slots = new FleetSlots({ fence, ticket, release, send })
    this.#held.set(id, slots)
    waiter.resolve(slots)
  }

  #leaveIfIdle() {
    if (this.#held.size === 0 && this.#waiters.size === 0) this.#leave?.()
  }

  /** @param {string} reason */
  #refusal(reason) {
    if (this.#isClosed) return shutDownError()
    this.#refused++
    return codedError('ERR_LIMIT_UNAVAILABLE', `MCP_LIMIT_URL (${this.address}): ${reason}`)
  }

  /** @param {Request} request */
  #failure({ signal, timeout }) {
    if (signal?.aborted) return abortError(signal)
    if (this.#isClosed) return shutDownError()
    const error = queueTimeoutError(timeout)
    const { mode, reason } = this.status()
    error.message +=
      mode === 'fleet'
        ? '; other processes of the fleet hold the slots'
        : `; the Redis of the limit (${this.address}) is away: ${reason ?? 'not connected yet'}`
    return error
  }
}

/** The slots of one call in a fleet. */
class FleetSlots {
  /** @type {(() => void) | undefined} */
  #onLost
  #isLost = false

  /**
   * @param {{ fence?: number, ticket?: number, release: () => void, send: () => void }} grant
   *   - `fence`: undefined for a call that starts while Redis is away
   *   - `ticket`: the place in the order, of a call that waited in Redis
   *   - `release`: gives the slots back, once
   *   - `send`: notes that the call is sent, for the server's rate
   */
  constructor({ fence, ticket, release, send }) {
    this.fence = fence
    this.ticket = ticket
    this.release = release
    this.send = send
  }

  /** Calls the listener when Redis may soon hand the slots on. @param {() => void} listener */
  onLost(listener) {
    this.#onLost = listener
    if (this.#isLost) listener()
  }

  lose() {
    this.#isLost = true
    this.#onLost?.()
  }
}

/** @param {number | undefined} limit @param {boolean} isTheirs */
function warnOfLimits(limit, isTheirs) {
  const force = isTheirs ? 'theirs are in force' : "this process's are in force now"
  process.emitWarning(
    `Other processes of the fleet have other limits (maxConcurrent ${limit}); ${force}, because the latest start wins`,
    { code: 'PROCWARD_FLEET_LIMITS' },
  )
}

/**
 * Does something with the settings.
 * @template T
 * @param {() => T} use
 * @returns {T}
 */
function configured(use) {
  if (native.NativeFleetLimit === undefined)
    throw codedError('ERR_INVALID_CONFIG', 'MCP_LIMIT_URL: this build of procward has no fleet')
  try {
    return use()
  } catch (error) {
    const { code, message } = /** @type {any} */ (error)
    if (code !== 'ERR_INVALID_CONFIG') throw error
    const name = message.startsWith('lease ') ? 'MCP_LIMIT_LEASE' : 'MCP_LIMIT_URL'
    throw codedError(code, `${name}: ${message}`)
  }
}

module.exports = { FleetLimit }
