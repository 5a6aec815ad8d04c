'use strict'

// The calls of each server, whatever their tools.

const { by, counter, foldedName, gauge, label } = require('./family')
const { OUTCOMES, withZeros } = require('./known-values')

/**
 * Returns the calls of each configured server, from 0 on. The series of a tool's first failure
 * begins with 1, which Prometheus does not count. These series begin before that.
 * @param {import('./families').Collected} collected
 * @param {ReadonlySet<string>} configured
 * @param {ReadonlySet<string>} known
 * @returns {import('./family').Family[]}
 */
function callsByServer({ calls, inFlight }, configured, known) {
  /** @type {Map<string, Record<string, number>>} */
  const servers = new Map([...configured].map((server) => [server, {}]))
  for (const { server, outcomes } of calls) {
    const counts = servers.get(server) ?? {}
    servers.set(server, counts)
    for (const [outcome, { count }] of Object.entries(outcomes))
      counts[outcome] = (counts[outcome] ?? 0) + count
  }
  return [
    counter(
      'procward_calls',
      'Calls of a server that have ended, by outcome.',
      [...servers].flatMap(([server, counts]) =>
        by('outcome', withZeros(OUTCOMES, 0, counts), { server }),
      ),
    ),
    gauge(
      'procward_calls_in_flight',
      'Calls that were sent and not answered yet.',
      'sum',
      [...inFlightByLabel(inFlight, configured, known)].map(([server, value]) => ({
        labels: { server },
        value,
      })),
    ),
  ]
}

/**
 * @param {ReadonlyMap<string, number>} inFlight
 * @param {ReadonlySet<string>} configured
 * @param {ReadonlySet<string>} known
 * @returns {Map<string, number>}
 */
function inFlightByLabel(inFlight, configured, known) {
  const counts = new Map([...configured].map((server) => [server, 0]))
  for (const [server, count] of inFlight) {
    const name = foldedName(counts, label(server), known.has(label(server)))
    counts.set(name, (counts.get(name) ?? 0) + count)
  }
  return counts
}

module.exports = { callsByServer }
