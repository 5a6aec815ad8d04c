'use strict'

// The slots of a helper's calls: each call waits for its slots, runs, and is counted.

const { publishCall, publishWait } = require('../diagnostics/calls')
const { CallLimiter } = require('../limiter')
const { retryAfterOf } = require('../mcp/retry-after')
const { recordAnswer, recordFailure, recordRejection, recordWait } = require('../metrics/record')
const { named } = require('./failure')
const { Gate } = require('./gate')

/**
 * @typedef {import('./failure').Call & { queueTimeout?: number, cost?: number, onSent?: () => void
 *   }} Request
 */

/** The most waiting calls in a list. */
const MAX_LISTED = 200

/**
 * A call that waits for its slots. `began` is on the clock of `performance.now()`, and `isShared`
 * says that the call waits for other processes.
 * @typedef {{ server: string, tool: string, began: number, isShared: boolean }} Waiter
 */

class CallSlots {
  #limiter
  #settings
  /** The rules for a limit that follows the machine. @type {Gate | undefined} */
  #gate
  /** The same limits for all processes. @type {import('../host-limit').HostLimit | undefined} */
  #host
  /** Oldest first. @type {Set<Waiter>} */
  #waiters = new Set()

  /**
   * @param {{ maxConcurrent: number | 'auto', gate?: import('../../binding').GateRules,
   *   queueTimeout: number, maxQueue: number, limits: Record<string, number>,
   *   rates: Record<string, import('../limiter').Rate>, host?: { folder: string | undefined } }}
   *   settings
   */
  constructor(settings) {
    this.#settings = settings
    this.#gate = settings.gate && new Gate(settings.gate)
    const maxConcurrent = this.#gate?.limit() ?? Number(settings.maxConcurrent)
    this.#limiter = new CallLimiter(maxConcurrent, settings)
    if (settings.host) {
      const { HostLimit } = require('../host-limit')
      this.#host = new HostLimit(maxConcurrent, { ...settings, ...settings.host })
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
        return await this.#measured(call, work)
      } finally {
        slots.release()
        this.#gate?.update()
      }
    })
  }

  getStatus() {
    const own = this.#limiter.getStatus()
    const status = this.#host === undefined ? own : shared(own, this.#host.waiting())
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
    return [...this.#waiters].slice(0, MAX_LISTED).map(({ server, tool, began, isShared }) => {
      const own = reasons.get(server) ?? 'slots'
      const isHeldByGate = own === 'slots' && (limitedBy === 'memory' || limitedBy === 'cpu')
      const duration = now - began
      const startTime = Date.now() - duration
      const waitsFor = isShared ? 'host' : isHeldByGate ? limitedBy : own
      return { server, tool, startTime, duration, waitsFor }
    })
  }

  /** Returns the ms that the call has waited which waits longest, or `null`. */
  oldestWait() {
    if (this.#waiters.size === 0) return null
    const begins = Array.from(this.#waiters, ({ began }) => began)
    return Math.floor(performance.now() - Math.min(...begins))
  }

  isQueueFull() {
    return this.#limiter.isQueueFull()
  }

  close() {
    this.#limiter.close()
    this.#host?.close()
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
    /** @template T @param {() => Promise<T>} wait */
    const waiting = (wait, isShared = false) => {
      waiter ??= { server, tool: call.tool, began, isShared }
      waiter.isShared = isShared
      this.#waiters.add(waiter)
      const waited = publishWait({ ...call, id }, this.#limiter.queued(), wait)
      this.#gate?.update()
      return waited
    }
    /** @template T @param {() => Promise<T>} wait */
    const waitingForOthers = (wait) => waiting(wait, true)
    try {
      const slots = await this.#limiter.acquire({ server, cost, timeout, signal }, waiting)
      // Never the other way round: no process waits for its own calls with slots of all processes.
      const host = this.#host
      if (host !== undefined)
        await slots.add(() =>
          host.acquire({ server, cost, timeout, signal }, began, waitingForOthers),
        )
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
      if (pause !== undefined) this.#limiter.pause(call.server, pause)
      throw error
    }
  }
}

/**
 * Counts the calls that wait for other processes among the waiting ones.
 * @param {import('../mcp-helper').SemaphoreStatus} status
 * @param {number} waiting
 * @returns {import('../mcp-helper').SemaphoreStatus}
 */
function shared(status, waiting) {
  const { maxConcurrent, current, queued, available, limitedBy, ...more } = status
  const own = limitedBy ?? (queued > 0 ? 'slots' : null)
  return {
    maxConcurrent,
    current: current - waiting,
    queued: queued + waiting,
    available,
    limitedBy: waiting > 0 ? 'host' : own,
    ...more,
    reach: 'host',
  }
}

module.exports = { CallSlots }
