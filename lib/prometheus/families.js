'use strict'

// The only place for the metrics' names, their help texts and their labels.

const { version } = require('../../package.json')
const { REASONS } = require('../metrics/limits')
const { by, counter, distribution, gauge, histogram, single } = require('./family')
const { EXIT_REASONS, OUTCOMES, withZeros } = require('./known-values')
const { callsByServer } = require('./calls')
const { cleanupFamilies } = require('./cleanup')
const { fleetFamilies } = require('./fleet')
const { gateFamilies } = require('./memory')
const { byServer, configuredServers, knownServers } = require('./servers')
const { poolFamilies } = require('./sessions')
const { webhookFamilies } = require('./webhook')

/**
 * @typedef {import('./family').Family} Family
 * @typedef {import('./family').Point} Point
 * @typedef {ReturnType<typeof import('../metrics/collect').collectAll>} Collected
 */

/** The time at which this process started, in seconds since 1970. */
const STARTED = Date.now() / 1000 - process.uptime()

/**
 * Returns all families. A family without values has no points, because prom-client asks once for
 * all families.
 * @param {Collected} collected
 * @param {import('../../index').Alert[]} alerts
 * @param {import('../../index').WebhookStatus[]} [webhooks]
 * @returns {Family[]}
 */
function families(collected, alerts, webhooks = []) {
  const configured = configuredServers(collected)
  const known = knownServers(collected, configured)
  return [
    gauge('procward_build_info', 'The version of procward.', 'first', [
      { labels: { version }, value: 1 },
    ]),
    single(
      'procward_process_start_time_seconds',
      'Time at which this process started, since 1970.',
      'max',
      STARTED,
    ),
    single(
      'procward_ready',
      '1 while new calls are accepted, 0 while shutting down or with a full queue.',
      'min',
      Number(collected.isReady),
    ),
    ...queue(collected),
    ...servers(collected, known),
    ...fleetFamilies(collected.fleet),
    ...gateFamilies(collected.gate, known),
    ...calls(collected),
    ...callsByServer(collected, configured, known),
    ...children(collected, configured),
    ...childProcesses(collected),
    ...poolFamilies(collected, known),
    ...cleanupFamilies(collected.cleanup),
    gauge(
      'procward_alerts_active',
      'Alerts that are active, 1 each.',
      'max',
      alerts.map(activeAlert),
    ),
    ...webhookFamilies(webhooks),
    single(
      'procward_host_memory_available_bytes',
      'Memory that is left.',
      'min',
      collected.memory.available,
    ),
    single('procward_host_memory_bytes', 'Memory in all.', 'max', collected.memory.total),
  ]
}

/** @param {Collected} collected @returns {Family[]} */
function queue({ semaphore, isShared, helper, wait, rejected, bounds }) {
  return [
    single(
      'procward_semaphore_limit',
      'The number of calls that may run at once.',
      isShared ? 'max' : 'sum',
      semaphore.limit,
    ),
    single('procward_semaphore_in_use', 'Calls that hold a slot.', 'sum', semaphore.inUse),
    single('procward_semaphore_queued', 'Calls that wait for a slot.', 'sum', semaphore.queued),
    gauge(
      'procward_semaphore_oldest_wait_seconds',
      'Time that the call has waited for its slot which waits longest.',
      'max',
      helper === null ? [] : [{ labels: {}, value: (helper.oldestWait ?? 0) / 1000 }],
    ),
    histogram(
      'procward_semaphore_wait_seconds',
      'Time that calls waited for the slot that they got.',
      [distribution({}, wait.histogram, bounds)],
    ),
    counter(
      'procward_semaphore_rejected',
      'Calls that got no slot, by reason.',
      by('reason', rejected),
    ),
  ]
}

/** @param {Collected} collected @param {ReadonlySet<string>} known @returns {Family[]} */
function servers({ limitedBy, servers, isShared }, known) {
  const all = [...byServer(servers, known)]
  const points = (/** @type {(use: import('./servers').Use) => number | null} */ read) =>
    all.flatMap(([server, use]) => {
      const value = read(use)
      return value === null ? [] : [{ labels: { server }, value }]
    })
  return [
    gauge(
      'procward_semaphore_limited',
      '1 for the reason for which calls wait now, 0 for the others.',
      'max',
      REASONS.map((reason) => ({ labels: { reason }, value: reason === limitedBy ? 1 : 0 })),
    ),
    gauge(
      'procward_server_limit',
      'The number of slots that the calls of a server may hold.',
      isShared ? 'max' : 'sum',
      points(({ limit }) => limit),
    ),
    gauge(
      'procward_server_in_use',
      'Slots that the calls of a server hold.',
      'sum',
      points(({ inUse }) => inUse),
    ),
    gauge(
      'procward_server_queued',
      'Calls of a server that wait for a slot.',
      'sum',
      points(({ queued }) => queued),
    ),
    gauge(
      'procward_server_rate_limit',
      'The number of calls of a server that may start within the interval of its rate.',
      isShared ? 'max' : 'sum',
      points(({ rateLimit }) => rateLimit),
    ),
    gauge(
      'procward_server_rate_recent',
      'Calls of a server that count for its rate now.',
      'sum',
      points(({ recent }) => recent),
    ),
    gauge(
      'procward_server_pause_seconds',
      'Time for which no call of a server starts, because the server asked for a pause.',
      'max',
      points(({ pause }) => pause),
    ),
  ]
}

/** @param {Collected} collected @returns {Family[]} */
function calls({ calls, bounds }) {
  // Bounds for outcomes without calls would make a scrape about four times as long.
  /** @type {import('../metrics/collect').Histogram} */
  const none = { sum: 0, count: 0, buckets: [] }
  const points = calls.flatMap(({ server, tool, outcomes }) =>
    Object.entries(withZeros(OUTCOMES, none, outcomes)).map(([outcome, of]) =>
      distribution({ server, tool, outcome }, of, bounds),
    ),
  )
  return [
    histogram(
      'procward_tool_call_duration_seconds',
      'Time that calls took once they had a slot.',
      points,
    ),
  ]
}

/** @param {Collected} collected @param {ReadonlySet<string>} configured @returns {Family[]} */
function children({ children: counted }, configured) {
  const children = withUnused(counted, configured)
  const name = (/** @type {string | null} */ server) => ({ server: server ?? '' })
  const points = (
    /** @type {'count' | 'memory' | 'cpu' | 'spawns' | 'stuck' | 'stuckTotal'} */ field,
  ) => children.map((child) => ({ labels: name(child.server), value: child[field] }))
  const exits = children.flatMap(({ server, exits }) =>
    by('reason', withZeros(EXIT_REASONS, 0, exits), name(server)),
  )
  return [
    gauge('procward_children', 'Process trees that run.', 'sum', points('count')),
    gauge(
      'procward_children_resident_memory_bytes',
      'Resident memory of the process trees.',
      'sum',
      points('memory'),
    ),
    counter(
      'procward_children_cpu_seconds',
      'Processor time of the process trees, also of those that ended.',
      points('cpu'),
    ),
    gauge(
      'procward_children_stuck',
      'Process trees that were killed and are still there.',
      'sum',
      points('stuck'),
    ),
    counter('procward_child_spawns', 'Process trees that were started.', points('spawns')),
    counter('procward_child_exits', 'Process trees that ended, by reason.', exits),
    counter(
      'procward_child_stuck',
      'Process trees that were killed and did not end in time.',
      points('stuckTotal'),
    ),
  ]
}

/**
 * Adds the configured servers of which no process has started, so that the first one is counted.
 * @param {Collected['children']} counted
 * @param {ReadonlySet<string>} configured
 * @returns {Collected['children']}
 */
function withUnused(counted, configured) {
  const zeros = { count: 0, memory: 0, cpu: 0, spawns: 0, exits: {}, stuck: 0, stuckTotal: 0 }
  const seen = new Set(counted.map(({ server }) => server ?? ''))
  const unused = [...configured].filter((server) => !seen.has(server))
  return [...counted, ...unused.map((server) => ({ server, ...zeros }))]
}

/** @param {Collected} collected @returns {Family[]} */
function childProcesses({ childProcesses }) {
  const { guarded, adopted, unguarded, released, waiting, fallbacks } = childProcesses
  return [
    counter(
      'procward_child_process_spawns',
      "Children of Node.js's child_process that were started, by guard.",
      by('guard', { warden: guarded, adopted, none: unguarded }),
    ),
    counter(
      'procward_child_process_fallbacks',
      'Children that Node.js itself started, by reason.',
      by('reason', fallbacks),
    ),
    counter('procward_child_process_released', 'Detached children that were let go.', [
      { labels: {}, value: released },
    ]),
    single(
      'procward_child_process_waiting',
      'Starts of children that wait for PROCWARD_MAX_CHILDREN.',
      'sum',
      waiting,
    ),
  ]
}

/** @param {import('../../index').Alert} alert @returns {Point} */
function activeAlert({ name, level }) {
  return { labels: { name, level }, value: 1 }
}

module.exports = { families }
