'use strict'

// Collects all metrics of one moment: counts of this process, and the slots, sessions and scans of
// one helper and one scanner.

const os = require('node:os')
const native = require('../native')
const { fleetStatus } = require('./fleet')
const { serverSlots, waitReason } = require('./limits')
const { gateMemory } = require('./memory')

/**
 * @typedef {{ count: number, sum: number, buckets: number[] }} Histogram
 *   - cumulative buckets
 * @typedef {{ count: number, p50: number, p95: number, p99: number, max: number, mean: number }}
 *   Quantiles - seconds
 * @typedef {Quantiles & { server: string, tool: string, outcomes: Record<string, Histogram>
 *   }} CallSeries
 * @typedef {{ server: string | null, count: number, memory: number, cpu: number, spawns: number,
 *   exits: Record<string, number>, stuck: number, stuckTotal: number }} Children
 * @typedef {import('../../index').Metrics['childProcesses']} ChildProcesses
 * @typedef {{ bounds: number[], calls: CallSeries[], wait: Quantiles & { histogram: Histogram },
 *   rejected: Record<string, number>, children: Children[], childProcesses: ChildProcesses
 *   }} Recorded
 *
 * @typedef {{ helper: import('../health').HealthHelper, cleanup: import('../health').HealthCleanup
 *   }} Source
 */

/** @param {Source} source */
function collect({ helper, cleanup }) {
  /** @type {Recorded} */
  const recorded = JSON.parse(native.metricsSnapshot())
  const status = helper.getSemaphoreStatus()
  const { maxConcurrent, current, queued } = status
  const { stats, lastScan, isRunning, interval } = cleanup.getStats()
  const fleet = fleetStatus(status) ?? null
  const isShared = fleet !== null || ('reach' in status && status.reach === 'host')
  return {
    time: Date.now(),
    ...recorded,
    semaphore: { limit: maxConcurrent, inUse: current, queued },
    isShared,
    fleet,
    limitedBy: waitReason(status),
    servers: serverSlots(status),
    gate: gateMemory(status) ?? null,
    pool: helper.getPoolStatus?.() ?? null,
    cleanup: {
      ...stats,
      killedFor: cleanup.getKilled?.() ?? {},
      lastScan: lastScan?.time ?? null,
      lastDuration: lastScan?.duration ?? null,
      isRunning,
      interval,
    },
    memory: hostMemory(),
  }
}

/**
 * Collects what Prometheus gets: all of `collect()`, and facts that take a look at each call and
 * server.
 * @param {Source} source
 */
function collectAll(source) {
  const { helper } = source
  return {
    ...collect(source),
    helper: helper.getStats?.() ?? null,
    inFlight: inFlightByServer(helper),
    isReady: helper.getReadiness?.().ready ?? true,
  }
}

/** Counts the calls in flight by server. @param {Source['helper']} helper */
function inFlightByServer(helper) {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const { server, waitsFor } of helper.getActiveProcesses()) {
    if (waitsFor !== undefined) continue
    const name = server ?? ''
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

/** Returns the host's memory in bytes, within the container's limit. */
function hostMemory() {
  const limit = process.constrainedMemory?.() ?? 0
  const total = limit > 0 && limit < os.totalmem() ? limit : os.totalmem()
  return { available: Math.min(process.availableMemory?.() ?? os.freemem(), total), total }
}

module.exports = { collect, collectAll, hostMemory }
