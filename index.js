'use strict'

const { CleanupScanner, cleanup } = require('./lib/cleanup')
const { Runner, activeProcesses } = require('./lib/process/runner')
const { Semaphore } = require('./lib/semaphore')

const runner = new Runner()

module.exports = {
  CleanupScanner,
  Semaphore,
  cleanup,
  run: runner.run.bind(runner),
  spawn: runner.spawn.bind(runner),
  getActiveProcesses: () => activeProcesses(),
}
