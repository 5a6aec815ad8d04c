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

// Plain names, because Node.js reads this list, without running it, for those who `import { … }`.
module.exports = {
  CleanupScanner,
  McpPool,
  ProcessPool,
  Semaphore,
  cleanup,
  getActiveProcesses,
  getGuarantees,
  off,
  on,
  once,
  run,
  shutdown,
  spawn,
  startAlerts,
}
