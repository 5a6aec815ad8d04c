'use strict'

// The place of a helper in a fleet, and the use of the whole fleet.

const { MODES } = require('../metrics/fleet')
const { counter, gauge } = require('./family')

/** @typedef {import('../mcp-helper').FleetStatus} FleetStatus */

/**
 * Returns the families of a fleet. They have no values without a fleet. The workers of a cluster
 * are in one fleet, so its gauges are not summed.
 * @param {FleetStatus | null} fleet
 * @returns {import('./family').Family[]}
 */
function fleetFamilies(fleet) {
  const points = (/** @type {(fleet: FleetStatus) => number | undefined} */ read) => {
    const value = fleet === null ? undefined : read(fleet)
    return value === undefined ? [] : [{ labels: {}, value }]
  }
  const modes = fleet === null ? [] : MODES
  return [
    gauge(
      'procward_fleet_mode',
      '1 for the place that decides about calls, 0 for the others.',
      'max',
      modes.map((mode) => ({ labels: { mode }, value: Number(mode === fleet?.mode) })),
    ),
    gauge(
      'procward_fleet_processes',
      'Helpers in the fleet, as Redis said last.',
      'max',
      points(({ processes }) => processes),
    ),
    gauge(
      'procward_fleet_limit',
      'The number of calls that may run at once in the whole fleet, as Redis said last.',
      'max',
      points(({ use }) => use?.limit),
    ),
    gauge(
      'procward_fleet_in_use',
      'Slots in use in the whole fleet, as Redis said last.',
      'max',
      points(({ use }) => use?.inUse),
    ),
    gauge(
      'procward_fleet_queued',
      'Calls of the whole fleet that wait for a slot, as Redis said last.',
      'max',
      points(({ use }) => use?.waiting),
    ),
    gauge(
      'procward_fleet_grace_seconds',
      'Time for which Redis starts no call, because it has lost its memory.',
      'max',
      points(({ graceLeft }) => graceLeft / 1000),
    ),
    counter(
      'procward_fleet_lost',
      'Calls that lost their slots while they ran.',
      points(({ lost }) => lost),
    ),
    counter(
      'procward_fleet_refused',
      'Calls that were refused, because Redis was away.',
      points(({ refused }) => refused),
    ),
  ]
}

module.exports = { fleetFamilies }
