// The place in a fleet of the checks.

import { FleetLimit } from '../../../lib/fleet-limit.js'

export const KILL_GRACE = 200

/**
 * @param {number} slots
 * @param {{ url: string, lease: number, onUnreachable?: 'local' | 'refuse' }} settings
 */
export function fleetLimit(slots, { url, lease, onUnreachable = 'refuse' }) {
  const settings = { url, lease, killGrace: KILL_GRACE, onUnreachable }
  return new FleetLimit(slots, { limits: {}, rates: {}, ...settings })
}

/**
 * Takes slots; resolves when they were granted.
 * @param {FleetLimit} limit
 * @param {{ cost?: number, timeout?: number }} [request]
 */
export function take(limit, { cost = 1, timeout = Infinity } = {}) {
  return limit.acquire({ server: 'one', cost, timeout }, performance.now())
}
