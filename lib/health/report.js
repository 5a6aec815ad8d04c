'use strict'

const { publicProcess } = require('../active-process')
const { recommendedMaxAt } = require('../alerts/rules')
const { activeAlerts } = require('../alerts/watch')
const { activeProcesses } = require('../metrics/active')
const { bounded, serverSlots, waitReason } = require('../metrics/limits')
const { fleetStatus } = require('../metrics/fleet')
const { gateMemory } = require('../metrics/memory')

/** The words for the processes that share a limit. @type {unknown[]} */
const REACHES = ['process', 'host', 'fleet']

// Every field is named here, so that nothing else of a helper or scanner (a command line, a path)
// can leak.

/** @returns {import('../health').Health} */
function basicHealth() {
  return {
    status: 'ok',
    timestamp: new Date().toISOString(),
    uptime: process.uptime(),
    memory: process.memoryUsage(),
  }
}

/**
 * @param {import('./options').HealthSource} source
 * @param {import('../health').Sample} [sample] of this moment, where there is one
 * @returns {import('../health').ProcessHealth}
 */
function processHealth(source, sample) {
  const { helper, cleanup } = source
  const active = activeProcesses(helper)
  const processes = active.processes.map(publicProcess)
  // The answer of Redis is in a later status.
  helper.refreshFleet?.()
  const semaphore = semaphoreStatus(helper.getSemaphoreStatus())
  const recommendedMax = source.recommendedMax ?? recommendedMaxAt(semaphore.maxConcurrent)
  return {
    status: 'ok',
    timestamp: new Date().toISOString(),
    semaphore,
    activeProcesses: { count: processes.filter(hasProcess).length, processes },
    cleanup: cleanupStats(cleanup.getStats()),
    alert: processAlert(active.count, recommendedMax),
    alerts: activeAlerts(source, sample),
    pool: helper.getPoolStatus ? poolStatus(helper.getPoolStatus()) : null,
  }
}

/** A user's own helper may leave the pid out. @param {{ pid?: number | null }} call */
function hasProcess({ pid }) {
  return pid !== null
}

/**
 * @param {number} count
 * @param {number} recommendedMax
 * @returns {import('../health').Alert | null}
 */
function processAlert(count, recommendedMax) {
  if (count <= recommendedMax) return null
  return {
    level: 'warning',
    message: `${count} active processes detected (recommended max: ${recommendedMax})`,
  }
}

/**
 * Returns the four counts, and beside them what the helper says about its limits.
 * @param {import('../mcp-helper').SemaphoreStatus} status
 * @returns {import('../mcp-helper').SemaphoreStatus}
 */
function semaphoreStatus(status) {
  const { maxConcurrent, current, queued, available, limitedBy, reach, servers } = status
  const memory = gateMemory(status)
  const fleet = fleetStatus(status)
  return {
    maxConcurrent,
    current,
    queued,
    available,
    ...(limitedBy !== undefined && { limitedBy: waitReason(status) }),
    ...(servers !== undefined && { servers: bounded(serverSlots(status)) }),
    ...(memory && { memory }),
    ...(REACHES.includes(reach) && { reach }),
    ...(fleet && { fleet }),
  }
}

/**
 * @param {import('../../index').McpPoolStatus} status
 * @returns {import('../../index').McpPoolStatus}
 */
function poolStatus({ maxSessions, queued, sessions, stats }) {
  // A user's own helper may have no stats.
  return { maxSessions, queued, sessions: sessions.map(session), stats: stats && poolStats(stats) }
}

/**
 * @typedef {import('../../index').McpPoolStatus['stats']} PoolStats
 * @param {PoolStats} stats
 * @returns {PoolStats}
 */
function poolStats({ hits, misses, recycled }) {
  return { hits, misses, recycled }
}

/**
 * @typedef {import('../../index').McpPoolStatus['sessions'][number]} Session
 * @param {Session} session
 * @returns {Session}
 */
function session({ server, pid, state, age, idle, uses, inFlight, memory, garbage }) {
  return { server, pid, state, age, idle, uses, inFlight, memory, garbage }
}

/**
 * @param {import('../../index').CleanupStats} stats
 * @returns {import('../../index').CleanupStats}
 */
function cleanupStats({
  isRunning,
  interval,
  maxAge,
  stats: { scans, killed, errors },
  scope,
  lastScan,
}) {
  return {
    isRunning,
    interval,
    maxAge,
    stats: { scans, killed, errors },
    scope,
    lastScan: lastScan && scanSummary(lastScan),
  }
}

/**
 * @typedef {NonNullable<import('../../index').CleanupStats['lastScan']>} ScanSummary
 * @param {ScanSummary} scan
 * @returns {ScanSummary}
 */
function scanSummary({ time, duration, scanned, killed, skipped, errors, dryRun }) {
  return { time, duration, scanned, killed, skipped, errors, dryRun }
}

module.exports = { basicHealth, processHealth }
