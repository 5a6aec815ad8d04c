'use strict'

// The calls that wait for slots, as callers see them.

const { publishWait } = require('../diagnostics/calls')

/** The most waiting calls in a list. */
const MAX_LISTED = 200

/**
 * A call that waits for its slots. `began` is on the clock of `performance.now()`. `waitsAt` is
 * there while the call has its process's own slots: the gate of starts, or the other processes that
 * share the limits.
 * @typedef {'start' | 'host' | 'fleet'} Place
 * @typedef {{ server: string, tool: string, cost: number, began: number, waitsAt?: Place }} Waiter
 * @typedef {<T>(wait: () => Promise<T>, waitsAt?: Place) => Promise<T>} Waiting
 */

class WaitingCalls {
  /** Oldest first. @type {Set<Waiter>} */
  #all = new Set()
  /** Those that have their process's own slots. @type {Set<Waiter>} */
  #above = new Set()

  /**
   * Does what takes the slots of a call. The call is listed while one of its waits goes on.
   * @template T
   * @param {import('./call-slots').Request} call
   * @param {{ id: number, cost: number, began: number, queued: () => number, onWait: () => void }}
   *   of - `queued`: returns the number of earlier waiters
   * @param {(waiting: Waiting) => Promise<T>} take
   * @returns {Promise<T>}
   */
  async during(call, { id, cost, began, queued, onWait }, take) {
    /** @type {Waiter | undefined} */
    let waiter
    try {
      return await take((wait, waitsAt) => {
        waiter ??= { server: call.server, tool: call.tool, cost, began }
        waiter.waitsAt = waitsAt
        this.#all.add(waiter)
        if (waitsAt !== undefined) this.#above.add(waiter)
        const waited = publishWait({ ...call, id }, queued(), wait)
        onWait()
        return waited
      })
    } finally {
      if (waiter !== undefined) {
        this.#all.delete(waiter)
        this.#above.delete(waiter)
      }
    }
  }

  /**
   * Returns the waiting calls, oldest first, at most 200.
   * @param {(waiter: Waiter) => import('../mcp-helper').QueuedCall['waitsFor']} reasonOf
   * @returns {import('../mcp-helper').QueuedCall[]}
   */
  list(reasonOf) {
    const now = performance.now()
    return [...this.#all].slice(0, MAX_LISTED).map((waiter) => {
      const { server, tool, began } = waiter
      const duration = now - began
      const startTime = Date.now() - duration
      return { server, tool, startTime, duration, waitsFor: reasonOf(waiter) }
    })
  }

  /** Returns those that have their process's own slots. */
  above() {
    return [...this.#above]
  }

  /** Returns the ms that the call has waited which waits longest, or `null`. */
  oldest() {
    if (this.#all.size === 0) return null
    let oldest = Infinity
    for (const { began } of this.#all) oldest = Math.min(oldest, began)
    return Math.floor(performance.now() - oldest)
  }
}

module.exports = { WaitingCalls }
