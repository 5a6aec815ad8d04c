// Starts of processes that wait for memory. A budget of one byte lets one process run at a time.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { afterEach, describe, test } from 'node:test'
import { getActiveProcesses, McpPool, run } from '../index.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import native from '../lib/native.js'
import { Runner } from '../lib/process/runner.js'
import { temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { closedGate, hostileServer, said } from './support/hostile.mjs'
import { longRunning } from './support/long-running.mjs'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'
import { until } from './support/until.mjs'

const configPath = writeConfig(temporaryFolder(), {})
const server = (mcp) => ({ ...mcp, transport: 'pool' })
const SCORE = '/proc/self/oom_score_adj'
const noScore = process.platform !== 'linux' && 'oom_score_adj is Linux'

afterEach(assertNothingLeft)

/**
 * A helper whose rules let one process run at a time.
 * @param {(helper: any) => Promise<void>} work
 * @param {object} [options]
 */
async function withOneAtATime(work, options) {
  const servers = { it: server(hostileServer()), other: server(hostileServer()) }
  const helper = createMcpHelper({ configPath, servers, memoryBudget: 1, ...options })
  try {
    await work(helper)
  } finally {
    await helper.shutdown()
  }
}

const waiting = () => until(() => native.gateStatus()?.waiting > 0)

describe('while one process runs that fills the memory', { skip: noProcessList }, () => {
  test('a command waits for its end', () =>
    withOneAtATime(async (helper) => {
      const end = await longRunning()
      const second = run('echo', ['second'])
      await waiting()
      assert.equal(getActiveProcesses().length, 1)
      assert.equal(helper.getSemaphoreStatus().limitedBy, 'memory')
      await end()
      assert.equal((await second).stdout, 'second\n')
      assert.equal(helper.getSemaphoreStatus().limitedBy, null)
    }))

  test('a waiting command ends by its timeout, its signal and its shutdown', () =>
    withOneAtATime(async () => {
      const end = await longRunning()
      await assert.rejects(run('true', [], { timeout: 50 }), {
        code: 'ERR_CALL_TIMEOUT',
        message: /^true waited for 50 ms and was not started/,
        pid: 0,
      })
      const abort = new AbortController()
      const aborted = run('true', [], { signal: abort.signal })
      await waiting()
      abort.abort()
      await assert.rejects(aborted, { name: 'AbortError' })
      const runner = new Runner()
      const closed = runner.run('true')
      await waiting()
      await runner.shutdown()
      await assert.rejects(closed, { code: 'ERR_CLOSED' })
      assert.equal(native.gateStatus().waiting, 0)
      await end()
    }))

  test('an idle session ends to make room, and a busy one does not', () =>
    withOneAtATime(async ({ callToolAsync, callToolRaw, getPoolStatus }) => {
      await callToolAsync('it', 'pid')
      await callToolAsync('other', 'pid')
      assert.equal(getPoolStatus().stats.recycled.evicted, 1)
      const { gate, open } = closedGate()
      const busy = callToolRaw('other', 'gate', { gate })
      const next = callToolRaw('it', 'echo', { text: 'next' })
      await waiting()
      open()
      assert.deepEqual((await Promise.all([busy, next])).map(said), ['passed', 'next'])
    }))

  test('a start without a call any more leaves the queue', () =>
    withOneAtATime(async ({ callToolAsync }) => {
      const end = await longRunning()
      const call = callToolAsync('it', 'pid', {}, { timeout: 1000 })
      // Handled from the start, because the call may time out before the look at the queue.
      const late = assert.rejects(call, { code: 'ERR_CALL_TIMEOUT' })
      await waiting()
      await late
      await until(() => native.gateStatus().waiting === 0)
      await end()
      assert.match(String(await callToolAsync('it', 'pid')), /^\d+$/)
    }))
})

describe('the score of a child', { skip: noScore }, () => {
  const own = () => Number(readFileSync(SCORE, 'utf8'))
  const ofChild = async () => Number((await run('cat', [SCORE])).stdout)

  test('is raised while the memory is watched, below a warden and without one', () =>
    withOneAtATime(async () => {
      assert.equal(await ofChild(), Math.min(own() + 300, 1000))
      process.env.PROCWARD_WARDEN = 'off'
      try {
        const { stdout } = await run('sh', ['-c', `sleep 0.2; cat ${SCORE}`])
        assert.equal(Number(stdout), Math.min(own() + 300, 1000))
      } finally {
        delete process.env.PROCWARD_WARDEN
      }
    }))

  test("is the server's with a number alone", async () => {
    assert.equal(await ofChild(), own())
  })
})

describe('the limit auto', () => {
  test('starts at twice the processors and shows its cause', async () => {
    const helper = createMcpHelper({ configPath, maxConcurrent: 'auto', max: 1 })
    try {
      const { memory, ...status } = helper.getSemaphoreStatus()
      assert.deepEqual(Object.entries(status), [
        ['maxConcurrent', 1],
        ['current', 0],
        ['queued', 0],
        ['available', 1],
        ['limitedBy', null],
      ])
      assert.deepEqual([memory.budget, memory.running, memory.waiting], [null, 0, 0])
      const other = createMcpHelper({ configPath, maxConcurrent: 'auto' })
      assert.equal(other.getSemaphoreStatus().maxConcurrent, 1, 'one limit for the process')
      await other.shutdown()
    } finally {
      await helper.shutdown()
    }
    assert.equal(native.gateStatus(), null)
  })

  test('rises while calls wait, in the status and in events with a reason', async () => {
    const { subscribe, unsubscribe } = await import('node:diagnostics_channel')
    const events = []
    const listen = (event) => events.push(event)
    subscribe('procward:limit', listen)
    const servers = { it: server(hostileServer()) }
    const helper = createMcpHelper({
      configPath,
      servers,
      maxConcurrent: 'auto',
      transport: 'pool',
    })
    try {
      const { maxConcurrent } = helper.getSemaphoreStatus()
      const { gate, open } = closedGate()
      const calls = Array.from({ length: maxConcurrent + 4 }, () =>
        helper.callToolAsync('it', 'gate', { gate }),
      )
      assert.equal(helper.getSemaphoreStatus().limitedBy, 'cpu')
      open()
      await Promise.all(calls)
      for (const { before, maxConcurrent, reason } of events)
        assert.ok(before !== maxConcurrent && ['demand', 'cpu'].includes(reason))
      assert.equal(helper.getSemaphoreStatus().limitedBy, null)
    } finally {
      unsubscribe('procward:limit', listen)
      await helper.shutdown()
    }
  })
})

describe('a session above maxTreeMemory', { skip: noProcessList }, () => {
  const MB = 2 ** 20
  const withLimit = async (work) => {
    const it = { ...hostileServer(), maxTreeMemory: '300M' }
    const pool = new McpPool({ servers: { it }, killGrace: 200, maxInFlight: 4 })
    try {
      await work(pool)
    } finally {
      await pool.close()
    }
  }

  test('is replaced once it is idle', () =>
    withLimit(async (pool) => {
      const before = said(await pool.callTool('it', 'pid'))
      const { gate, open } = closedGate()
      const busy = pool.callTool('it', 'gate', { gate })
      await pool.callTool('it', 'take', { bytes: 400 * MB })
      // Waits for a session of its own, as soon as the first takes no more calls.
      await until(async () => {
        const next = pool.callTool('it', 'pid').then(said)
        const isQueued = pool.getStatus().queued > 0
        if (isQueued) open()
        return (await next) !== before
      })
      assert.equal(said(await busy), 'passed')
      await until(() => pool.getStatus().stats.recycled.memory === 1)
    }))

  test('is ended with its calls above twice as much', () =>
    withLimit(async (pool) => {
      await assert.rejects(pool.callTool('it', 'take, then hang', { bytes: 700 * MB }), {
        code: 'ERR_MEMORY',
        message: /more than twice maxTreeMemory \(314572800 bytes\)/,
      })
      assert.match(said(await pool.callTool('it', 'pid')), /^\d+$/)
      assert.equal(pool.getStatus().stats.recycled.memory, 1)
    }))
})
