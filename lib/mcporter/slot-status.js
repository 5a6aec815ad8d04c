'use strict'

// The status of slots, with the calls that have the slots of their own process and wait for more.

/**
 * @typedef {import('../mcp-helper').SemaphoreStatus} Status
 * @typedef {Exclude<Status['limitedBy'], undefined | null>} Cause
 */

/**
 * Counts calls that have slots of their own process among the waiting ones.
 * @param {Status} own
 * @param {{ cost: number, cause: Cause }[]} waiters - `cost`: in slots
 * @returns {Status}
 */
function withWaiting(own, waiters) {
  const { maxConcurrent, current, queued, available, limitedBy, ...more } = own
  const causes = waiters.map(({ cause }) => cause)
  // Other processes come first, as the last of the gates.
  const cause = causes.find((one) => one === 'host' || one === 'fleet') ?? causes[0]
  return {
    maxConcurrent,
    current: current - waiters.reduce((sum, { cost }) => sum + cost, 0),
    queued: queued + waiters.length,
    available,
    limitedBy: cause ?? limitedBy ?? (queued > 0 ? 'slots' : null),
    ...more,
  }
}

module.exports = { withWaiting }
