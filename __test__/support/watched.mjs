// A helper and a scanner that say what a test wants, and the moments at which they are looked at.

import os from 'node:os'
import { mock } from 'node:test'

/** As often as the sampler looks. */
const INTERVAL = 5000

/**
 * Time stands still from now on, but for what the test lets pass; timeouts excepted, because
 * requests need them. There is memory enough, however this machine is, and the process runs for
 * long, so that calls of other tests are not counted.
 */
export function stopClock() {
  mock.method(process, 'uptime', () => 3600)
  mock.method(os, 'freemem', () => os.totalmem())
  if (process.availableMemory) mock.method(process, 'availableMemory', () => os.totalmem())
  mock.timers.enable({ apis: ['setInterval', 'Date'], now: Date.UTC(2026, 1, 13) })
}

export function startClock() {
  mock.timers.reset()
  mock.restoreAll()
}

/** Lets so many looks happen. */
export function look(times = 1) {
  for (let at = 0; at < times; at++) mock.timers.tick(INTERVAL)
}

export function watched() {
  const state = { processes: 0, queued: 0, killed: 0 }
  const call = {
    server: 'asana',
    tool: 'list',
    startTime: 0,
    duration: 0,
    command: 'node --api-key=hunter2',
  }
  const helper = {
    getSemaphoreStatus: () => ({
      maxConcurrent: 3,
      current: 0,
      queued: state.queued,
      available: 3,
    }),
    getActiveProcesses: () =>
      Array.from({ length: state.processes }, (_, at) => ({ pid: at + 1, ...call })),
  }
  const cleanup = {
    getStats: () => ({
      isRunning: true,
      interval: 60_000,
      maxAge: 300_000,
      stats: { scans: 1, killed: state.killed, errors: 0 },
      scope: 'tree',
      lastScan: null,
    }),
  }
  return { state, helper, cleanup }
}
