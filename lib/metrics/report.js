'use strict'

const { collect } = require('./collect')
const { bounded } = require('./limits')

/**
 * Returns all metrics of this moment as one object.
 * @param {import('./collect').Source} source
 * @returns {import('../../index').Metrics}
 */
function metricsOf(source) {
  const collected = collect(source)
  const { time, calls, wait, semaphore, limitedBy, servers, rejected, children } = collected
  const { childProcesses, pool, cleanup } = collected
  return {
    time,
    calls: calls.map(({ server, tool, count, outcomes, p50, p95, p99, max, mean }) => {
      return { server, tool, count, failures: failures(outcomes), p50, p95, p99, max, mean }
    }),
    queueWait: latency(wait),
    semaphore,
    limitedBy,
    servers: bounded(servers).map(serverUse),
    rejected: /** @type {any} */ (rejected),
    children,
    childProcesses,
    pool: poolSummary(pool),
    cleanup: {
      scans: cleanup.scans,
      killed: cleanup.killedFor,
      errors: cleanup.errors,
      lastScan: cleanup.lastScan,
    },
  }
}

/**
 * Returns the use of a server, with times in seconds.
 * @param {import('./limits').ServerSlots} server
 */
function serverUse({ server, limit, rate, current, queued, pausedFor }) {
  const seconds = rate && { ...rate, interval: rate.interval / 1000 }
  return { server, limit, inUse: current, queued, rate: seconds, pause: pausedFor / 1000 }
}

/** @param {import('./collect').Quantiles} of */
function latency({ count, p50, p95, p99, max }) {
  return { count, p50, p95, p99, max }
}

/** @param {import('./collect').CallSeries['outcomes']} outcomes */
function failures(outcomes) {
  /** @type {Record<string, number>} */
  const counts = {}
  for (const [outcome, { count }] of Object.entries(outcomes)) {
    if (outcome !== 'ok') counts[outcome] = count
  }
  return counts
}

/** @param {import('../../index').McpPoolStatus | null} pool */
function poolSummary(pool) {
  const count = { idle: 0, busy: 0, starting: 0 }
  for (const { state } of pool?.sessions ?? []) if (state !== 'ending') count[state]++
  const { hits = 0, misses = 0, recycled = {} } = pool?.stats ?? {}
  return { ...count, hits, misses, recycled }
}

module.exports = { metricsOf }
