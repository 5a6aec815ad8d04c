// The beginning of a subscription: updates that come with it, callers that leave before it, and
// servers over HTTP that have no way for updates.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { McpPool } from '../index.js'
import { temporaryFolder } from './fixtures/mcp-servers.mjs'
import { said } from './support/hostile.mjs'
import { httpMcpServer } from './support/http-mcp-server.mjs'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'
import { until } from './support/until.mjs'

const script = fileURLToPath(new URL('fixtures/notifying-server.mjs', import.meta.url))
const folder = temporaryFolder()
const SUBSCRIBE = 'resources/subscribe'
const UNSUBSCRIBE = 'resources/unsubscribe'
let files = 0

/** A pool with the server `it`, closed after the test. */
function poolOf(t, server) {
  const pool = new McpPool({ servers: { it: server } })
  t.after(() => pool.close())
  return pool
}

/** A pool of a notifying server, and the methods with the addresses that the server was asked. */
function notifying(t, version = '2025-11-25') {
  const file = join(folder, `asked-${files++}`)
  const args = [script, version, '', file]
  const pool = poolOf(t, { command: process.execPath, args, protocol: version })
  const asked = () =>
    (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [])
      .map((line) => JSON.parse(line))
      .filter(({ method }) => method.startsWith('resources/'))
      .map(({ method, params }) => [method, params.uri])
  return { pool, asked }
}

describe('updates that come with the acceptance', { skip: noProcessList }, () => {
  after(assertNothingLeft)

  for (const version of ['2025-11-25', '2026-07-28']) {
    test(`${version}: they come to the listener once the caller can leave`, async (t) => {
      const { pool } = notifying(t, version)
      let leave
      const updates = []
      leave = await pool.subscribe('it', 'early:3', ({ uri }) => updates.push([typeof leave, uri]))
      await until(() => updates.length === 3)
      assert.deepEqual(
        updates,
        ['early:3', 'early:3/1', 'early:3/2'].map((uri) => ['function', uri]),
      )
    })

    test(`${version}: a flood of them is told as one that some may be missing`, async (t) => {
      const { pool } = notifying(t, version)
      const updates = []
      await pool.subscribe('it', 'early:1000', (update) => updates.push(update))
      await pool.callTool('it', 'echo', { words: 'all have come' })
      // What is read after the acceptance comes one by one.
      assert.ok(updates.some(({ renewed }) => renewed) || updates.length === 1000)
    })
  }

  test('a caller that leaves at once gets none', async (t) => {
    const { pool } = notifying(t)
    const leave = await pool.subscribe('it', 'early:3', () => assert.fail('it has left'))
    leave()
    assert.equal(said(await pool.callTool('it', 'echo', { words: 'later' })), 'later')
  })
})

describe('callers that leave before the acceptance', { skip: noProcessList }, () => {
  after(assertNothingLeft)
  const listen = () => {}

  test('an abort ends the subscription at the server', async (t) => {
    const { pool, asked } = notifying(t)
    const stop = new AbortController()
    const subscribing = pool.subscribe('it', 'held:a', listen, { signal: stop.signal })
    await until(() => asked().length > 0)
    stop.abort()
    await assert.rejects(subscribing, { code: 'ABORT_ERR' })
    await until(() => asked().length > 1)
    assert.deepEqual(asked(), [
      [SUBSCRIBE, 'held:a'],
      [UNSUBSCRIBE, 'held:a'],
    ])
    assert.equal(said(await pool.callTool('it', 'accept')), 'accepted')
    assert.equal(said(await pool.callTool('it', 'echo', { words: 'ok' })), 'ok')
  })

  test('a timeout does too', async (t) => {
    const { pool, asked } = notifying(t)
    await pool.getServerInfo('it')
    const subscribing = pool.subscribe('it', 'held:a', listen, { timeout: 500 })
    await assert.rejects(subscribing, { code: 'ERR_CALL_TIMEOUT', message: /within 500 ms/ })
    await until(() => asked().length > 1)
    assert.deepEqual(asked()[1], [UNSUBSCRIBE, 'held:a'])
  })

  test('an abort leaves the subscription to another caller', async (t) => {
    const { pool, asked } = notifying(t)
    const stop = new AbortController()
    const updates = []
    const first = pool.subscribe('it', 'held:a', listen, { signal: stop.signal })
    const second = pool.subscribe('it', 'held:a', (update) => updates.push(update))
    await until(() => asked().length > 0)
    stop.abort()
    await assert.rejects(first, { code: 'ABORT_ERR' })
    await pool.callTool('it', 'accept')
    const leave = await second
    await pool.callTool('it', 'update', { uri: 'held:a' })
    assert.deepEqual(updates, [{ uri: 'held:a' }])
    assert.deepEqual(asked(), [[SUBSCRIBE, 'held:a']])
    leave()
    await until(() => asked().length > 1)
    assert.deepEqual(asked()[1], [UNSUBSCRIBE, 'held:a'])
  })

  test('over HTTP', async (t) => {
    const server = await httpServer(t, { subscribe: 'hang' })
    const pool = poolOf(t, { url: server.url })
    const stop = new AbortController()
    const subscribing = pool.subscribe('it', 'a:b', listen, { signal: stop.signal })
    await until(() => server.asked(SUBSCRIBE).length > 0)
    stop.abort()
    await assert.rejects(subscribing, { code: 'ABORT_ERR' })
    await until(() => server.asked(UNSUBSCRIBE).length > 0)
    assert.deepEqual(server.asked(UNSUBSCRIBE)[0].message.params, { uri: 'a:b' })
  })
})

describe('the stream for updates over HTTP', () => {
  test('a server without one is told no subscription', async (t) => {
    const server = await httpServer(t, {})
    const pool = poolOf(t, { url: server.url })
    await assert.rejects(
      pool.subscribe('it', 'a:b', () => {}),
      {
        code: 'ERR_MCP',
        message:
          'MCP call it.resources/subscribe: the server has no stream on which updates can come ' +
          '(it answered GET with HTTP 405)',
      },
    )
    await until(() => server.asked(UNSUBSCRIBE).length > 0)
    const { content } = await pool.callTool('it', 'reflect', { a: 1 })
    assert.equal(content[0].text, 'received {"a":1}')
  })

  for (const hasSession of [true, false])
    test(`a server ${hasSession ? 'with' : 'without'} sessions that has one`, async (t) => {
      const server = await httpServer(t, { stream: 'open', hasSession })
      const pool = poolOf(t, { url: server.url })
      const updates = []
      await pool.subscribe('it', 'a:b', (update) => updates.push(update))
      server.update('a:b')
      await until(() => updates.length > 0)
      assert.deepEqual(updates, [{ uri: 'a:b' }])
    })

  test('a server that does not show whether it has one', async (t) => {
    const server = await httpServer(t, { stream: 'hang' })
    const pool = poolOf(t, { url: server.url })
    const leave = await pool.subscribe('it', 'a:b', () => {})
    leave()
    await until(() => server.asked(UNSUBSCRIBE).length > 0)
  })
})

/**
 * A server over HTTP that takes subscriptions, with its GET stream or without.
 * @param {import('node:test').TestContext} t
 * @param {{ subscribe?: 'hang', stream?: 'open' | 'hang', hasSession?: boolean }} manner
 */
async function httpServer(t, { subscribe, stream, hasSession = true }) {
  let events
  const answers = {
    ...(!hasSession && {
      initialize: ({ protocolVersion }) => ({
        protocolVersion,
        capabilities: { resources: { subscribe: true } },
        serverInfo: { name: 'http', version: '1.0.0' },
      }),
      'notifications/initialized': () => ({}),
    }),
    [SUBSCRIBE]: () => ({}),
    [UNSUBSCRIBE]: () => ({}),
  }
  const behave = (message, { method }, response) => {
    if (method === 'GET') {
      if (stream === 'hang') return { hang: true }
      if (stream === undefined) return undefined
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      events = response
      return { done: true }
    }
    if (message?.method === SUBSCRIBE && subscribe === 'hang') return { hang: true }
    const result = answers[message?.method]?.(message.params)
    return result && { status: 200, body: { jsonrpc: '2.0', id: message.id, result } }
  }
  const server = await httpMcpServer(t, { behave })
  const method = 'notifications/resources/updated'
  return {
    ...server,
    asked: (name) => server.requests.filter(({ message }) => message?.method === name),
    update: (uri) =>
      events.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method, params: { uri } })}\n\n`),
  }
}
