'use strict'

// The place of a helper in a fleet. A user's own helper may have none.

/** @typedef {import('../mcp-helper').FleetStatus} FleetStatus */

const MODES = ['connecting', 'fleet', 'local', 'unreachable']

/**
 * Returns the place by the names of its fields, so that nothing else of a helper can leak. Returns
 * `undefined` for a helper without a fleet.
 * @param {{ fleet?: Partial<FleetStatus> }} status
 * @returns {FleetStatus | undefined}
 */
function fleetStatus({ fleet }) {
  if (typeof fleet !== 'object' || fleet === null) return undefined
  const { mode, address, processes, share, reason, graceLeft, host, pid, use } = fleet
  const { lost, refused = 0 } = fleet
  return {
    mode: mode !== undefined && MODES.includes(mode) ? mode : 'unreachable',
    address: String(address),
    processes: Number(processes),
    share: share ?? null,
    reason: typeof reason === 'string' ? reason : null,
    graceLeft: Number(graceLeft),
    lost: Number(lost),
    refused: Number(refused),
    host: String(host),
    pid: Number(pid),
    use: use ? { limit: use.limit, inUse: use.inUse, waiting: use.waiting } : null,
  }
}

/**
 * Returns the reason for which the fleet's Redis does not decide; `null` while it does.
 * @param {{ fleet?: Partial<FleetStatus> }} status
 */
function fleetProblem(status) {
  const { mode, reason } = fleetStatus(status) ?? {}
  return mode === 'local' || mode === 'unreachable' ? (reason ?? 'not connected') : null
}

module.exports = { MODES, fleetProblem, fleetStatus }
