'use strict'

// The sessions with servers: their states, starts and ends, and the calls that wait for one.

const { by, counter, foldedName, gauge, label, single } = require('./family')
const { RETIREMENTS, withZeros } = require('./known-values')

/** The states of sessions that take calls or are being started. */
const STATES = ['idle', 'busy', 'starting']

/**
 * @typedef {import('./family').Family} Family
 * @typedef {import('./family').Point} Point
 * @typedef {import('./families').Collected} Collected
 * @typedef {Omit<import('../mcp-helper').ServerStats, 'server' | 'started'>} Counts
 * @typedef {Map<string, Counts>} Servers by label
 */

/**
 * Returns the families by server. Those of a helper that does not tell them have the totals alone.
 * @param {Collected} collected
 * @param {ReadonlySet<string>} known
 * @returns {Family[]}
 */
function poolFamilies({ pool, helper }, known) {
  const servers = helper === null ? totals(pool) : byServer(helper.servers, known)
  const labels = (/** @type {string} */ server) => {
    return /** @type {Record<string, string>} */ (helper === null ? {} : { server })
  }
  const points = (/** @type {(counts: Counts) => number} */ read) =>
    [...servers].map(([server, counts]) => ({ labels: labels(server), value: read(counts) }))
  return [
    single('procward_pool_limit', 'Sessions that there may be.', 'sum', pool?.maxSessions ?? 0),
    gauge(
      'procward_pool_size',
      'Sessions with servers, by state.',
      'sum',
      sessions(pool?.sessions ?? [], helper === null ? [] : servers.keys()),
    ),
    gauge(
      'procward_pool_waiting',
      'Calls that wait for a session.',
      'sum',
      points(({ waiting }) => waiting),
    ),
    counter(
      'procward_pool_hits',
      'Calls that got a session which had been used before.',
      points(({ hits }) => hits),
    ),
    counter(
      'procward_pool_misses',
      'Calls that were the first of their session.',
      points(({ misses }) => misses),
    ),
    counter(
      'procward_pool_start_failures',
      'Sessions that could not be started.',
      points(({ failed }) => failed),
    ),
    counter(
      'procward_pool_recycled',
      'Sessions that ended, by reason.',
      [...servers].flatMap(([server, { recycled }]) =>
        by('reason', withZeros(RETIREMENTS, 0, recycled), labels(server)),
      ),
    ),
    gauge(
      'procward_server_breaker_open',
      '1 while no start of a server is tried, because too many have failed in a row.',
      'max',
      helper === null ? [] : points(({ retryAfter }) => Number(retryAfter !== null)),
    ),
  ]
}

/** @param {Collected['pool']} pool @returns {Servers} */
function totals(pool) {
  const { hits = 0, misses = 0, recycled = {} } = pool?.stats ?? {}
  const counts = { waiting: pool?.queued ?? 0, retryAfter: null, failed: 0 }
  return new Map([['', { ...counts, hits, misses, recycled }]])
}

/**
 * Returns the counts under a bounded number of names.
 * @param {import('../mcp-helper').ServerStats[]} stats
 * @param {ReadonlySet<string>} known
 * @returns {Servers}
 */
function byServer(stats, known) {
  /** @type {Servers} */
  const servers = new Map()
  for (const { server, ...counts } of stats) {
    const name = label(server)
    const key = foldedName(servers, name, known.has(name))
    servers.set(key, plus(counts, servers.get(key)))
  }
  return servers
}

/** @param {Counts} one @param {Counts} [other] @returns {Counts} */
function plus(one, other) {
  if (other === undefined) return one
  /** @type {Record<string, number>} */
  const recycled = { ...one.recycled }
  for (const [reason, count] of Object.entries(other.recycled))
    recycled[reason] = (recycled[reason] ?? 0) + count
  return {
    waiting: one.waiting + other.waiting,
    retryAfter: one.retryAfter ?? other.retryAfter,
    failed: one.failed + other.failed,
    hits: one.hits + other.hits,
    misses: one.misses + other.misses,
    recycled,
  }
}

/**
 * Counts the sessions by server and state.
 * @param {import('../../index').McpPoolStatus['sessions']} all
 * @param {Iterable<string>} names
 * @returns {Point[]}
 */
function sessions(all, names) {
  const none = () => new Map(STATES.map((state) => [state, 0]))
  const servers = new Map([...names].map((server) => [server, none()]))
  for (const { server, state } of all) {
    const key = foldedName(servers, label(server))
    const counts = servers.get(key) ?? none()
    servers.set(key, counts)
    if (counts.has(state)) counts.set(state, (counts.get(state) ?? 0) + 1)
  }
  return [...servers].flatMap(([server, counts]) =>
    [...counts].map(([state, value]) => ({ labels: { server, state }, value })),
  )
}

module.exports = { poolFamilies }
