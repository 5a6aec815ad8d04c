'use strict'

// The calls through mcporter whose process has no pid yet, as callers see them.

const { whyNotStarted } = require('../process/start-waits')

/**
 * @typedef {import('../../index').ActiveProcess} ActiveProcess
 * @typedef {{ server: string, tool: string, startTime: number, began: number }} Begun
 *   - `began`: on the clock of `performance.now()`
 */

class StartingCalls {
  /** In the order of their beginnings. @type {Set<Begun>} */
  #calls = new Set()

  /**
   * Lists a call while its work goes on.
   * @template T
   * @param {import('./failure').Call} call
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async during({ server, tool }, work) {
    const begun = { server, tool, startTime: Date.now(), began: performance.now() }
    this.#calls.add(begun)
    try {
      return await work()
    } finally {
      this.#calls.delete(begun)
    }
  }

  /**
   * Returns the calls that have no process among those given. Of calls to the same tool the latest
   * have none, because processes start in order.
   * @param {readonly ActiveProcess[]} processes - of the calls, as far as they have started
   * @returns {ActiveProcess[]}
   */
  without(processes) {
    if (this.#calls.size === 0) return []
    /** @type {Map<string, number>} */
    const started = new Map()
    // The call of a stuck process may have settled.
    for (const { server, tool, stuck } of processes)
      if (!stuck) started.set(keyOf(server, tool), (started.get(keyOf(server, tool)) ?? 0) + 1)
    const now = performance.now()
    return [...this.#calls].flatMap(({ server, tool, startTime, began }) => {
      const key = keyOf(server, tool)
      const left = started.get(key) ?? 0
      started.set(key, left - 1)
      if (left > 0) return []
      const duration = Math.floor(now - began)
      return [{ pid: null, server, tool, startTime, duration, waitsFor: whyNotStarted(server) }]
    })
  }
}

/** @param {string | null} server @param {string | null} tool */
function keyOf(server, tool) {
  return JSON.stringify([server, tool])
}

module.exports = { StartingCalls }
