'use strict'

// The measures of rules: a number of a sample, or a count within a window, and the message for it.

const { processMeasures } = require('./process-measures')
const { scannerMeasures } = require('./scanner-measures')
const { serverMeasures } = require('./server-measures')
const { many, percent, plain, seconds } = require('./words')

/**
 * @typedef {import('../health').Sample & { servers?: Record<string, ServerCalls> }} Sample
 * @typedef {Record<typeof COUNTERS[number], number>} Counts
 * @typedef {Counts & { servers: ReadonlyMap<string, ServerCalls> }} Counted
 * @typedef {{ calls: number, failures: number }} ServerCalls
 * @typedef {{ sample: Sample, counts: Counted, hasScanned: boolean }} Seen
 *   `counts` are the counts within the rule's window.
 *   `hasScanned`: true if the scanner has run since the watch began
 * @typedef {import('./rules').Rule} Rule
 * @typedef {{
 *   value(seen: Seen, rule: Rule): number | null,
 *   message(value: number, rule: Rule, seen: Seen): string,
 * }} Measure `null` is an unknown value.
 */

/** The counters of a sample that rules count within their windows. */
const COUNTERS = /** @type {const} */ ([
  'calls',
  'failures',
  'queueTimeouts',
  'kills',
  'crashes',
  'spawns',
  'cleanupErrors',
])

/** @type {Map<string, Measure>} */
const measures = new Map([
  [
    'processes',
    {
      value: ({ sample }) => sample.processes,
      message: (value, { threshold }) =>
        `${value} active processes detected (recommended max: ${threshold})`,
    },
  ],
  [
    'queue',
    {
      value: ({ sample }) => sample.queued,
      message: (value, { threshold }) =>
        `${many(value, 'call')} waiting for a slot (threshold: ${threshold})`,
    },
  ],
  [
    'queueTimeouts',
    {
      value: ({ counts }) => counts.queueTimeouts,
      message: (value, { threshold, window }) =>
        `${many(value, 'call')} timed out in the queue within ${seconds(window)} ` +
        `(threshold: ${threshold})`,
    },
  ],
  [
    'kills',
    {
      value: ({ counts }) => counts.kills,
      message: (value, { threshold, window }) =>
        `${many(value, 'process', 'processes')} terminated by the cleanup ` +
        `within ${seconds(window)} (threshold: ${threshold})`,
    },
  ],
  [
    'failures',
    {
      value: ({ counts }, { minimum }) =>
        counts.calls < minimum ? 0 : counts.failures / counts.calls,
      message: (value, { threshold, window }, { counts }) =>
        `${percent(value)} of ${many(counts.calls, 'call')} failed within ${seconds(window)} ` +
        `(threshold: ${percent(threshold)})`,
    },
  ],
  [
    'memory',
    {
      value: ({ sample: { memoryAvailable, memoryTotal } }) =>
        memoryTotal && memoryAvailable !== null ? 1 - memoryAvailable / memoryTotal : null,
      message: (value, { threshold }) =>
        `${percent(value)} of the memory in use (threshold: ${percent(threshold)})`,
    },
  ],
  [
    'stuck',
    {
      value: ({ sample }) => sample.stuck,
      message: (value, { threshold }) =>
        `${many(value, 'process tree')} killed but not exited, frozen or stuck in the kernel ` +
        `(threshold: ${threshold})`,
    },
  ],
  [
    'slowTool',
    {
      value: ({ sample: { slowest } }) => (slowest === null ? 0 : slowest.p95 * 1000),
      message: (value, { threshold }, { sample: { slowest } }) => {
        const tool =
          slowest === null ? 'no tool' : `${plain(slowest.server)}.${plain(slowest.tool)}`
        return `${tool} took ${seconds(value)} (95th percentile; threshold: ${seconds(threshold)})`
      },
    },
  ],
  [
    'pausedServer',
    {
      value: ({ sample: { paused } }) => paused?.pausedFor ?? 0,
      message: (value, { threshold }, { sample: { paused } }) =>
        `${paused ? pausedServers(paused) : 'no server'} for another ${seconds(value)} ` +
        `(threshold: ${seconds(threshold)})`,
    },
  ],
  [
    'fleet',
    {
      value: ({ sample: { fleetProblem } }) => (fleetProblem ? 1 : 0),
      message: (_value, _rule, { sample: { fleetProblem } }) =>
        `the Redis of the fleet's limits is away: ${plain(fleetProblem ?? 'no problem')}`,
    },
  ],
  ...serverMeasures,
  ...processMeasures,
  ...scannerMeasures,
])

/** @param {NonNullable<Sample['paused']>} paused */
function pausedServers({ server, count }) {
  if (count === 1) return `${plain(server)} is paused by its own Retry-After`
  const others = many(count - 1, 'other server')
  return `${plain(server)} and ${others} are paused by their own Retry-After, the longest`
}

module.exports = { COUNTERS, measures }
