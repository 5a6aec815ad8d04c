'use strict'

const { CleanupScanner, cleanup } = require('./lib/cleanup')
const { getGuarantees } = require('./lib/guarantees')
const { shutdown } = require('./lib/lifecycle')
const { Runner, activeProcesses } = require('./lib/process/runner')
const { Semaphore } = require('./lib/semaphore')

const runner = new Runner()
const run = runner.run.bind(runner)
const spawn = runner.spawn.bind(runner)
const getActiveProcesses = () => activeProcesses()

/** Half of the package, which most servers need only through `mcp-helper`, if at all: loaded when it is asked for. */
const pools = {
  get McpPool() {
    return require('./lib/mcp/pool').McpPool
  },
  get ProcessPool() {
    return require('./lib/pool/process-pool').ProcessPool
  },
}

// Plain names, and getters of the one form that it knows, because Node.js reads these lists, without running them, for those
// who `import { … }`.
module.exports = {
  CleanupScanner,
  Semaphore,
  cleanup,
  getActiveProcesses,
  getGuarantees,
  run,
  shutdown,
  spawn,
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
