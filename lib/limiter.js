'use strict'

// The limit on a helper's calls: slots for all servers together, and within that a limit, a rate
// and a pause for each server. The state is native.

const { DeadlineTimer, hasFakeTimers, onFakeClock } = require('./deadline-timer')
const { channels } = require('./diagnostics')
const { abortError } = require('./errors')
const native = require('./native')
const { SignalWaiters } = require('./signal-waiters')
const { closedError, costError, queueFullError, queueTimeoutError } = require('./semaphore/errors')

/**
 * @typedef {{ limit: number, interval: number }} Rate
 * @typedef {{ server: string, cost: number, timeout: number, signal?: AbortSignal }} Request
 *   - `timeout`: of the wait, in ms or `Infinity`
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
    const names = new Set([...Object.keys(limits), ...Object.keys(rates)])
    this.#native = new native.NativeCallLimiter(
      maxConcurrent,
      [...names].map((server) => {
        const { limit: rate, interval } = rates[server] ?? {}
        return { server, limit: limits[server], rate, interval }
      }),
    )
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
    if (this.#isClosed) throw closedError()
    if (cost > 1) this.#checkCost(server, cost)
    if (!this.#native.tryStart(server, cost)) {
      if (this.#native.queued() >= this.#maxQueue) throw queueFullError(this.#maxQueue)
      await waiting(() => this.#turn(request))
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
    this.#native.clear(closedError())
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
    const isPlain = servers.every(({ limit, rate, pauseLeft }) => !limit && !rate && !pauseLeft)
    if (isPlain) return status
    const limitedBy = queued === 0 ? null : reasonOf(servers)
    return { ...status, limitedBy, servers: servers.map(serverStatus) }
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
  #turn({ server, cost, timeout, signal }) {
    const isFaked = hasFakeTimers()
    const turn = this.#native.push(server, cost, isFaked ? Infinity : timeout)
    const ticket = this.#native.lastTicket()
    if (isFaked) {
      const cancel = () => this.#cancel(ticket, queueTimeoutError(timeout))
      const forget = onFakeClock(timeout, cancel)
      turn.then(forget, forget)
    }
    if (signal !== undefined) {
      this.#signals.add(signal, ticket)
      const forget = () => this.#signals.delete(signal, ticket)
      turn.then(forget, forget)
    }
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
    let isSent = false
    const send = () => {
      if (isSent) this.#native.sendAgain(server)
      else this.#native.send(server)
      isSent = true
      this.#settleWaiters()
    }
    const release = () => {
      this.#native.release(server, cost)
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
  #isReleased = false
  #isSent = false

  /**
   * @param {() => void} release
   * @param {() => void} [send] - notes the time of sending, for the server's rate
   */
  constructor(release, send) {
    this.#release = release
    /** To be called each time that the call is sent; undefined if nothing depends on that. */
    this.onSent =
      send &&
      (() => {
        if (this.#isReleased) return
        this.#isSent = true
        send()
      })
  }

  /** Gives the slots back, once. A call that was not noted as sent counts as sent now. */
  release() {
    if (this.#isReleased) return
    if (!this.#isSent) this.onSent?.()
    this.#isReleased = true
    this.#release()
  }
}

/**
 * Returns the reason for which calls wait.
 * @param {import('../binding').CallServerUse[]} servers
 * @returns {'slots' | 'server' | 'rate'}
 */
function reasonOf(servers) {
  const holds = servers.filter(({ queued }) => queued > 0).map(({ hold }) => hold)
  if (holds.includes('none')) return 'slots'
  return holds.includes('limit') ? 'server' : 'rate'
}

/** @param {import('../binding').CallServerUse} use */
function serverStatus({ server, limit, rate, inUse, queued, pauseLeft }) {
  return {
    server,
    limit: limit ?? null,
    rate: rate ?? null,
    current: inUse,
    queued,
    pausedFor: Math.ceil(pauseLeft),
  }
}

module.exports = { CallLimiter }
