'use strict'

const assert = require('node:assert/strict')
const { spawn: spawnUntracked } = require('node:child_process')
const { once } = require('node:events')
const { setTimeout: sleep } = require('node:timers/promises')
const { CleanupScanner, spawn } = require('procward')
const { temporaryDataFolder } = require('./data-folder')
const {
  callToolAsync,
  getActiveProcesses,
  getSemaphoreStatus,
  shutdown,
} = require('./scripts/mcp-helper')
const cleanup = require('./utils/process-cleanup')
const Semaphore = require('./utils/semaphore')

const SLEEPER = ['-e', 'setInterval(() => {}, 1000)']

async function testSemaphore() {
  const semaphore = new Semaphore(3)
  let running = 0
  let most = 0
  const order = []
  await Promise.all(
    Array.from({ length: 10 }, (_, task) =>
      semaphore.use(async () => {
        order.push(task)
        running += 1
        most = Math.max(most, running)
        await sleep(20)
        running -= 1
      }),
    ),
  )
  assert.equal(most, 3)
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.deepEqual(semaphore.getStatus(), { maxConcurrent: 3, current: 0, queued: 0, available: 3 })
}

async function testProcessTracking() {
  const tool = 'trigger-long-running-operation'
  const calls = [1, 2, 3, 4].map(() => callToolAsync('everything', tool, { duration: 1, steps: 1 }))
  let most = []
  const watch = setInterval(() => {
    // A call that waits for its server's start has no pid yet.
    const active = getActiveProcesses().filter(({ pid }) => pid !== null)
    if (active.length > most.length) most = active
  }, 20)
  const results = await Promise.all(calls).finally(() => clearInterval(watch))

  for (const result of results) assert.match(result.content[0].text, /completed/)
  assert.equal(most.length, getSemaphoreStatus().maxConcurrent)
  for (const process of most) {
    assert.deepEqual([process.server, process.tool], ['everything', tool])
    assert.ok(process.pid > 0 && process.startTime > 0 && process.duration >= 0)
  }
  assert.deepEqual(getActiveProcesses(), [])
}

async function testCleanup() {
  const scanner = new CleanupScanner({ scope: 'tracked', maxAge: 1 })
  const ours = spawn(process.execPath, SLEEPER, { server: 'test', tool: 'orphan' })
  const unrelated = spawnUntracked(process.execPath, SLEEPER, { stdio: 'ignore' })
  try {
    await Promise.all([once(ours, 'spawn'), once(unrelated, 'spawn')])
    await sleep(50)
    const { killed, errors } = await scanner.cleanupAll()
    assert.deepEqual(errors, [])
    assert.deepEqual(
      killed.map(({ pid }) => pid),
      [ours.pid],
    )
    await assert.rejects(ours.exited, { code: 'ERR_CLEANUP' })
    assert.equal(unrelated.exitCode ?? unrelated.signalCode, null)
    assert.deepEqual(scanner.getStats().stats, { scans: 1, killed: 1, errors: 0 })
  } finally {
    unrelated.kill('SIGKILL')
    await ours.kill()
  }
}

async function main() {
  process.env.AD_OPS_DATA ||= temporaryDataFolder()
  for (const [name, test] of [
    ['Semaphore', testSemaphore],
    ['Process tracking', testProcessTracking],
    ['Cleanup', testCleanup],
  ]) {
    try {
      await test()
      console.log(`✅ ${name} test passed`)
    } catch (error) {
      console.log(`❌ ${name} test failed`)
      console.error(error)
      process.exitCode = 1
    }
  }
  await shutdown()
  if (process.exitCode) return

  const { interval, maxAge } = cleanup.getStats()
  console.log('\nAll tests passed!')
  console.log(`Max concurrent MCP calls: ${getSemaphoreStatus().maxConcurrent}`)
  console.log(`Cleanup interval: ${interval / 1000} seconds`)
  console.log(`Process max age: ${maxAge / 1000} seconds`)
}

main()
