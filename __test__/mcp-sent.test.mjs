// The moment at which a request is sent: never before there is a session, and never after the
// answer.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import poolModule from '../lib/mcp/pool.js'
import sessionCalls from '../lib/mcporter/session-calls.js'
import { deadServer } from './fixtures/mcp-servers.mjs'
import { callLog, hostileServer } from './support/hostile.mjs'
import { httpMcpServer } from './support/http-mcp-server.mjs'
import { noProcessList } from './support/processes.mjs'

const { SessionPool } = poolModule
const TIMEOUT = 20_000
const deadline = () => performance.now() + TIMEOUT

/**
 * A pool with the server `it`, and calls that note when they are sent and settled.
 * @param {import('node:test').TestContext} t
 * @param {object} server
 */
function noted(t, server) {
  const pool = new SessionPool({ servers: { it: server }, killGrace: 200 })
  t.after(() => pool.close())
  /** @type {any[]} */
  const events = []
  /** @param {string} tool @param {string} name @param {AbortSignal} [signal] */
  const callOf = (tool, name = tool, signal = undefined) => ({
    server: 'it',
    tool,
    timeout: TIMEOUT,
    signal,
    onSent() {
      events.push(`${name} sent`)
      states.push(pool.getStatus().sessions.map(({ state }) => state))
    },
  })
  /** The state of all sessions at each notification. @type {any[]} */
  const states = []
  return {
    pool,
    events,
    states,
    callOf,
    /** @param {string} tool @param {object} [args] @param {string} [name] */
    async call(tool, args = {}, name = tool, signal = undefined) {
      const call = callOf(tool, name, signal)
      const outcome = pool.callEncoded(call, JSON.stringify(args), deadline())
      await outcome.then(
        () => events.push(`${name} answered`),
        ({ code }) => events.push(`${name} ${code}`),
      )
    },
  }
}

/** @type {Record<string, (t: import('node:test').TestContext) => Promise<[object, string]>>} */
const TRANSPORTS = {
  stdio: async () => [hostileServer('slow'), 'echo'],
  http: async (t) => [{ url: (await httpMcpServer(t)).url }, 'reflect'],
}

for (const [name, serverOf] of Object.entries(TRANSPORTS))
  describe(`a request over ${name}`, { skip: noProcessList }, () => {
    test('is sent when its server has started', async (t) => {
      const [server, tool] = await serverOf(t)
      const { call, events, states } = noted(t, server)
      const first = call(tool, {}, 'first')
      assert.deepEqual(events, [])
      await first
      assert.deepEqual(events, ['first sent', 'first answered'])
      // The answer may be there already when the message arrives.
      assert.equal(states.length, 1)
      assert.match(states[0].join(), /^(busy|idle)$/)
    })

    test('is sent within the call if there is a session', async (t) => {
      const [server, tool] = await serverOf(t)
      const { call, events } = noted(t, server)
      await call(tool, {}, 'first')
      events.length = 0
      const second = call(tool, {}, 'second')
      assert.deepEqual(events, ['second sent'])
      await second
      assert.deepEqual(events, ['second sent', 'second answered'])
    })

    test('is reported once and before its answer, among many', async (t) => {
      const [server, tool] = await serverOf(t)
      const { call, events } = noted(t, { ...server, maxInFlight: 4 })
      const names = Array.from({ length: 200 }, (_, at) => `call ${at}`)
      await Promise.all(names.map((each) => call(tool, {}, each)))
      assert.equal(events.length, 400)
      for (const each of names) {
        const [sent, answered] = [
          events.indexOf(`${each} sent`),
          events.indexOf(`${each} answered`),
        ]
        assert.ok(sent !== -1 && sent < answered, `${each}: ${sent}, ${answered}`)
      }
    })
  })

describe('a request that is never sent is not reported', { skip: noProcessList }, () => {
  test('when its server does not start', async (t) => {
    const { call, events } = noted(t, deadServer)
    await call('echo')
    assert.deepEqual(events, ['echo ERR_SERVER_START'])
  })

  test('when it is given up before', async (t) => {
    const { call, events } = noted(t, hostileServer('silent'))
    const giveUp = new AbortController()
    const waiting = call('echo', {}, 'echo', giveUp.signal)
    giveUp.abort()
    await waiting
    assert.deepEqual(events, ['echo ABORT_ERR'])
  })

  test('when there is no such server', async (t) => {
    const { pool, callOf, events } = noted(t, deadServer)
    const call = { ...callOf('echo'), server: 'other' }
    await assert.rejects(pool.callEncoded(call, '{}', deadline()), { code: 'ERR_UNKNOWN_SERVER' })
    assert.deepEqual(events, [])
  })
})

test('a request that fails is reported before', { skip: noProcessList }, async (t) => {
  const { file, seen } = callLog()
  const { call, events } = noted(t, hostileServer('', file))
  for (const tool of ['error', 'exit']) await call(tool)
  assert.deepEqual(events, ['error sent', 'error ERR_MCP', 'exit sent', 'exit ERR_SERVER_EXITED'])
  assert.deepEqual(seen(), ['error', 'exit'])
})

test('a request that is sent again is reported again', async (t) => {
  const server = await httpMcpServer(t)
  const { call, events } = noted(t, { url: server.url })
  await call('reflect', {}, 'first')
  server.restart()
  await call('reflect', {}, 'second')
  assert.deepEqual(events.slice(2), ['second sent', 'second sent', 'second answered'])
  assert.equal(server.calls().length, 3)
})

test('a list is reported with its first page', async (t) => {
  const server = await httpMcpServer(t, {
    behave(message) {
      if (message?.method !== 'tools/list' || message.params.cursor === '2') return undefined
      const nextCursor = message.params.cursor === undefined ? '1' : '2'
      const result = { tools: [], nextCursor }
      return { status: 200, body: { jsonrpc: '2.0', id: message.id, result } }
    },
  })
  const { pool, callOf, events } = noted(t, { url: server.url })
  const tools = await pool.listPages(callOf('list_tools'), deadline())
  assert.deepEqual([tools.length, events], [1, ['list_tools sent']])
})

test('the look-up of an unknown tool is not the request of the call', async (t) => {
  const server = await httpMcpServer(t, {
    behave: (message) =>
      message?.method === 'tools/call'
        ? {
            status: 200,
            body: {
              jsonrpc: '2.0',
              id: message.id,
              error: { code: -32602, message: 'Unknown tool: other' },
            },
          }
        : undefined,
  })
  const { pool, callOf, events } = noted(t, { url: server.url })
  const calls = new sessionCalls.SessionCalls(pool)
  const call = { ...callOf('other'), json: '{}' }
  await assert.rejects(calls.call(call, deadline()), { code: 'ERR_UNKNOWN_TOOL' })
  assert.deepEqual(events, ['other sent'])
})
