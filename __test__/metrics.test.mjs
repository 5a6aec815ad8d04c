// What is counted, as getMetrics() tells it. Everything in a process counts together, so each test
// has names of its own.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CleanupScanner, getMetrics, McpPool, run, spawn } from '../index.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { outcomeOf, rejectionOf } from '../lib/metrics/outcomes.js'
import native from '../lib/native.js'
import { hostileServer } from './support/hostile.mjs'
import { until } from './support/until.mjs'

const callsOf = (server, metrics = getMetrics()) =>
  metrics.calls.filter((call) => call.server === server)
const childrenOf = (server) => getMetrics().children.find((children) => children.server === server)
/** The counts of a server's calls by tool. */
const counts = (server) =>
  Object.fromEntries(
    callsOf(server).map(({ tool, count, failures }) => [tool, { count, failures }]),
  )
const failing = (promise) => assert.rejects(promise)

describe('calls', () => {
  test('of a helper count once, with the outcome', async (t) => {
    const helper = createMcpHelper({ servers: { helped: hostileServer() }, transport: 'pool' })
    t.after(() => helper.shutdown())
    const before = getMetrics({ helper })
    await helper.callToolAsync('helped', 'pid')
    await helper.callToolRaw('helped', 'pid')
    await helper.listToolsAsync('helped')
    await failing(helper.callToolAsync('helped', 'delay', { ms: 60_000 }, { timeout: 1 }))
    await failing(
      helper.callToolAsync('helped', 'delay', { ms: 60_000 }, { signal: AbortSignal.timeout(1) }),
    )
    assert.deepEqual(counts('helped'), {
      pid: { count: 2, failures: {} },
      list_tools: { count: 1, failures: {} },
      delay: { count: 2, failures: { timeout: 1, aborted: 1 } },
    })
    const { queueWait, pool, semaphore } = getMetrics({ helper })
    assert.equal(queueWait.count - before.queueWait.count, 5)
    assert.deepEqual(semaphore, { limit: 3, inUse: 0, queued: 0 })
    assert.equal(pool.misses, 1)
    assert.ok(pool.hits >= 2 && pool.idle + pool.busy === 1)
  })

  test('of a pool count once', async (t) => {
    const pool = new McpPool({ servers: { pooled: hostileServer() } })
    t.after(() => pool.close())
    await Promise.all(Array.from({ length: 10 }, () => pool.callTool('pooled', 'pid')))
    await pool.listTools('pooled')
    await failing(pool.callTool('pooled', 'delay', { ms: 60_000 }, { timeout: 1 }))
    const seen = counts('pooled')
    assert.deepEqual(seen.pid, { count: 10, failures: {} })
    assert.deepEqual(seen.list_tools, { count: 1, failures: {} })
    assert.deepEqual(seen.delay, { count: 1, failures: { timeout: 1 } })
    assert.deepEqual(pool.getStatus().stats, { hits: 11, misses: 1, recycled: {} })
  })

  test('have times in seconds, in order', async (t) => {
    const pool = new McpPool({ servers: { timed: hostileServer() } })
    t.after(() => pool.close())
    for (const ms of [1, 50, 100]) await pool.callTool('timed', 'delay', { ms })
    const [{ p50, p95, p99, max, mean }] = callsOf('timed')
    assert.ok(
      p50 >= 0.049 && p50 <= p95 && p95 <= p99 && p99 <= max && max >= 0.099,
      `${[p50, p95, p99, max]}`,
    )
    assert.ok(mean > 0 && mean <= max)
  })

  test('to unknown servers and tools count as others, so that invented names take no memory', async (t) => {
    const pool = new McpPool({ servers: { known: hostileServer() } })
    t.after(() => pool.close())
    const others = () => callsOf('other')[0]?.failures.unknown ?? 0
    const before = others()
    for (let at = 0; at < 5; at++) await failing(pool.callTool(`made up ${at}`, `tool ${at}`))
    assert.equal(others() - before, 5)
    assert.deepEqual(callsOf('made up 0'), [])
  })

  test('that get no slot are rejections, not calls', async (t) => {
    const servers = { full: hostileServer() }
    const helper = createMcpHelper({ servers, transport: 'pool', maxConcurrent: 1, maxQueue: 2 })
    t.after(() => helper.shutdown())
    const before = getMetrics().rejected
    const delay = (options) => helper.callToolAsync('full', 'delay', { ms: 60_000 }, options)
    const held = new AbortController()
    const first = failing(delay({ signal: held.signal }))
    await failing(delay({ queueTimeout: 1 }))
    await failing(delay({ signal: AbortSignal.timeout(1) }))
    const waiting = [failing(delay()), failing(delay())]
    await failing(delay())
    assert.deepEqual(getMetrics({ helper }).semaphore, { limit: 1, inUse: 1, queued: 2 })
    const shutdown = helper.shutdown()
    await Promise.all([...waiting, first, shutdown])
    const { rejected } = getMetrics({ helper })
    const more = Object.fromEntries(
      Object.entries(rejected).map(([reason, count]) => [reason, count - before[reason]]),
    )
    assert.deepEqual(more, { timeout: 1, aborted: 1, full: 1, closed: 2 })
    assert.equal(callsOf('full')[0].count, 1)
  })
})

describe('children', () => {
  const node = (script, options) => run(process.execPath, ['--eval', script], options)

  test('are counted with the reason of their exit', async () => {
    const server = 'ends'
    await node('', { server })
    await failing(node('process.exit(3)', { server }))
    await failing(node('process.kill(process.pid, "SIGKILL")', { server }))
    await failing(node('setInterval(() => {}, 1000)', { server, timeout: 300, killGrace: 1 }))
    await failing(
      node('setInterval(() => {}, 1000)', {
        server,
        signal: AbortSignal.timeout(300),
        killGrace: 1,
      }),
    )
    await failing(node('console.log("x".repeat(1000))', { server, maxBuffer: 10, killGrace: 1 }))
    const exits = { ok: 1, error: 1, killed: 1, timeout: 1, aborted: 1, max_buffer: 1 }
    const { cpu, ...counts } = childrenOf(server)
    assert.deepEqual(counts, {
      server,
      count: 0,
      memory: 0,
      spawns: 6,
      exits,
      stuck: 0,
      stuckTotal: 0,
    })
    assert.ok(cpu > 0)
  })

  test("are reported with their memory while they run, and without a server under ''", async (t) => {
    const children = [1, 2].map(() =>
      spawn(process.execPath, ['--eval', 'console.log(); setInterval(() => {}, 1000)']),
    )
    t.after(() => Promise.all(children.map((child) => child.kill({ killGrace: 1 }))))
    for (const child of children) child.exited.catch(() => {})
    await Promise.all(
      children.map((child) => new Promise((resolve) => child.once('line', resolve))),
    )
    const { count, memory, spawns } = childrenOf(null)
    assert.deepEqual([count, spawns], [2, 2])
    assert.ok(memory > 2 * 2 ** 24, `${memory}`)
  })

  test('that could not be started do not count', async () => {
    await failing(run('no-such-command-anywhere', [], { server: 'missing' }))
    assert.equal(childrenOf('missing'), undefined)
  })
})

describe('cleanup', () => {
  const scanner = new CleanupScanner({ scope: 'tracked', maxAge: 1, killGrace: 1 })
  const source = { cleanup: scanner }

  test('counts scans, and terminated processes by reason', async () => {
    assert.deepEqual(getMetrics(source).cleanup, {
      scans: 0,
      killed: {},
      errors: 0,
      lastScan: null,
    })
    const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], {
      server: 'forgotten',
    })
    const over = failing(child.exited)
    await until(async () => (await scanner.cleanupAll()).killed.length > 0)
    await over
    const { scans, killed, lastScan } = getMetrics(source).cleanup
    assert.deepEqual(killed, { call_too_old: 1 })
    assert.deepEqual(scanner.getKilled(), killed)
    assert.ok(scans >= 1 && Date.now() - lastScan < 600_000)
    assert.deepEqual(childrenOf('forgotten').exits, { cleanup: 1 })
  })
})

describe('options', () => {
  for (const [what, options] of Object.entries({
    'an unknown one': { helpers: 1 },
    'one of the health routes': { prefix: '/api' },
    'no helper': { helper: {} },
    'no object': 5,
  })) {
    test(`${what} is refused`, () =>
      assert.throws(() => getMetrics(options), { code: 'ERR_INVALID_CONFIG' }))
  }

  test('a helper without sessions and a scanner without reasons are accepted', () => {
    const helper = {
      getSemaphoreStatus: () => ({ maxConcurrent: 4, current: 2, queued: 1 }),
      getActiveProcesses: () => [],
    }
    const cleanup = {
      getStats: () => ({ stats: { scans: 7, killed: 3, errors: 1 }, lastScan: null }),
    }
    const metrics = getMetrics({ helper, cleanup })
    assert.deepEqual(metrics.semaphore, { limit: 4, inUse: 2, queued: 1 })
    assert.deepEqual(metrics.pool, {
      idle: 0,
      busy: 0,
      starting: 0,
      hits: 0,
      misses: 0,
      recycled: {},
    })
    assert.deepEqual(metrics.cleanup, { scans: 7, killed: {}, errors: 1, lastScan: null })
  })
})

describe('outcomes', () => {
  for (const [code, outcome] of Object.entries({
    ERR_TOOL: 'Tool',
    ERR_CALL_TIMEOUT: 'Timeout',
    ABORT_ERR: 'Aborted',
    ERR_SPAWN: 'Start',
    ERR_SOMETHING_NEW: 'Error',
  })) {
    test(`${code} is ${outcome}`, () =>
      assert.equal(outcomeOf({ code }), native.CallOutcome[outcome]))
  }
  test('a thrown value without a code is an error', () =>
    assert.deepEqual(
      [undefined, null, 'text', 5].map(outcomeOf),
      Array(4).fill(native.CallOutcome.Error),
    ))
  test('an error that is not about the queue is no rejection', () =>
    assert.equal(rejectionOf(new TypeError()), undefined))
})
