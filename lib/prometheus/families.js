'use strict'

// The only place for the metrics' names, their help texts and their labels.

const { version } = require('../../package.json')
const { REASONS } = require('../metrics/limits')
const {
  by,
  counter,
  distribution,
  foldedName,
  gauge,
  histogram,
  label,
  single,
} = require('./family')
const {
  CLEANUP_REASONS,
  EXIT_REASONS,
  OUTCOMES,
  RETIREMENTS,
  withZeros,
} = require('./known-values')
const { gateFamilies } = require('./memory')
const { byServer } = require('./servers')

/** The states of sessions that take calls or are being started. */
const STATES = ['idle', 'busy', 'starting']

/**
 * @typedef {import('./family').Family} Family
 * @typedef {import('./family').Point} Point
 * @typedef {ReturnType<typeof import('../metrics/collect').collect>} Collected
 */

/**
 * @param {Collected} collected
 * @param {import('../../index').Alert[]} alerts
 * @returns {Family[]}
 */
function families(collected, alerts) {
  return [
    gauge('procward_build_info', 'The version of procward.', 'first', [
      { labels: { version }, value: 1 },
    ]),
    ...queue(collected),
    ...servers(collected),
    ...gateFamilies(collected.gate, knownServers(collected)),
    ...calls(collected),
    ...children(collected),
    ...childProcesses(collected),
    ...pool(collected),
    ...cleanup(collected),
    gauge(
      'procward_alerts_active',
      'Alerts that are active, 1 each.',
      'max',
      alerts.map(activeAlert),
    ),
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
function queue({ semaphore, wait, rejected, bounds }) {
  return [
    single(
      'procward_semaphore_limit',
      'The number of calls that may run at once.',
      'sum',
      semaphore.limit,
    ),
    single('procward_semaphore_in_use', 'Calls that hold a slot.', 'sum', semaphore.inUse),
    single('procward_semaphore_queued', 'Calls that wait for a slot.', 'sum', semaphore.queued),
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

/** @param {Collected} collected @returns {Family[]} */
function servers({ limitedBy, servers, calls, children }) {
  const all = [...byServer(servers, knownServers({ calls, children }))]
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
      'sum',
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
      'sum',
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

/** Returns the servers that were counted. @param {Pick<Collected, 'calls' | 'children'>} counts */
function knownServers({ calls, children }) {
  return new Set([...calls, ...children].map(({ server }) => server ?? ''))
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

/** @param {Collected} collected @returns {Family[]} */
function children({ children }) {
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

/** @param {Collected} collected @returns {Family[]} */
function pool({ pool }) {
  const { hits = 0, misses = 0, recycled = {} } = pool?.stats ?? {}
  return [
    gauge(
      'procward_pool_size',
      'Sessions with servers, by state.',
      'sum',
      sessions(pool?.sessions ?? []),
    ),
    counter('procward_pool_hits', 'Calls that got a session which had been used before.', [
      { labels: {}, value: hits },
    ]),
    counter('procward_pool_misses', 'Calls that were the first of their session.', [
      { labels: {}, value: misses },
    ]),
    counter(
      'procward_pool_recycled',
      'Sessions that ended, by reason.',
      by('reason', withZeros(RETIREMENTS, 0, recycled)),
    ),
  ]
}

/**
 * Counts the sessions by server and state.
 * @param {import('../../index').McpPoolStatus['sessions']} all
 * @returns {Point[]}
 */
function sessions(all) {
  /** @type {Map<string, Map<string, number>>} */
  const servers = new Map()
  for (const { server, state } of all) {
    const name = label(server)
    const key = foldedName(servers, name)
    const counts = servers.get(key) ?? new Map(STATES.map((state) => [state, 0]))
    servers.set(key, counts)
    if (counts.has(state)) counts.set(state, (counts.get(state) ?? 0) + 1)
  }
  return [...servers].flatMap(([server, counts]) =>
    [...counts].map(([state, value]) => ({ labels: { server, state }, value })),
  )
}

/** @param {Collected} collected @returns {Family[]} */
function cleanup({ cleanup: { scans, killedFor, errors, lastScan } }) {
  return [
    counter('procward_cleanup_scans', 'Scans for processes that were forgotten.', [
      { labels: {}, value: scans },
    ]),
    counter(
      'procward_cleanup_killed',
      'Processes that scans killed, by reason.',
      by('reason', withZeros(CLEANUP_REASONS, 0, killedFor)),
    ),
    counter('procward_cleanup_errors', 'Errors of scans.', [{ labels: {}, value: errors }]),
    gauge(
      'procward_cleanup_last_scan_timestamp_seconds',
      'Time at which the latest scan began, since 1970.',
      'max',
      // A family without values has no points, because prom-client asks once for all families.
      lastScan === null ? [] : [{ labels: {}, value: lastScan / 1000 }],
    ),
  ]
}

/** @param {import('../../index').Alert} alert @returns {Point} */
function activeAlert({ name, level }) {
  return { labels: { name, level }, value: 1 }
}

module.exports = { families }
