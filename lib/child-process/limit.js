'use strict'

// The optional limit on the children that this thread runs at once: `PROCWARD_MAX_CHILDREN`.

const config = require('../config')

/** The most starts that wait. A further one does not wait. */
const MOST_WAITERS = 10_000

/** @typedef {() => void} Leave Ends the count of one child, once. */

class ChildLimit {
  #semaphore
  /** The running children that started above the limit. */
  #excess = 0

  /** @param {number} maxChildren */
  constructor(maxChildren) {
    // Loaded on use, because most programs have no limit.
    const { Semaphore } = require('../semaphore')
    const options = { queueTimeout: Infinity, maxQueue: MOST_WAITERS }
    this.#semaphore = new Semaphore(maxChildren, options)
  }

  /** Counts a child if the limit lets the child start now. @returns {Leave | undefined} */
  enter() {
    return this.#semaphore.tryAcquire() ? this.#leave() : undefined
  }

  /** Counts a child that starts whatever the limit is. @returns {Leave} */
  exceed() {
    this.#excess++
    return this.#leave()
  }

  /**
   * Counts a child at its turn, first come first served.
   * @param {AbortSignal} signal
   * @returns {Promise<Leave>} rejects if the signal is aborted or too many starts wait
   */
  async turn(signal) {
    await this.#semaphore.acquire({ signal })
    return this.#leave()
  }

  hasRoomToWait() {
    return this.#semaphore.getStatus().queued < MOST_WAITERS
  }

  #leave() {
    let isCounted = true
    return () => {
      if (!isCounted) return
      isCounted = false
      // A child above the limit leaves no slot to a waiter.
      if (this.#excess > 0) this.#excess--
      else this.#semaphore.release()
    }
  }
}

/** @type {ChildLimit | undefined} */
let limit
let isRead = false

/** Returns the limit, if there is one. The variable is read at the first child. */
function childLimit() {
  if (isRead) return limit
  isRead = true
  try {
    const maxChildren = config.maxChildren()
    if (maxChildren !== undefined) limit = new ChildLimit(maxChildren)
  } catch (error) {
    const { message, code } = /** @type {any} */ (error)
    // A malformed value is no reason to lose the guard.
    if (code === 'ERR_INVALID_CONFIG') process.emitWarning(message, { code })
    // This process has no descriptor left for a file. A later child may have the limit.
    else isRead = false
  }
  return limit
}

/**
 * Starts a child, and ends its count at its exit.
 * @param {any} handle
 * @param {Leave} leave
 * @param {() => number} start
 */
function counted(handle, leave, start) {
  const { onexit } = handle
  handle.onexit = (/** @type {any[]} */ ...args) => {
    leave()
    return onexit(...args)
  }
  const errno = start()
  if (errno !== 0) leave()
  return errno
}

module.exports = { ChildLimit, childLimit, counted }
