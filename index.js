'use strict'

const { CleanupScanner, cleanup } = require('./lib/cleanup')
const { shutdown } = require('./lib/lifecycle')
const native = require('./lib/native')
const { Runner } = require('./lib/process/runner')
const { Semaphore } = require('./lib/semaphore')

const runner = new Runner()
const run = runner.run.bind(runner)
const spawn = runner.spawn.bind(runner)
const getActiveProcesses = () => native.activeProcesses()

// Loaded on use, because most servers never call these functions.
/** @type {typeof import('./index').getGuarantees} */
const getGuarantees = () => require('./lib/guarantees').getGuarantees()
const observe = () => require('./lib/observe')
/** @type {typeof import('./index').getMetrics} */
const getMetrics = (options) => observe().getMetrics(options)
/** @type {typeof import('./index').registerMetrics} */
const registerMetrics = (registry, options) => observe().registerMetrics(registry, options)
/** @type {typeof import('./index').on} */
const on = (event, listener) => observe().on(event, listener)
/** @type {typeof import('./index').once} */
const once = (event, listener) => observe().once(event, listener)
/** @type {typeof import('./index').off} */
const off = (event, listener) => observe().off(event, listener)
/** @type {typeof import('./index').startAlerts} */
const startAlerts = (options) => observe().startAlerts(options)

/** Half of the package, loaded on use: most servers need it through `mcp-helper`, if at all. */
const pools = {
  get McpPool() {
    return require('./lib/mcp-pool').McpPool
  },
  get ProcessPool() {
    return require('./lib/pool/process-pool').ProcessPool
  },
}

// Node.js reads this list without running it, to find the names for `import { ... }`. It knows
// plain names here and getters of the one form below.
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
