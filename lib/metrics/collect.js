'use strict'

// Everything that there is to tell at one moment. What was counted is this process's; slots,
// sessions and scans are those of the helper and the scanner that are asked for.

const os = require('node:os')
const native = require('../native')

/**
 * @typedef {{ count: number, sum: number, buckets: number[] }} Histogram
 *   - each bucket with those below it
 * @typedef {{ count: number, p50: number, p95: number, p99: number, max: number, mean: number }}
 *   Quantiles - seconds
 * @typedef {Quantiles & { server: string, tool: string, outcomes: Record<string, Histogram>
 *   }} CallSeries
 * @typedef {{ server: string | null, count: number, memory: number, cpu: number, spawns: number,
 *   exits: Record<string, number>, stuck: number, stuckTotal: number }} Children
 * @typedef {{ bounds: number[], calls: CallSeries[], wait: Quantiles & { histogram: Histogram },
 *   rejected: Record<string, number>, children: Children[] }} Recorded
 *
 * @typedef {Pick<import('../health/options').HealthSource, 'helper' | 'cleanup'>} Source
 */

/** @param {Source} source */
function collect({ helper, cleanup }) {
  /** @type {Recorded} */
  const recorded = JSON.parse(native.metricsSnapshot())
  const { maxConcurrent, current, queued } = helper.getSemaphoreStatus()
  const { stats, lastScan } = cleanup.getStats()
  return {
    time: Date.now(),
    ...recorded,
    semaphore: { limit: maxConcurrent, inUse: current, queued },
    pool: helper.getPoolStatus?.() ?? null,
    cleanup: { ...stats, killedFor: cleanup.getKilled?.() ?? {}, lastScan: lastScan?.time ?? null },
    memory: hostMemory(),
  }
}

/** Bytes, within the limit of the container where there is one. */
function hostMemory() {
  const limit = process.constrainedMemory?.() ?? 0
  const total = limit > 0 && limit < os.totalmem() ? limit : os.totalmem()
  return { available: Math.min(process.availableMemory?.() ?? os.freemem(), total), total }
}

module.exports = { collect, hostMemory }
