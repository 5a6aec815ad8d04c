'use strict'

// The slots of a helper's calls: each call waits for its slots, runs, and is counted.

const { publishCall } = require('../diagnostics/calls')
const { CallLimiter } = require('../limiter')
const { retryAfterOf } = require('../mcp/retry-after')
const { recordAnswer, recordFailure, recordRejection, recordWait } = require('../metrics/record')
const { named } = require('./failure')
const { Gate } = require('./gate')
const { withWaiting } = require('./slot-status')
const { lateError, startPause } = require('./start-pauses')
const { WaitingCalls } = require('./waiting-calls')

/**
 * @typedef {import('./failure').Call & { queueTimeout?: number, cost?: number, onSent?: () => void,
 *   yields?: boolean, fence?: number, lease?: import('../limiter').Lease }} Request
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

/** @typedef {import('./waiting-calls').Place} Place */
/** @typedef {import('./waiting-calls').Waiting} Waiting */

class CallSlots {
  #limiter
  #settings
  /** The rules for a limit that follows the machine. @type {Gate | undefined} */
  #gate
  /** The right to start processes, before slots are shared. @type {Starts | undefined} */
  #starts
  /** The same limits for all processes of a machine. @type {HostLimit | undefined} */
  #host
  #waiting = new WaitingCalls()
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
      const { server, cost = 1, signal, queueTimeout: timeout = this.#settings.queueTimeout } = call
      const asked = { server, cost, timeout, signal, ticket: 0 }
      let slots = await this.#acquire(call, id, asked)
      try {
        return await this.#measured(call, async (deadline) => {
          call.yields = true
          for (;;) {
            call.onSent = slots.onSent
            try {
              return await leased(call, work)(deadline)
            } catch (error) {
              const pause = startPause(error)
              if (pause === undefined) throw error
              // All calls of the server wait for its next start, and others may have the slots.
              this.#limiter.holdStarts(server, pause)
              slots.giveBack()
              slots = await this.#acquireAgain(call, id, asked, deadline)
            }
          }
        })
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
    return this.#waiting.list(({ server, waitsAt }) => {
      if (waitsAt !== undefined) return this.#causeAt(waitsAt)
      const own = reasons.get(server) ?? 'slots'
      const isHeldByGate = own === 'slots' && (limitedBy === 'memory' || limitedBy === 'cpu')
      return isHeldByGate ? limitedBy : own
    })
  }

  /** Returns the ms that the call has waited which waits longest, or `null`. */
  oldestWait() {
    return this.#waiting.oldest()
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
   * @param {import('../limiter').Request} asked
   */
  async #acquire(call, id, asked) {
    const began = performance.now()
    try {
      const slots = await this.#take(call, id, asked, began)
      recordWait(performance.now() - began)
      return slots
    } catch (error) {
      recordRejection(call, error, began)
      throw named(call, error)
    }
  }

  /**
   * Waits for the slots that the call has given back, in its old place and at most until its
   * deadline.
   * @param {Request} call
   * @param {number} id
   * @param {import('../limiter').Request} asked
   * @param {number} deadline
   */
  async #acquireAgain(call, id, asked, deadline) {
    const began = performance.now()
    asked.timeout = Math.max(deadline - began, 0)
    try {
      return await this.#take(call, id, asked, began)
    } catch (error) {
      const isLate = /** @type {any} */ (error).code === 'ERR_QUEUE_TIMEOUT'
      throw isLate ? lateError(call) : named(call, error)
    }
  }

  /**
   * Takes the slots: those of this process, and then those that other processes share.
   * @param {Request} call
   * @param {number} id
   * @param {import('../limiter').Request} asked
   * @param {number} began
   */
  async #take(call, id, asked, began) {
    const queued = () => this.#limiter.queued()
    const onWait = () => this.#gate?.update()
    const of = { id, cost: asked.cost, began, queued, onWait }
    try {
      return await this.#waiting.during(call, of, async (waiting) => {
        const slots = await this.#limiter.acquire(asked, waiting)
        if (this.#host !== undefined || this.#fleet !== undefined)
          await slots.add(() => this.#share(call, asked, began, waiting))
        return slots
      })
    } finally {
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
    const waiters = this.#waiting.above().map(({ cost, waitsAt = 'start' }) => ({
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
