// A call that was made reaches a server once at most, and once exactly when it has an answer,
// whatever happens to the servers: they count the calls themselves.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { McpPool, Semaphore } from '../index.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { randomFrom } from './fixtures/random.mjs'
import { callLog, hostileServer } from './support/hostile.mjs'
import { assertNothingLeft, kill, noProcessList } from './support/processes.mjs'
import { until } from './support/until.mjs'

/**
 * Crashes after crashes would open a server's circuit, so there are many, a few of them at a time.
 */
const SERVERS = 80
const AT_A_TIME = 3
const KINDS = [
  ...Array(24).fill('echo'),
  ...Array(6).fill('delay'),
  'time out',
  'abort',
  'exit',
  'crash',
  'close stdout',
  'half a line, then exit',
  'killed',
  'error',
]
const GIVEN_UP = ['ERR_CALL_TIMEOUT', 'ABORT_ERR']
const ENDED = ['ERR_SERVER_EXITED', 'ERR_SERVER_START', 'ERR_SERVER_UNAVAILABLE']

afterEach(assertNothingLeft)

/** How often each key was seen. @param {string[]} seen */
function counted(seen) {
  const counts = new Map()
  for (const key of seen) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

/**
 * Random calls to many servers, of which a few live at a time.
 * @param {McpPool} pool
 * @param {() => number} random
 * @param {number} count
 */
async function play(pool, random, count) {
  const within = (most) => Math.floor(random() * most)
  const slots = new Semaphore(8, { queueTimeout: Infinity })
  const calls = Array.from({ length: count }, (_, key) => {
    const kind = KINDS[within(KINDS.length)]
    return {
      key,
      kind,
      server: `server ${(Math.floor((key / count) * SERVERS) + within(AT_A_TIME)) % SERVERS}`,
      ms: within(60),
      act: within(80),
    }
  })
  const outcomes = calls.map((call) =>
    slots.use(async () => ({ ...call, code: await outcome(pool, call) })),
  )
  return Promise.all(outcomes)
}

/**
 * @param {McpPool} pool
 * @param {{ key: number, kind: string, server: string, ms: number, act: number }} call
 */
async function outcome(pool, { key, kind, server, ms, act }) {
  const controller = new AbortController()
  const tool = { 'time out': 'hang', abort: 'delay', killed: 'hang' }[kind] ?? kind
  const options = { timeout: kind === 'time out' ? 1 + act * 4 : 60_000, signal: controller.signal }
  const running = pool.callTool(server, tool, { key: String(key), ms }, options).then(
    () => 'OK',
    ({ code }) => code,
  )
  if (kind === 'abort') sleep(act).then(() => controller.abort())
  if (kind === 'killed') killWorker(pool, server, running)
  return running
}

/**
 * Kills the server as soon as it works on a call.
 * @param {McpPool} pool
 * @param {string} name
 * @param {Promise<unknown>} running
 */
async function killWorker(pool, name, running) {
  let over = false
  running.finally(() => (over = true))
  const victim = await until(
    () =>
      over || pool.getActiveCalls().find(({ server, tool }) => server === name && tool === 'hang'),
  )
  if (victim !== true) kill(victim.pid)
}

describe('each call is sent once', { skip: noProcessList }, () => {
  for (const [how, count, use] of [
    ['shared sessions', 500, { maxInFlight: 8 }],
    ['one call at a time', 150, { maxInFlight: 1, instances: 2 }],
  ])
    test(`${count} random calls, ${how}`, async (t) => {
      const { file, seen } = callLog()
      const names = Array.from({ length: SERVERS }, (_, at) => `server ${at}`)
      const servers = Object.fromEntries(names.map((name) => [name, hostileServer('', file)]))
      const pool = new McpPool({ servers: apart(servers), killGrace: 200, ...use })
      const seed = Date.now() % 2 ** 31
      const outcomes = await play(pool, randomFrom(seed), count)
      await pool.close()
      const counts = counted(seen())
      const tally = counted(outcomes.map(({ code }) => code))
      t.diagnostic(
        `seed ${seed}: ${JSON.stringify(Object.fromEntries(tally))}; ${seen().length} seen by servers`,
      )

      for (const { key, kind, code } of outcomes) {
        const count = counts.get(String(key)) ?? 0
        const told = `call ${key} (${kind}), ${code}, was seen ${count} times; seed ${seed}`
        assert.ok(['OK', 'ERR_MCP', ...GIVEN_UP, ...ENDED].includes(code), told)
        if (code === 'OK' || code === 'ERR_MCP') assert.equal(count, 1, told)
        else assert.ok(count <= 1, told)
      }
      assert.ok(tally.get('OK') > count / 4 && tally.get('ERR_SERVER_EXITED') > 0)
    })

  test('also through a helper, whose slots are all free afterwards', async () => {
    const { file, seen } = callLog()
    const helper = createMcpHelper({
      servers: { it: hostileServer('', file) },
      transport: 'pool',
      killGrace: 200,
    })
    const made = [
      ['exit', {}],
      ['hang', { timeout: 300 }],
      ['echo', {}],
      ['hang', { signal: AbortSignal.timeout(400) }],
      ['crash', {}],
      ['echo', {}],
    ]
    await Promise.allSettled(
      made.map(([tool, options], key) =>
        helper.callToolAsync('it', tool, { key: String(key) }, options),
      ),
    )
    assert.deepEqual(helper.getSemaphoreStatus(), {
      maxConcurrent: 3,
      current: 0,
      queued: 0,
      available: 3,
    })
    assert.deepEqual(helper.getActiveProcesses(), [])
    assert.ok([...counted(seen()).values()].every((count) => count === 1))
    await helper.shutdown()
  })
})

/**
 * Servers that differ in nothing would be one.
 * @param {Record<string, { env?: object }>} servers
 */
function apart(servers) {
  return Object.fromEntries(
    Object.entries(servers).map(([name, server]) => [name, { ...server, env: { NAME: name } }]),
  )
}
