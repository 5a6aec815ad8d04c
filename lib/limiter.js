'use strict'

// The limit on a helper's calls: slots for all servers together, and within that a limit, a rate
// and a pause for each server. The state is native.

const { boundOnFakeClock, DeadlineTimer, hasFakeTimers } = require('./deadline-timer')
const { channels } = require('./diagnostics')
const { abortError } = require('./errors')
const native = require('./native')
const { SignalWaiters } = require('./signal-waiters')
const {
  costError,
  queueFullError,
  queueTimeoutError,
  shutDownError,
} = require('./semaphore/errors')
const { serverLimits } = require('./semaphore/server-limits')
const { reasonOf, reasonOfServer, serverStatus } = require('./semaphore/server-use')

/**
 * @typedef {{ fence?: number, onLost(listener: () => void): void }} Lease of slots that may be lost
 *   while they are held
 * @typedef {{ release(): void, send?: () => void }} Further slots of a call, which other processes
 *   share
 * @typedef {{ limit: number, interval: number }} Rate
 * @typedef {{ server: string, cost: number, timeout: number, signal?: AbortSignal, ticket?: number
 *   }} Request
 *   - `timeout`: of the wait, in ms or `Infinity`
 *   - `ticket`: the place in the order, set by `acquire()`; a request that has one has given its
 *   slots back, and waits in its old place
 */

class CallLimiter {
  #native
  #maxQueue
  #limits
  /** The servers whose starts are counted. @type {Set<string>} */
  #rated
  #isClosed = false
  #timer = new DeadlineTimer(() => this.#native.settle())
  /** @type {SignalWaiters<number>} */
  #signals = new SignalWaiters((ticket, signal) => this.#cancel(ticket, abortError(signal)))

  /**
   * @param {number} maxConcurrent
   * @param {{ maxQueue: number, limits: Record<string, number>, rates: Record<string, Rate> }}
   *   options
   */
  constructor(maxConcurrent, { maxQueue, limits, rates }) {
    this.#maxQueue = maxQueue
    this.#limits = new Map(Object.entries(limits))
    this.#rated = new Set(Object.keys(rates))
    this.#native = new native.NativeCallLimiter(maxConcurrent, serverLimits(limits, rates))
  }

  /**
   * Takes the slots of a call, at once or at its turn.
   * @param {Request} request
   * @param {(wait: () => Promise<void>) => Promise<void>} [waiting] - called with the wait, if the
   *   call has to wait
   * @returns {Promise<Slots>} rejects with `ERR_QUEUE_TIMEOUT`, `ERR_QUEUE_FULL`, `ERR_CLOSED` or
   *   an `AbortError`
   */
  async acquire(request, waiting = (wait) => wait()) {
    const { server, cost, signal } = request
    if (signal?.aborted) throw abortError(signal)
    if (this.#isClosed) throw shutDownError()
    if (cost > 1) this.#checkCost(server, cost)
    if (request.ticket) await waiting(() => this.#turn(request))
    else {
      request.ticket = this.#native.tryStart(server, cost)
      if (!request.ticket) {
        if (this.#isFull(server)) throw this.#explained(queueFullError(this.#maxQueue), server)
        await waiting(() => this.#turn(request)).catch((error) => {
          throw error.code === 'ERR_QUEUE_TIMEOUT' ? this.#explained(error, server) : error
        })
      }
    }
    const slots = this.#slots(server, cost)
    if (!signal?.aborted) return slots
    slots.release()
    throw abortError(signal)
  }

  /** Returns the number of waiters. */
  queued() {
    return this.#native.queued()
  }

  /** Returns whether a call waits that a higher overall limit would let start. */
  waitsForSlots() {
    return this.#native.waitsForSlots()
  }

  /**
   * Returns the reason for which the calls of each server wait.
   * @returns {Map<string, 'slots' | 'server' | 'rate' | 'start'>}
   */
  waitReasons() {
    const waited = this.#native.servers().filter(({ queued }) => queued > 0)
    return new Map(waited.map((use) => [use.server, reasonOf([use])]))
  }

  /** Returns whether a call that has to wait would be refused. */
  isQueueFull() {
    const { limit, inUse, queued } = this.#native.status()
    return queued >= this.#maxQueue && inUse >= limit
  }

  /**
   * Lets no call of the server start for a while. A longer pause stays.
   * @param {string} server
   * @param {number} ms
   */
  pause(server, ms) {
    this.#native.pause(server, ms)
    this.#settle()
  }

  /**
   * Lets no call of the server start for a while, because the server itself is not started before.
   * @param {string} server
   * @param {number} ms
   */
  holdStarts(server, ms) {
    this.#native.holdStarts(server, ms)
    this.#settleWaiters()
  }

  /**
   * @param {number} maxConcurrent
   * @param {string} [reason] - of a limit that follows the machine, for the event
   */
  resize(maxConcurrent, reason) {
    const { limit: before } = this.#native.status()
    this.#native.resize(maxConcurrent)
    this.#settle()
    const { limit } = channels
    if (limit.hasSubscribers && before !== maxConcurrent)
      limit.publish({ time: Date.now(), before, maxConcurrent, ...(reason && { reason }) })
  }

  /** Refuses new calls and rejects the waiting ones with `ERR_CLOSED`. */
  close() {
    this.#isClosed = true
    this.#native.clear(shutDownError())
    this.#timer.rest()
  }

  /**
   * Returns the counts. The servers and the reason for waiting are left out while nothing but the
   * overall limit is in force, so that the result is that of a semaphore.
   */
  getStatus() {
    const { limit: maxConcurrent, inUse: current, queued } = this.#native.status()
    const status = {
      maxConcurrent,
      current,
      queued,
      available: Math.max(maxConcurrent - current, 0),
    }
    const servers = this.#native.servers()
    const isPlain = servers.every(
      ({ limit, rate, pauseLeft, startLeft }) => !limit && !rate && !pauseLeft && !startLeft,
    )
    if (isPlain) return status
    const limitedBy = queued === 0 ? null : reasonOf(servers)
    return { ...status, limitedBy, servers: servers.map(serverStatus) }
  }

  /**
   * Adds the server's own reason to the error of a call that found no slot, because more slots
   * would not have helped.
   * @param {Error} error
   * @param {string} server
   */
  #explained(error, server) {
    const use = this.#native.servers().find((use) => use.server === server)
    const reason = use && reasonOfServer(use)
    if (reason !== undefined) error.message += `; ${reason}`
    return error
  }

  /** Returns whether no further call of the server may wait. @param {string} server */
  #isFull(server) {
    // Calls that leave free slots to others until their server is started do not fill the queue.
    return (
      this.#native.queued() >= this.#maxQueue && this.#native.queuedWith(server) > this.#maxQueue
    )
  }

  /** @param {string} server @param {number} cost */
  #checkCost(server, cost) {
    const { limit: maxConcurrent } = this.#native.status()
    if (cost > maxConcurrent) throw costError(cost, maxConcurrent)
    const limit = this.#limits.get(server) ?? Infinity
    if (cost > limit) throw costError(cost, limit, `limits['${server}']`)
  }

  /**
   * Queues a waiter; resolves at its turn.
   * @param {Request} request
   * @returns {Promise<void>}
   */
  #turn(request) {
    const { server, cost, timeout, signal } = request
    const isFaked = hasFakeTimers()
    const bound = isFaked ? Infinity : timeout
    const turn = request.ticket
      ? this.#native.pushAt(request.ticket, server, cost, bound)
      : this.#native.push(server, cost, bound)
    request.ticket ||= this.#native.lastTicket()
    const { ticket } = request
    if (isFaked)
      boundOnFakeClock(turn, timeout, () => this.#cancel(ticket, queueTimeoutError(timeout)))
    if (signal !== undefined) this.#signals.addUntilSettled(signal, ticket, turn)
    this.#settle()
    return turn
  }

  /** @param {number} ticket @param {Error} reason */
  #cancel(ticket, reason) {
    this.#native.cancel(ticket, reason)
    this.#settle()
  }

  /** Starts the calls that may start, and sets the timer for the next time at which one may. */
  #settle() {
    const next = this.#native.settle()
    if (next >= 0) this.#timer.wake(next)
    else this.#timer.rest()
  }

  /** @param {string} server @param {number} cost */
  #slots(server, cost) {
    const send = (/** @type {boolean} */ isSent) => {
      if (isSent) this.#native.sendAgain(server)
      else this.#native.send(server)
      this.#settleWaiters()
    }
    const release = (/** @type {boolean} */ isUnsent) => {
      if (isUnsent) this.#native.giveBack(server, cost)
      else this.#native.release(server, cost)
      this.#settleWaiters()
    }
    return new Slots(release, this.#rated.has(server) ? send : undefined)
  }

  #settleWaiters() {
    if (this.#native.queued() > 0) this.#settle()
  }
}

/** The slots of one call. */
class Slots {
  #release
  /** @type {Further | undefined} */
  #further
  #isReleased = false
  #isSent = false

  /**
   * @param {(isUnsent: boolean) => void} release
   * @param {(isSent: boolean) => void} [send] - notes the time of sending, for the server's rate
   */
  constructor(release, send) {
    this.#release = release
    /** To be called each time that the call is sent; undefined if nothing depends on that. */
    this.onSent =
      send &&
      (() => {
        if (this.#isReleased) return
        send(this.#isSent)
        this.#further?.send?.()
        this.#isSent = true
      })
  }

  /**
   * Takes further slots, which are given back with these. A failure gives these back at once.
   * @template {Further} Shared
   * @param {() => Promise<Shared>} take
   * @returns {Promise<Shared>}
   */
  async add(take) {
    try {
      const further = await take()
      this.#further = further
      return further
    } catch (error) {
      this.release()
      throw error
    }
  }

  /** Gives the slots back, once. A call that was not noted as sent counts as sent now. */
  release() {
    if (this.#isReleased) return
    if (!this.#isSent) this.onSent?.()
    this.#isReleased = true
    this.#further?.release()
    this.#release(false)
  }

  /** Gives the slots back of a call that takes them again later. */
  giveBack() {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#further?.release()
    this.#release(!this.#isSent)
  }
}

module.exports = { CallLimiter }
