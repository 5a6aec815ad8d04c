'use strict'

// The slots of a helper's calls: each call waits for its slots, runs, and is counted.

const { publishCall, publishWait } = require('../diagnostics/calls')
const { CallLimiter } = require('../limiter')
const { retryAfterOf } = require('../mcp/retry-after')
const { recordAnswer, recordFailure, recordRejection, recordWait } = require('../metrics/record')
const { named } = require('./failure')
const { Gate } = require('./gate')
const { withWaiting } = require('./slot-status')

/**
 * @typedef {import('./failure').Call & { queueTimeout?: number, cost?: number, onSent?: () => void,
 *   fence?: number, lease?: import('../limiter').Lease }} Request
 * @typedef {import('../host-limit').HostLimit} HostLimit
 * @typedef {import('../fleet-limit').FleetLimit} FleetLimit
 * @typedef {import('./starts').Starts} Starts
 * @typedef {{ url: string, limit: number, lease: number, killGrace: number,
 *   onLost: 'abort' | 'continue', onUnreachable: 'local' | 'refuse' }} FleetSettings
 * @typedef {{ maxConcurrent: number | 'auto', gate?: import('../../binding').GateRules,
 *   queueTimeout: number, maxQueue: number, limits: Record<string, number>,
 *   rates: Record<string, import('../limiter').Rate>, host?: { folder: string | undefined },
 *   fleet?: FleetSettings }} Settings
 */

/** The most waiting calls in a list. */
const MAX_LISTED = 200

/**
 * A call that waits for its slots. `began` is on the clock of `performance.now()`. `waitsAt` is
 * there while the call has its process's own slots: the gate of starts, or the other processes that
 * share the limits.
 * @typedef {'start' | 'host' | 'fleet'} Place
 * @typedef {{ server: string, tool: string, cost: number, began: number, waitsAt?: Place }} Waiter
 * @typedef {<T>(wait: () => Promise<T>, waitsAt: Place) => Promise<T>} Waiting
 */

class CallSlots {
  #limiter
  #settings
  /** The rules for a limit that follows the machine. @type {Gate | undefined} */
  #gate
  /** The right to start processes, before slots are shared. @type {Starts | undefined} */
  #starts
  /** The same limits for all processes of a machine. @type {HostLimit | undefined} */
  #host
  /** Oldest first. @type {Set<Waiter>} */
  #waiters = new Set()
  /** Those that have their process's own slots. @type {Set<Waiter>} */
  #waitersAbove = new Set()
  /** The same limits for all processes of a fleet. @type {FleetLimit | undefined} */
  #fleet

  /** @param {Settings} settings */
  constructor(settings) {
    this.#settings = settings
    this.#gate = settings.gate && new Gate({ ...settings.gate, shared: settings.host })
    const maxConcurrent = this.#gate?.limit() ?? Number(settings.maxConcurrent)
    this.#limiter = new CallLimiter(maxConcurrent, settings)
    if (settings.host) {
      const { HostLimit } = require('../host-limit')
      this.#host = new HostLimit(maxConcurrent, { ...settings, ...settings.host })
    }
    if (settings.fleet) {
      const { FleetLimit } = require('../fleet-limit')
      const { limits, rates, fleet } = settings
      const { limit, onLost: _, ...place } = fleet
      this.#fleet = new FleetLimit(limit, { limits, rates, ...place })
    }
    this.#gate?.follow(this)
  }

  /**
   * Sets the function that returns what a call needs to start. Such a call waits for memory and
   * processors before it asks for slots that other processes share.
   * @param {ConstructorParameters<typeof import('./starts').Starts>[0]} needOf
   */
  startWith(needOf) {
    const isShared = this.#host !== undefined || this.#fleet !== undefined
    if (this.#gate === undefined || !isShared) return
    // Loaded on use, because most helpers have neither.
    const { Starts } = require('./starts')
    this.#starts = new Starts(needOf)
  }

  /**
   * Does the work of a call while the call holds its slots.
   * @template T
   * @param {Request} call
   * @param {(deadline: number) => Promise<T>} work
   * @returns {Promise<T>}
   */
  run(call, work) {
    return publishCall(call, async (id) => {
      const slots = await this.#acquire(call, id)
      call.onSent = slots.onSent
      try {
        return await this.#measured(call, leased(call, work))
      } finally {
        slots.release()
        this.#gate?.update()
      }
    })
  }

  getStatus() {
    const status = this.#shared(this.#limiter.getStatus())
    return this.#gate === undefined ? status : this.#gate.status(status)
  }

  /**
   * Returns the calls that wait for their slots, oldest first, at most 200.
   * @returns {import('../mcp-helper').QueuedCall[]}
   */
  getQueuedCalls() {
    const { limitedBy } = /** @type {import('../mcp-helper').SemaphoreStatus} */ (this.getStatus())
    const reasons = this.#limiter.waitReasons()
    const now = performance.now()
    return [...this.#waiters].slice(0, MAX_LISTED).map(({ server, tool, began, waitsAt }) => {
      const own = reasons.get(server) ?? 'slots'
      const isHeldByGate = own === 'slots' && (limitedBy === 'memory' || limitedBy === 'cpu')
      const duration = now - began
      const startTime = Date.now() - duration
      const here = isHeldByGate ? limitedBy : own
      const waitsFor = waitsAt === undefined ? here : this.#causeAt(waitsAt)
      return { server, tool, startTime, duration, waitsFor }
    })
  }

  /** Returns the ms that the call has waited which waits longest, or `null`. */
  oldestWait() {
    if (this.#waiters.size === 0) return null
    let oldest = Infinity
    for (const { began } of this.#waiters) oldest = Math.min(oldest, began)
    return Math.floor(performance.now() - oldest)
  }

  /** Asks for the use of the whole fleet, for a later status. */
  refreshFleet() {
    this.#fleet?.refresh()
  }

  isQueueFull() {
    return this.#limiter.isQueueFull()
  }

  close() {
    this.#limiter.close()
    this.#starts?.close()
    this.#host?.close()
    this.#fleet?.close()
  }

  /** Resolves when the fleet has heard that this helper's calls have ended, if there is a fleet. */
  async left() {
    await this.#fleet?.left()
  }

  /** @param {number} maxConcurrent @param {string} [reason] */
  resize(maxConcurrent, reason) {
    this.#limiter.resize(maxConcurrent, reason)
    this.#host?.resize(maxConcurrent)
  }

  waitsForSlots() {
    return this.#limiter.waitsForSlots()
  }

  /** Lets processes start freely again, once none of these calls needs one. */
  openGate() {
    this.#gate?.close()
  }

  /**
   * Waits for the slots, and counts the wait or the rejection.
   * @param {Request} call
   * @param {number} id
   */
  async #acquire(call, id) {
    const { server, cost = 1, signal, queueTimeout: timeout = this.#settings.queueTimeout } = call
    const began = performance.now()
    /** @type {Waiter | undefined} */
    let waiter
    /**
     * @template T
     * @param {() => Promise<T>} wait
     * @param {Place} [waitsAt]
     */
    const waiting = (wait, waitsAt) => {
      waiter ??= { server, tool: call.tool, cost, began }
      waiter.waitsAt = waitsAt
      this.#waiters.add(waiter)
      if (waitsAt !== undefined) this.#waitersAbove.add(waiter)
      const waited = publishWait({ ...call, id }, this.#limiter.queued(), wait)
      this.#gate?.update()
      return waited
    }
    const asked = { server, cost, timeout, signal }
    try {
      const slots = await this.#limiter.acquire(asked, waiting)
      if (this.#host !== undefined || this.#fleet !== undefined)
        await slots.add(() => this.#share(call, asked, began, waiting))
      recordWait(performance.now() - began)
      return slots
    } catch (error) {
      recordRejection(call, error, began)
      throw named(call, error)
    } finally {
      if (waiter !== undefined) {
        this.#waiters.delete(waiter)
        this.#waitersAbove.delete(waiter)
      }
      this.#gate?.update()
    }
  }

  /**
   * Takes the slots that other processes share. A call has its process's own slots by then, and the
   * right to start a process if it needs one: no process waits for itself with slots of all.
   * @param {Request} call
   * @param {import('../limiter').Request} asked
   * @param {number} began
   * @param {Waiting} waiting
   * @returns {Promise<import('../limiter').Further>}
   */
  #share(call, asked, began, waiting) {
    const take = () => this.#takeShared(call, asked, began, waiting)
    if (this.#starts === undefined) return take()
    return this.#starts.before(call, asked, began, (wait) => waiting(wait, 'start'), take)
  }

  /**
   * @param {Request} call
   * @param {import('../limiter').Request} asked
   * @param {number} began
   * @param {Waiting} waiting
   * @returns {Promise<import('../limiter').Further>}
   */
  async #takeShared(call, asked, began, waiting) {
    if (this.#host !== undefined)
      return this.#host.acquire(asked, began, (wait) => waiting(wait, 'host'))
    const fleet = /** @type {FleetLimit} */ (this.#fleet)
    const lease = await fleet.acquire(asked, began, (wait) => waiting(wait, 'fleet'))
    call.fence = lease.fence
    if (this.#settings.fleet?.onLost === 'abort') call.lease = lease
    return lease
  }

  /** Returns the cause for which calls wait at a place. @param {Place} place */
  #causeAt(place) {
    return place === 'start' ? (this.#gate?.cause() ?? 'memory') : place
  }

  /**
   * Does the work, and counts how the call ended. A server that asks to be left alone for a while
   * is paused.
   * @template T
   * @param {Request} call
   * @param {(deadline: number) => Promise<T>} work
   */
  async #measured(call, work) {
    const began = performance.now()
    try {
      const answer = await work(began + call.timeout)
      recordAnswer(call, began)
      return answer
    } catch (error) {
      recordFailure(call, error, began)
      const pause = retryAfterOf(error)
      if (pause !== undefined) {
        this.#limiter.pause(call.server, pause)
        this.#fleet?.pause(call.server, pause)
      }
      throw error
    }
  }

  /**
   * Counts the calls that wait for a start, or for other processes, among the waiting ones.
   * @param {import('../mcp-helper').SemaphoreStatus} own
   * @returns {import('../mcp-helper').SemaphoreStatus}
   */
  #shared(own) {
    if (this.#host === undefined && this.#fleet === undefined) return own
    const waiters = [...this.#waitersAbove].map(({ cost, waitsAt = 'start' }) => ({
      cost,
      cause: this.#causeAt(waitsAt),
    }))
    const status = withWaiting(own, waiters)
    if (this.#fleet === undefined) return { ...status, reach: 'host' }
    const fleet = this.#fleet.status()
    return { ...status, reach: fleet.mode === 'fleet' ? 'fleet' : 'process', fleet }
  }
}

/**
 * Returns the work of a call that is aborted when its slots are lost, if they can be lost.
 * @template T
 * @param {Request} call
 * @param {(deadline: number) => Promise<T>} work
 * @returns {(deadline: number) => Promise<T>}
 */
function leased(call, work) {
  const { lease } = call
  if (lease === undefined) return work
  // Loaded on use, because most helpers have no fleet.
  const { whileLeased } = require('./lease')
  return (deadline) => whileLeased(call, lease, () => work(deadline))
}

module.exports = { CallSlots }
