// The order of the gates: memory first, then the slots that processes share. A budget of one byte
// lets one process run at a time.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { run } from '../index.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { Starts } from '../lib/mcporter/starts.js'
import native from '../lib/native.js'
import { temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { closedGate, hostileServer, said } from './support/hostile.mjs'
import { httpMcpServer } from './support/http-mcp-server.mjs'
import { longRunning } from './support/long-running.mjs'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'
import { noRedis, startRedis } from './support/redis.mjs'
import { until } from './support/until.mjs'

const configPath = writeConfig(temporaryFolder(), { it: hostileServer() })

after(assertNothingLeft)

/**
 * Returns two helpers that share slots: `budgeted` starts one process at a time, and `other` needs
 * none, because its server is reached over HTTP.
 * @param {import('node:test').TestContext} t
 * @param {string} url
 * @param {number} [maxConcurrent]
 * @param {object} [options] of the server of `budgeted`
 */
async function helpers(t, url, maxConcurrent = 1, options = {}) {
  const { url: address } = await httpMcpServer(t, {
    behave: (message) => (message?.params?.name === 'hang' ? { hang: true } : undefined),
  })
  const folder = temporaryFolder()
  const variables = {
    MCP_LIMIT_URL: url,
    MCP_LIMIT_DIR: join(folder, 'slots'),
    MCP_LIMIT_LEASE: '2000',
  }
  Object.assign(process.env, variables)
  const of = (more) => {
    const helper = createMcpHelper({
      configPath,
      transport: 'pool',
      killGrace: 100,
      maxConcurrent,
      ...more,
    })
    t.after(() => helper.shutdown())
    return helper
  }
  try {
    const it = options.transport === 'mcporter' ? options : { ...hostileServer(), ...options }
    const budgeted = of({ servers: { it }, memoryBudget: 1 })
    return { budgeted, other: of({ servers: { http: { url: address } } }) }
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name]
  }
}

/** Returns what the waiting calls of a helper wait for. */
const causes = (helper) => helper.getQueuedCalls().map(({ waitsFor }) => waitsFor)

/** Returns the counts of a helper's calls. */
function counts(helper) {
  const { current, queued, limitedBy } = helper.getSemaphoreStatus()
  return { current, queued, limitedBy }
}

const echo = (helper, text, options) => helper.callToolRaw('it', 'echo', { text }, options)
const reflect = async (helper) =>
  said(await helper.callToolRaw('http', 'reflect', {}, { queueTimeout: 30_000 }))
const isMemoryWanted = () => native.gateStatus()?.waiting > 0

/** A call of `other` that holds its slot until it is ended. */
async function hold(other) {
  const controller = new AbortController()
  const { signal } = controller
  const ended = assert.rejects(other.callToolAsync('http', 'hang', {}, { signal }), {
    code: 'ABORT_ERR',
  })
  await until(() => other.getActiveProcesses().length === 1)
  return () => {
    controller.abort()
    return ended
  }
}

/**
 * @param {import('node:test').TestContext} t
 * @param {string} url
 * @param {object} [options] of the server
 */
async function holdsNothingMeanwhile(t, url, options) {
  const { budgeted, other } = await helpers(t, url, 1, options)
  const end = await longRunning()
  const call = echo(budgeted, 'late')
  await until(isMemoryWanted)
  assert.deepEqual(causes(budgeted), ['memory'])
  assert.deepEqual(counts(budgeted), { current: 0, queued: 1, limitedBy: 'memory' })
  assert.match(await reflect(other), /received/)
  assert.deepEqual(causes(budgeted), ['memory'])
  await end()
  assert.equal(said(await call), 'late')
  assert.deepEqual(counts(budgeted), { current: 0, queued: 0, limitedBy: null })
}

describe('a call that needs a process and has no memory for it', { skip: noProcessList }, () => {
  test('holds no slot of the host while it waits', (t) => holdsNothingMeanwhile(t, 'host'))

  test('holds no slot of the fleet while it waits', { skip: noRedis() }, async (t) => {
    const { url } = await startRedis(t)
    await holdsNothingMeanwhile(t, url)
  })

  test('holds no slot if its process is one of mcporter', (t) =>
    holdsNothingMeanwhile(t, 'host', { transport: 'mcporter' }))

  test('takes a session that becomes free, without a start', async (t) => {
    const { budgeted } = await helpers(t, 'host', 2, { maxInFlight: 1, instances: 2 })
    const { gate, open } = closedGate()
    const first = budgeted.callToolRaw('it', 'gate', { gate })
    await until(() => budgeted.getActiveProcesses().some(({ pid }) => pid))
    const second = echo(budgeted, 'second')
    await until(() => causes(budgeted).length === 1)
    assert.deepEqual(causes(budgeted), ['memory'])
    open()
    assert.deepEqual((await Promise.all([first, second])).map(said), ['passed', 'second'])
    assert.equal(budgeted.getPoolStatus().stats.misses, 1)
    assert.equal(native.gateStatus().waiting, 0)
  })

  test('waits for no memory at a session that takes one more call', async (t) => {
    const { budgeted } = await helpers(t, 'host', 2, { maxInFlight: 2 })
    const { gate, open } = closedGate()
    const first = budgeted.callToolRaw('it', 'gate', { gate })
    await until(() => budgeted.getActiveProcesses().some(({ pid }) => pid))
    const blocked = run('true')
    await until(isMemoryWanted)
    assert.equal(said(await echo(budgeted, 'second')), 'second')
    open()
    await first
    await blocked
  })

  test('is none of eight calls that one session can take', async (t) => {
    const { budgeted } = await helpers(t, 'host', 8, { maxInFlight: 8, instances: 2 })
    const { gate, open } = closedGate()
    const calls = []
    for (const count of [1, 5, 8]) {
      while (calls.length < count) calls.push(budgeted.callToolRaw('it', 'gate', { gate }))
      await until(() => budgeted.getActiveProcesses().filter(({ pid }) => pid).length === count)
    }
    assert.deepEqual(causes(budgeted), [])
    assert.equal(native.gateStatus().waiting, 0)
    open()
    await Promise.all(calls)
  })

  test('gives its slot back if its session has ended meanwhile', async (t) => {
    const { budgeted, other } = await helpers(t, 'host')
    assert.equal(said(await echo(budgeted, 'first')), 'first')
    const release = await hold(other)
    const call = echo(budgeted, 'second')
    await until(() => causes(budgeted)[0] === 'host')
    // The idle session ends to make room.
    const end = await longRunning()
    assert.equal(budgeted.getPoolStatus().stats.recycled.evicted, 1)
    await release()
    await until(() => causes(budgeted)[0] === 'memory')
    assert.match(await reflect(other), /received/)
    await end()
    assert.equal(said(await call), 'second')
  })

  test('ends by its queue timeout, its signal and the shutdown', async (t) => {
    const { budgeted } = await helpers(t, 'host')
    const end = await longRunning()
    await assert.rejects(echo(budgeted, 'late', { queueTimeout: 50 }), {
      code: 'ERR_QUEUE_TIMEOUT',
      message: /\(0.05s\); the start of a process for the server 'it' waited for memory$/,
    })
    const controller = new AbortController()
    const aborted = echo(budgeted, 'aborted', { signal: controller.signal })
    await until(isMemoryWanted)
    controller.abort()
    await assert.rejects(aborted, { code: 'ABORT_ERR' })
    assert.equal(native.gateStatus().waiting, 0)
    const closed = assert.rejects(echo(budgeted, 'closed'), { code: 'ERR_CLOSED' })
    await until(isMemoryWanted)
    await budgeted.shutdown()
    await closed
    await end()
  })

  test("waits once another call's right has been of no use to it", async (t) => {
    await helpers(t, 'host')
    const end = await longRunning()
    // A right hides the need of a process before the slots are there, and not when they are.
    const starts = new Starts(async () => (_ahead, uncounted) => uncounted > 0)
    let vain = 0
    const take = async () => ({ release: () => vain++ })
    const request = { server: 'it', cost: 1, timeout: 100 }
    await assert.rejects(
      starts.before(request, request, performance.now(), (wait) => wait(), take),
      { code: 'ERR_QUEUE_TIMEOUT' },
    )
    assert.equal(vain, 1)
    await end()
  })

  test('one signal ends all waiting calls, and none counts as ahead later', async (t) => {
    const { budgeted } = await helpers(t, 'host', 3, { maxInFlight: 1, instances: 2 })
    const end = await longRunning()
    const controller = new AbortController()
    const { signal } = controller
    const calls = [1, 2, 3].map((text) =>
      assert.rejects(echo(budgeted, `${text}`, { signal }), { code: 'ABORT_ERR' }),
    )
    await until(() => causes(budgeted).length === 3)
    controller.abort()
    await Promise.all(calls)
    assert.deepEqual(counts(budgeted), { current: 0, queued: 0, limitedBy: null })
    assert.equal(native.gateStatus().waiting, 0)
    await end()
    assert.equal(said(await echo(budgeted, 'later')), 'later')
  })

  test('keeps the memory that it was promised until it has its slot', async (t) => {
    const { budgeted, other } = await helpers(t, 'host')
    const release = await hold(other)
    const call = echo(budgeted, 'first')
    await until(() => causes(budgeted)[0] === 'host')
    const { running, waiting } = native.gateStatus()
    assert.deepEqual({ running, waiting }, { running: 1, waiting: 0 })
    const later = run('true')
    await until(isMemoryWanted)
    await release()
    assert.equal(said(await call), 'first')
    await later
  })
})

test('without a budget nothing of this is loaded', () => {
  const program = `
    process.env.MCP_LIMIT_URL = 'host'
    require('procward/mcp-helper').createMcpHelper({ configPath: ${JSON.stringify(configPath)} })
    const loaded = Object.keys(require.cache).filter((file) => file.endsWith('starts.js'))
    console.log(loaded.length)`
  const root = new URL('..', import.meta.url)
  assert.equal(
    execFileSync(process.execPath, ['-e', program], { cwd: root, encoding: 'utf8' }),
    '0\n',
  )
})
