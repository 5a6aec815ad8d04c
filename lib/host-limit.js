'use strict'

// The limit on the calls of all processes of this user on this machine (`MCP_LIMIT_URL=host`).

const { boundOnFakeClock } = require('./deadline-timer')
const { abortError, codedError } = require('./errors')
const native = require('./native')
const { queueTimeoutError, shutDownError } = require('./semaphore/errors')
const { SignalWaiters } = require('./signal-waiters')

/**
 * @typedef {import('./limiter').Request} Request
 * @typedef {import('../binding').NativeHostLimit} Native
 * @typedef {{ limit: Native, ticket: number }} Wait
 */

/** The addon's answer to a wait that was given up. */
const NOTHING = -1

class HostLimit {
  #maxConcurrent
  #limits
  #folder
  /**
   * The limits by server, and the overall one under `undefined`.
   * @type {Map<string | undefined, Native>}
   */
  #opened = new Map()
  /** @type {Set<Wait>} */
  #waits = new Set()
  #isClosed = false
  /** @type {SignalWaiters<Wait>} */
  #signals = new SignalWaiters(cancel)

  /**
   * @param {number} maxConcurrent
   * @param {{ limits: Record<string, number>, folder: string | undefined }} options
   *   - `folder`: of the slots' files; the user's own by default
   */
  constructor(maxConcurrent, { limits, folder }) {
    this.#maxConcurrent = maxConcurrent
    this.#limits = new Map(Object.entries(limits))
    this.#folder = folder
  }

  /**
   * Takes the slots of a call, at once or at its turn: those of its server first.
   * @param {Request} request
   * @param {number} began - the time at which its timeout began
   * @param {(wait: () => Promise<number>) => Promise<number>} [waiting]
   *   called with the wait, if the call has to wait
   * @returns {Promise<{ release(): void }>} rejects with `ERR_QUEUE_TIMEOUT`, `ERR_CLOSED`,
   *   `ERR_LIMIT_UNAVAILABLE` or an `AbortError`
   */
  async acquire(request, began, waiting = (wait) => wait()) {
    const { server, timeout } = request
    const deadline = began + timeout
    const own = this.#limits.has(server)
      ? await this.#take(server, request, deadline, waiting)
      : undefined
    try {
      const all = await this.#take(undefined, request, deadline, waiting)
      const release = () => {
        all()
        own?.()
      }
      return { release }
    } catch (error) {
      own?.()
      throw error
    }
  }

  /** Changes the overall limit of this process. @param {number} maxConcurrent */
  resize(maxConcurrent) {
    this.#maxConcurrent = maxConcurrent
    this.#opened.get(undefined)?.resize(maxConcurrent)
  }

  /** Rejects the waiting calls with `ERR_CLOSED`. The files are closed with the last call. */
  close() {
    this.#isClosed = true
    this.#waits.forEach(cancel)
    for (const limit of this.#opened.values()) limit.close()
  }

  /**
   * Takes slots of one limit.
   * @param {string | undefined} server
   * @param {Request} request
   * @param {number} deadline
   * @param {(wait: () => Promise<number>) => Promise<number>} waiting
   */
  async #take(server, request, deadline, waiting) {
    const limit = this.#open(server)
    const { handle, ticket, turn } = opened(() => limit.acquire(request.cost))
    let taken = handle ?? NOTHING
    if (turn !== undefined && ticket !== undefined)
      taken = await waiting(() => this.#turn({ limit, ticket }, turn, request, deadline))
    if (taken === NOTHING) throw this.#failure(server, request)
    if (!request.signal?.aborted) return () => limit.release(taken)
    limit.release(taken)
    throw abortError(request.signal)
  }

  /**
   * Waits for a turn, at most until the deadline.
   * @param {Wait} wait
   * @param {Promise<number>} turn
   * @param {Request} request
   * @param {number} deadline
   */
  async #turn(wait, turn, { signal }, deadline) {
    const left = Math.max(deadline - performance.now(), 0)
    boundOnFakeClock(turn, left, () => cancel(wait))
    if (signal !== undefined) this.#signals.addUntilSettled(signal, wait, turn)
    this.#waits.add(wait)
    try {
      return await turn
    } catch (error) {
      throw unavailable(error)
    } finally {
      this.#waits.delete(wait)
    }
  }

  /** @param {string | undefined} server @param {Request} request */
  #failure(server, { signal, timeout }) {
    if (signal?.aborted) return abortError(signal)
    if (this.#isClosed) return shutDownError()
    const error = queueTimeoutError(timeout)
    const whose = server === undefined ? '' : ` for the server '${server}'`
    error.message += `; all processes of this user share the slots of this machine${whose}`
    return error
  }

  /** @param {string | undefined} server */
  #open(server) {
    if (this.#isClosed) throw shutDownError()
    const known = this.#opened.get(server)
    if (known !== undefined) return known
    const limit = server === undefined ? this.#maxConcurrent : Number(this.#limits.get(server))
    const made = opened(() => new native.NativeHostLimit(this.#folder, server, limit))
    this.#opened.set(server, made)
    return made
  }
}

/** @param {Wait} wait */
function cancel({ limit, ticket }) {
  limit.cancel(ticket)
}

/**
 * Does something with the files of the slots.
 * @template T
 * @param {() => T} use
 * @returns {T}
 */
function opened(use) {
  try {
    return use()
  } catch (error) {
    throw unavailable(error)
  }
}

/** @param {unknown} error the addon's, which names the folder or the file */
function unavailable(error) {
  const { message } = /** @type {Error} */ (error)
  return codedError('ERR_LIMIT_UNAVAILABLE', `MCP_LIMIT_URL=host: ${message}`, { cause: error })
}

module.exports = { HostLimit }
