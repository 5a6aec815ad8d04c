// A rate that two processes share. The witness is the server: it notes the time of each call.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { LEASE } from './support/fleet.mjs'
import { httpMcpServer } from './support/http-mcp-server.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { KINDS, noRedis, startRedis } from './support/redis.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const RATE = { limit: 4, interval: 500 }
const PROCESSES = ['one', 'other']
const CALLERS = 4
/** Of each caller. */
const CALLS = 4
const now = () => Number(process.hrtime.bigint()) / 1e6

/** Makes calls, and prints the time at which each got its slots, which is before it is sent. */
const PROGRAM = `
  const { AsyncLocalStorage } = require('node:async_hooks')
  const diagnostics = require('node:diagnostics_channel')
  const { createMcpHelper } = require('procward/mcp-helper')
  const { name, url, rate, callers, calls } = JSON.parse(process.argv[1])
  const current = new AsyncLocalStorage()
  const [names, granted] = [new Map(), {}]
  diagnostics.subscribe('procward:queue:enter', ({ id }) => names.set(id, current.getStore()))
  diagnostics.subscribe('procward:queue:leave', ({ id }) => {
    granted[names.get(id)] = Number(process.hrtime.bigint()) / 1e6
  })
  const servers = { rated: { url, transport: 'pool' } }
  const helper = createMcpHelper({ servers, rates: { rated: rate }, maxConcurrent: 50, killGrace: 100 })
  const call = (id) => current.run(id, () => helper.callToolAsync('rated', 'reflect', { id }))
  const caller = async (number) => {
    for (let count = 0; count < calls; count++) await call([name, number, count].join('-'))
  }
  Promise.all(Array.from({ length: callers }, (_, number) => caller(number)))
    .then(() => helper.shutdown())
    .then(() => console.log(JSON.stringify(granted)))`

after(assertNothingLeft)

for (const kind of KINDS)
  test(`two processes never exceed a rate together (${kind})`, {
    skip: noRedis(kind),
  }, async (t) => {
    const redis = await startRedis(t, { kind })
    /** @type {Map<string, number>} */
    const arrivals = new Map()
    const { url } = await httpMcpServer(t, {
      behave(message) {
        if (message?.method === 'tools/call') arrivals.set(message.params.arguments.id, now())
        return undefined
      },
    })
    const settings = { url, rate: RATE, callers: CALLERS, calls: CALLS }
    const outputs = await Promise.all(
      PROCESSES.map((name) => outputOf(t, redis.url, { name, ...settings })),
    )
    const granted = new Map(outputs.flatMap((output) => Object.entries(JSON.parse(output))))
    const calls = [...granted].map(([id, from]) => ({ from, to: arrivals.get(id) }))
    assert.equal(calls.length, PROCESSES.length * CALLERS * CALLS)
    assert.ok(calls.every(({ from, to }) => from < to))
    assert.deepEqual(excesses(calls, RATE), [])
  })

test('the witness sees one call too many, however long calls are on their way', () => {
  const call = (from, to) => ({ from, to })
  const four = [0, 1, 2, 3].map((at) => call(at, at + 5))
  assert.deepEqual(excesses([...four, call(505, 506)], RATE), [])
  assert.deepEqual(excesses([...four, call(300, 499)], RATE), [499])
  // This one may have been sent at 500.
  assert.deepEqual(excesses([...four, call(300, 501)], RATE), [])
})

/**
 * @param {import('node:test').TestContext} t
 * @param {string} redis
 * @param {object} settings
 */
async function outputOf(t, redis, settings) {
  const child = spawn(process.execPath, ['-e', PROGRAM, JSON.stringify(settings)], {
    cwd: root,
    env: { ...process.env, MCP_LIMIT_URL: redis, MCP_LIMIT_LEASE: String(LEASE) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  return text(child.stdout)
}

/**
 * Returns the lengths of the times, each below the interval, in which more calls were sent than the
 * rate allows. A call was sent at some time from its grant to its arrival, so a slow machine makes
 * no excess.
 * @param {{ from: number, to: number }[]} calls
 * @param {{ limit: number, interval: number }} rate
 */
function excesses(calls, { limit, interval }) {
  return calls.flatMap(({ from: begin }) => {
    const arrivals = calls.filter(({ from }) => from >= begin).map(({ to }) => to)
    const last = arrivals.sort((one, other) => one - other)[limit]
    return last !== undefined && last - begin < interval ? [last - begin] : []
  })
}
