'use strict'

// What is recorded, until the addon does that.

const native = require('../native')

const BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
/** @type {{ server: string, tool: string, times: number[][] }[]} */
const all = [{ server: 'other', tool: 'other', times: [] }]
/** @type {number[]} */
const waits = []
const rejected = [0, 0, 0, 0]

/** @param {number[]} times */
function quantiles(times) {
  const sorted = times.toSorted((one, other) => one - other)
  const at = (/** @type {number} */ share) => sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] ?? 0
  const sum = sorted.reduce((total, time) => total + time, 0)
  return {
    count: sorted.length,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: at(1),
    mean: sum / sorted.length || 0,
  }
}

/** @param {number[]} times */
function histogram(times) {
  const buckets = BOUNDS.map((bound) => times.filter((time) => time <= bound).length)
  return { count: times.length, sum: times.reduce((total, time) => total + time, 0), buckets }
}

module.exports = {
  /** @param {string} server @param {string} tool */
  metricsSeries: (server, tool) => (all.length > 200 ? 0 : all.push({ server, tool, times: [] }) - 1),
  /** @param {number} series @param {number} outcome @param {number} seconds */
  metricsRecordCall(series, outcome, seconds) {
    all[series].times[outcome] ??= /** @type {any} */ ([])
    const times = /** @type {any} */ (all[series].times[outcome])
    times.push(seconds)
  },
  /** @param {number} seconds */
  metricsRecordWait: (seconds) => waits.push(seconds),
  /** @param {number} reason */
  metricsRecordRejection: (reason) => rejected[reason]++,
  metricsSnapshot() {
    const used = all.filter(({ times }) => times.length > 0)
    const calls = used.map(({ server, tool, times }) => ({
      server,
      tool,
      ...quantiles(times.flat()),
      outcomes: Array.from(times, (some) => (some ? histogram(some) : null)),
    }))
    const children = native
      .activeProcesses()
      .map(({ server = null }) => ({ server, count: 1, memory: 0, spawns: 1, exits: {} }))
    return JSON.stringify({
      bounds: BOUNDS,
      calls,
      wait: { ...quantiles(waits), histogram: histogram(waits) },
      rejected,
      children,
    })
  },
  /** @param {string} families @param {boolean} _isOpen */
  metricsText: (families, _isOpen) => families,
  metricsTotals() {
    const calls = all.reduce((total, { times }) => total + times.flat().length, 0)
    const failures = all.reduce((total, { times }) => total + times.slice(1).flat().length, 0)
    return JSON.stringify({
      calls,
      failures,
      queueTimeouts: rejected[0],
      children: native.activeProcesses().length,
      memory: 0,
      slowest: null,
    })
  },
}
