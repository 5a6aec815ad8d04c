'use strict'

const { healthOptions } = require('../health/options')
const validate = require('../validate')
const { collect } = require('./collect')

const SOURCE = ['helper', 'cleanup']

/** @param {unknown} [options] @returns {import('../health/options').HealthSource} */
function metricsSource(options) {
  return healthOptions(validate.options('options', options, SOURCE))
}

/** @type {typeof import('../../index').getMetrics} */
function getMetrics(options) {
  return summary(collect(metricsSource(options)))
}

/** @param {ReturnType<typeof collect>} collected @returns {import('../../index').Metrics} */
function summary({ time, calls, wait, semaphore, rejected, children, pool, cleanup }) {
  return {
    time,
    calls: calls.map(({ server, tool, count, outcomes, p50, p95, p99, max, mean }) => {
      return { server, tool, count, failures: failures(outcomes), p50, p95, p99, max, mean }
    }),
    queueWait: latency(wait),
    semaphore,
    rejected: /** @type {any} */ (rejected),
    children,
    pool: poolSummary(pool),
    cleanup: {
      scans: cleanup.scans,
      killed: cleanup.killedFor,
      errors: cleanup.errors,
      lastScan: cleanup.lastScan,
    },
  }
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

module.exports = { getMetrics, metricsSource }
