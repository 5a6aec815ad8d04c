'use strict'

// The data of the dashboard at one moment.

const os = require('node:os')
const { version } = require('../../package.json')
const { isClosing } = require('../lifecycle')
const { failedCalls } = require('../metrics/failed-calls')
const { metricsOf } = require('../metrics/report')
const { sampler } = require('../metrics/sampler')
const { withoutMessage } = require('./failures')
const { instance } = require('./instance')
const { processHealth } = require('./report')

/** The most waiting calls in a snapshot. */
const MAX_QUEUED = 50

/** @typedef {ReturnType<typeof snapshot>} Snapshot */

/** @param {import('./options').HealthSource} source */
function snapshot(source) {
  const { helper, cleanup } = source
  const sample = sampler(helper, cleanup).latest()
  return {
    time: Date.now(),
    instance,
    process: processFacts(source),
    health: processHealth(source, sample),
    sample,
    metrics: metricsOf(source),
    queuedCalls: queuedCalls(helper),
    failedCalls: failedCalls(),
    draining: isDraining(source),
  }
}

/**
 * Returns the snapshot without the words of servers, for readers outside this machine.
 * @param {Snapshot} snapshot
 */
function withoutMessages(snapshot) {
  const failedCalls = snapshot.failedCalls.map(withoutMessage)
  return { ...snapshot, failedCalls }
}

/** @param {import('./options').HealthSource} source */
function processFacts({ access }) {
  return {
    host: os.hostname(),
    pid: process.pid,
    uptime: process.uptime() * 1000,
    version,
    node: process.versions.node,
    hasToken: access.token !== undefined,
  }
}

/**
 * Returns the calls that wait longest. Every field is named, so that nothing else of a helper can
 * leak.
 * @param {import('../health').HealthHelper} helper
 * @returns {import('../mcp-helper').QueuedCall[]}
 */
function queuedCalls(helper) {
  const calls = helper.getQueuedCalls?.() ?? []
  return calls.slice(0, MAX_QUEUED).map(({ server, tool, startTime, duration, waitsFor }) => {
    return { server, tool, startTime, duration, waitsFor }
  })
}

/** @param {import('./options').HealthSource} source */
function isDraining({ helper }) {
  return isClosing() || helper.getReadiness?.().reason === 'draining'
}

module.exports = { snapshot, withoutMessages }
