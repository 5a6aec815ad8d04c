'use strict'

// The status of slots, with the calls that have the slots of their own process and wait for more.

/** @typedef {import('../mcp-helper').SemaphoreStatus} Status */

/**
 * Returns the status of slots that other processes share.
 * @param {Status} own
 * @param {number} count - the calls that wait for other processes
 * @param {'host' | 'fleet'} reach
 * @returns {Status}
 */
function sharedStatus(own, count, reach) {
  return { ...withWaiting(own, count, reach), reach }
}

/**
 * Counts calls with slots of their own process among the waiting ones.
 * @param {Status} own
 * @param {number} count
 * @param {Exclude<Status['limitedBy'], undefined | null>} cause
 * @returns {Status}
 */
function withWaiting(
  { maxConcurrent, current, queued, available, limitedBy, ...more },
  count,
  cause,
) {
  return {
    maxConcurrent,
    current: current - count,
    queued: queued + count,
    available,
    limitedBy: count > 0 ? cause : (limitedBy ?? (queued > 0 ? 'slots' : null)),
    ...more,
  }
}

module.exports = { sharedStatus, withWaiting }
