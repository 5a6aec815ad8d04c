'use strict'

// The slots of a helper's calls: each call waits for its slots, runs, and is counted.

const { publishCall, publishWait } = require('../diagnostics/calls')
const { CallLimiter } = require('../limiter')
const { retryAfterOf } = require('../mcp/retry-after')
const { recordAnswer, recordFailure, recordRejection, recordWait } = require('../metrics/record')
const { named } = require('./failure')
const { Gate } = require('./gate')

/**
 * @typedef {import('./failure').Call & { queueTimeout?: number, cost?: number, onSent?: () => void,
 *   fence?: number, lease?: import('../limiter').Lease }} Request
 * @typedef {import('../host-limit').HostLimit} HostLimit
 * @typedef {import('../fleet-limit').FleetLimit} FleetLimit
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
 * A call that waits for its slots. `began` is on the clock of `performance.now()`. `sharedWith` is
 * there while the call waits for the other processes that share the limits.
 * @typedef {{ server: string, tool: string, began: number, sharedWith?: 'host' | 'fleet' }} Waiter
 */

class CallSlots {
  #limiter
  #settings
  /** The rules for a limit that follows the machine. @type {Gate | undefined} */
  #gate
  /** The same limits for all processes of a machine. @type {HostLimit | undefined} */
  #host
  /** Oldest first. @type {Set<Waiter>} */
  #waiters = new Set()
  /** The same limits for all processes of a fleet. @type {FleetLimit | undefined} */
  #fleet

  /** @param {Settings} settings */
  constructor(settings) {
    this.#settings = settings
    this.#gate = settings.gate && new Gate(settings.gate)
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
    return [...this.#waiters].slice(0, MAX_LISTED).map(({ server, tool, began, sharedWith }) => {
      const own = reasons.get(server) ?? 'slots'
      const isHeldByGate = own === 'slots' && (limitedBy === 'memory' || limitedBy === 'cpu')
      const duration = now - began
      const startTime = Date.now() - duration
      const waitsFor = sharedWith ?? (isHeldByGate ? limitedBy : own)
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
     * @param {'host' | 'fleet'} [sharedWith]
     */
    const waiting = (wait, sharedWith) => {
      waiter ??= { server, tool: call.tool, began }
      waiter.sharedWith = sharedWith
      this.#waiters.add(waiter)
      const waited = publishWait({ ...call, id }, this.#limiter.queued(), wait)
      this.#gate?.update()
      return waited
    }
    const asked = { server, cost, timeout, signal }
    try {
      const slots = await this.#limiter.acquire(asked, waiting)
      // Never the other way round: no process waits for its own calls with slots of all processes.
      const [host, fleet] = [this.#host, this.#fleet]
      if (host !== undefined)
        await slots.add(() => host.acquire(asked, began, (wait) => waiting(wait, 'host')))
      if (fleet !== undefined) {
        const lease = await slots.add(() =>
          fleet.acquire(asked, began, (wait) => waiting(wait, 'fleet')),
        )
        call.fence = lease.fence
        if (this.#settings.fleet?.onLost === 'abort') call.lease = lease
      }
      recordWait(performance.now() - began)
      return slots
    } catch (error) {
      recordRejection(call, error, began)
      throw named(call, error)
    } finally {
      if (waiter !== undefined) this.#waiters.delete(waiter)
      this.#gate?.update()
    }
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
   * Counts the calls that wait for other processes among the waiting ones.
   * @param {import('../mcp-helper').SemaphoreStatus} own
   * @returns {import('../mcp-helper').SemaphoreStatus}
   */
  #shared(own) {
    if (this.#host !== undefined) return shared(own, this.#host.waiting(), 'host')
    if (this.#fleet === undefined) return own
    const fleet = this.#fleet.status()
    const status = shared(own, this.#fleet.waiting(), 'fleet')
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

/**
 * @param {import('../mcp-helper').SemaphoreStatus} own
 * @param {number} waiting - the calls that wait for other processes
 * @param {'host' | 'fleet'} reach
 * @returns {import('../mcp-helper').SemaphoreStatus}
 */
function shared({ maxConcurrent, current, queued, available, limitedBy, ...more }, waiting, reach) {
  const own = limitedBy ?? (queued > 0 ? 'slots' : null)
  return {
    maxConcurrent,
    current: current - waiting,
    queued: queued + waiting,
    available,
    limitedBy: waiting > 0 ? reach : own,
    ...more,
    reach,
  }
}

module.exports = { CallSlots }
