'use strict'

const { CleanupScanner, cleanup } = require('./lib/cleanup')
const { getGuarantees } = require('./lib/guarantees')
const { shutdown } = require('./lib/lifecycle')
const native = require('./lib/native')
const { Runner } = require('./lib/process/runner')
const { Semaphore } = require('./lib/semaphore')

const runner = new Runner()
const run = runner.run.bind(runner)
const spawn = runner.spawn.bind(runner)
const getActiveProcesses = () => native.activeProcesses()
// Loaded when they are needed, with the health routes that they share the options with.
/** @type {typeof import('./index').getMetrics} */
const getMetrics = (options) => require('./lib/metrics/report').getMetrics(options)
/** @type {typeof import('./index').registerMetrics} */
const registerMetrics = (registry, options) =>
  require('./lib/metrics/prom-client').registerMetrics(registry, options)

/** Loaded with the first listener or watch: whoever listens has to be watched for. */
const alerts = () => ({ ...require('./lib/alerts/events'), ...require('./lib/alerts/watch') })
/** @type {typeof import('./index').on} */
const on = (event, listener) => alerts().on(event, listener)
/** @type {typeof import('./index').once} */
const once = (event, listener) => alerts().once(event, listener)
/** @type {typeof import('./index').off} */
const off = (event, listener) => alerts().off(event, listener)
/** @type {typeof import('./index').startAlerts} */
const startAlerts = (options) => alerts().startAlerts(options)

/**
 * Half of the package, which most servers need only through `mcp-helper`, if at all: loaded when it
 * is asked for.
 */
const pools = {
  get McpPool() {
    return require('./lib/mcp/pool').McpPool
  },
  get ProcessPool() {
    return require('./lib/pool/process-pool').ProcessPool
  },
}

// Plain names, and getters of the one form that it knows, because Node.js reads these lists,
// without running them, for those who `import { … }`.
module.exports = {
  CleanupScanner,
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
Object.defineProperty(module.exports, 'McpPool', {
  enumerable: true,
  get() {
    return pools.McpPool
  },
})
Object.defineProperty(module.exports, 'ProcessPool', {
  enumerable: true,
  get() {
    return pools.ProcessPool
  },
})
