'use strict'

/** Ms after the start of the process within which its calls count as calls of this moment. */
const YOUNG = 60_000

/**
 * Returns the sample of the start of the process, when nothing ran and nothing was counted.
 * Returns `undefined` for a process whose counts may be old.
 * @template {import('../health').Sample} S
 * @param {S} first the first sample that was taken
 * @param {number} uptime of the process, in ms
 * @returns {S | undefined}
 */
function beginning(first, uptime) {
  if (uptime > YOUNG) return undefined
  return {
    ...first,
    ...{ time: first.time - Math.max(Math.ceil(uptime), 1) },
    ...{ processes: 0, children: 0, memory: 0, stuck: 0, inUse: 0, queued: 0, exhausted: 0 },
    ...{ limitedBy: null, paused: null, fleetProblem: null, slowest: null, breakers: null },
    ...{ calls: 0, failures: 0, queueTimeouts: 0, kills: 0, scans: 0 },
    ...{ crashes: 0, spawns: 0, cleanupErrors: 0, servers: {} },
  }
}

module.exports = { beginning }
