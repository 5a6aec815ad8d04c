'use strict'

const { off, on, once } = require('./lib/alerts/events')
const { startAlerts } = require('./lib/alerts/watch')
const { CleanupScanner, cleanup } = require('./lib/cleanup')
const { getGuarantees } = require('./lib/guarantees')
const { shutdown } = require('./lib/lifecycle')
const { McpPool } = require('./lib/mcp/pool')
const { ProcessPool } = require('./lib/pool/process-pool')
const { Runner, activeProcesses } = require('./lib/process/runner')
const { Semaphore } = require('./lib/semaphore')

const runner = new Runner()
const run = runner.run.bind(runner)
const spawn = runner.spawn.bind(runner)
const getActiveProcesses = () => activeProcesses()
// Loaded when they are needed, with the health routes that they share the options with.
/** @type {typeof import('./index').getMetrics} */
const getMetrics = (options) => require('./lib/metrics/report').getMetrics(options)
/** @type {typeof import('./index').registerMetrics} */
const registerMetrics = (registry, options) => require('./lib/metrics/prom-client').registerMetrics(registry, options)

// Plain names, because Node.js reads this list, without running it, for those who `import { … }`.
module.exports = {
  CleanupScanner,
  McpPool,
  ProcessPool,
  Semaphore,
  cleanup,
  getActiveProcesses,
  getGuarantees,
  getMetrics,
  off,
  on,
  once,
  registerMetrics,
  run,
  shutdown,
  spawn,
  startAlerts,
}
