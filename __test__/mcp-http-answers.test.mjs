// The meaning of what a server answers over HTTP: a refused session, a refused call, an answer in
// another shape.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { McpPool } from '../index.js'
import { httpMcpServer } from './support/http-mcp-server.mjs'

const EVENTS = { 'content-type': 'text/event-stream' }
const isCall = (message) => message?.method === 'tools/call'
const rpcError = (id, code, message) => ({ jsonrpc: '2.0', id, error: { code, message } })
const event = (message) => `data: ${JSON.stringify(message)}\n\n`

/**
 * A pool for this one server.
 * @param {import('node:test').TestContext} t
 * @param {{ url: string }} server
 * @param {object} [options]
 */
function poolOf(t, { url }, options = {}) {
  const pool = new McpPool({ servers: { http: { url, ...options } }, callTimeout: 20_000 })
  t.after(() => pool.close())
  return pool
}

/** How often the server was asked for a session. @param {{ requests: any[] }} server */
function handshakes({ requests }) {
  return requests.filter(({ message }) => message?.method === 'initialize').length
}

describe('a session that the server refuses', () => {
  for (const [name, answer] of [
    ['404', () => ({ status: 404, body: 'not found' })],
    ['400 and a text about the session', () => ({ status: 400, body: 'Unknown session id' })],
    [
      '400 and an error without id',
      () => ({ status: 400, body: rpcError(null, -32000, 'Bad Request: not initialized') }),
    ],
    [
      '400 and an error with a foreign id',
      () => ({ status: 400, body: rpcError('server-error', -32600, 'no session') }),
    ],
    [
      '200 and an error without id',
      () => ({ status: 200, body: rpcError(null, -32001, 'Session not found') }),
    ],
    [
      '200 and such an error as an event',
      () => ({
        status: 200,
        headers: EVENTS,
        body: event(rpcError(null, -32001, 'Session not found')),
      }),
    ],
  ]) {
    test(`is replaced: ${name}`, async (t) => {
      let restarted = false
      const server = await httpMcpServer(t, {
        behave: (message, { headers }) =>
          restarted && isCall(message) && headers['mcp-session-id'] === stale
            ? answer()
            : undefined,
      })
      const pool = poolOf(t, server)
      await pool.callTool('http', 'reflect', { at: 1 })
      const stale = server.requests.find(({ message }) => isCall(message)).headers['mcp-session-id']
      restarted = true
      const { content } = await pool.callTool('http', 'reflect', { at: 2 })
      assert.equal(content[0].text, 'received {"at":2}')
      assert.deepEqual(
        server.calls().map(({ params }) => params.arguments.at),
        [1, 2, 2],
        'refused, and sent once more',
      )
      assert.equal(handshakes(server), 2)
    })
  }

  test('fails the call when the new session is refused too', async (t) => {
    const server = await httpMcpServer(t, {
      behave: (message) => (isCall(message) ? { status: 404 } : undefined),
    })
    const pool = poolOf(t, server)
    await assert.rejects(pool.callTool('http', 'reflect'), {
      code: 'ERR_SERVER_EXITED',
      message: /session/,
    })
    assert.equal(server.calls().length, 2)
  })

  test('is replaced while another call in it is in flight', async (t) => {
    let open
    const server = await httpMcpServer(t, {
      behave: (message, { headers }, response) => {
        if (!isCall(message)) return undefined
        if (message.params.arguments.slow) {
          open = { response, message, session: headers['mcp-session-id'] }
          return { done: true }
        }
        return headers['mcp-session-id'] === open.session ? { status: 404 } : undefined
      },
    })
    const pool = poolOf(t, server)
    const slow = pool.callTool('http', 'reflect', { slow: true })
    while (open === undefined) await new Promise(setImmediate)
    await pool.callTool('http', 'reflect', { at: 2 })
    open.response.writeHead(200, { 'content-type': 'application/json' })
    open.response.end(
      JSON.stringify({ jsonrpc: '2.0', id: open.message.id, result: { content: [] } }),
    )
    assert.deepEqual(await slow, { content: [] })
  })
})

describe('an answer that is never sent again', () => {
  for (const [name, answer, expected] of [
    [
      'an error of the tool about a session',
      ({ id }) => ({ status: 200, body: rpcError(id, -32000, 'your Asana session has expired') }),
      { code: 'ERR_MCP', rpcCode: -32000, message: /Asana session/ },
    ],
    [
      '503 and an error without id',
      () => ({ status: 503, body: rpcError(null, -32000, 'overloaded') }),
      { code: 'ERR_MCP', message: /overloaded/ },
    ],
    [
      '500 and a text',
      () => ({ status: 500, body: 'out of \u001b[31mpaper\u0007' }),
      { code: 'ERR_SERVER_EXITED', message: /HTTP 500: out of paper$/ },
    ],
    [
      'a foreign error',
      () => ({ status: 200, body: rpcError(77, -32603, 'internal') }),
      { code: 'ERR_MCP', message: /internal/ },
    ],
    [
      'a code that is no whole number',
      ({ id }) => ({ status: 200, body: rpcError(id, 1.5, 'odd') }),
      { code: 'ERR_MCP', rpcCode: 1.5 },
    ],
    [
      'a page for people',
      () => ({
        status: 200,
        headers: { 'content-type': 'text/html' },
        body: '<html>Log in</html>',
      }),
      { code: 'ERR_SERVER_EXITED', message: /Log in/ },
    ],
    ['nothing', () => ({ status: 200 }), { code: 'ERR_SERVER_EXITED' }],
    ['401', () => ({ status: 401 }), { code: 'ERR_UNAUTHORIZED' }],
    [
      '401 and a challenge',
      () => ({ status: 401, headers: { 'www-authenticate': 'Bearer realm="ads"' } }),
      { code: 'ERR_UNAUTHORIZED' },
    ],
    [
      'a message above the bound',
      ({ id }) => ({
        status: 200,
        body: { jsonrpc: '2.0', id, result: { text: 'x'.repeat(70_000) } },
      }),
      { code: 'ERR_MAX_BUFFER' },
    ],
    [
      'an event above the bound',
      ({ id }) => ({
        status: 200,
        headers: EVENTS,
        body: event({ jsonrpc: '2.0', id, result: { text: 'x'.repeat(70_000) } }),
      }),
      { code: 'ERR_MAX_BUFFER' },
    ],
  ]) {
    test(name, async (t) => {
      const server = await httpMcpServer(t, {
        behave: (message) =>
          isCall(message) && message.params.arguments.fail ? answer(message) : undefined,
      })
      const pool = poolOf(t, server, {
        maxBuffer: 65_536,
        headers: { 'X-Api-Key': 'hush-hush-hush' },
      })
      const error = await pool.callTool('http', 'reflect', { fail: true }).catch((error) => error)
      for (const [key, value] of Object.entries(expected)) {
        if (value instanceof RegExp) assert.match(error[key], value)
        else assert.equal(error[key], value)
      }
      assert.doesNotMatch(error.message, /\p{Cc}/u, 'control characters')
      assert.equal(server.calls().length, 1)
      const { content } = await pool.callTool('http', 'reflect', { at: 2 })
      assert.equal(
        content[0].text,
        'received {"at":2}',
        'the next call is made as if nothing had been',
      )
    })
  }

  test('no error shows a header that the server sends back', async (t) => {
    const server = await httpMcpServer(t, {
      behave: (message, { headers }) =>
        isCall(message) ? { status: 403, body: `bad key ${headers['x-api-key']}` } : undefined,
    })
    const pool = poolOf(t, server, { headers: { 'X-Api-Key': 'hush-hush-hush' } })
    const error = await pool.callTool('http', 'reflect').catch((error) => error)
    assert.match(error.message, /bad key/)
    assert.ok(!error.message.includes('hush'), error.message)
  })
})

describe('an answer in another shape', () => {
  for (const [name, answer] of [
    [
      'an id as a string',
      ({ id }, result) => ({ status: 200, body: { jsonrpc: '2.0', id: String(id), result } }),
    ],
    [
      'an id with a fraction',
      ({ id }, result) => ({
        status: 200,
        body: `{"jsonrpc":"2.0","id":${id}.0,"result":${JSON.stringify(result)}}`,
      }),
    ],
    [
      'a batch',
      ({ id }, result) => ({
        status: 200,
        body: [
          { jsonrpc: '2.0', method: 'notifications/message', params: {} },
          { jsonrpc: '2.0', id, result },
        ],
      }),
    ],
    [
      'a byte order mark',
      ({ id }, result) => ({
        status: 200,
        body: `\ufeff${JSON.stringify({ jsonrpc: '2.0', id, result })}`,
      }),
    ],
    [
      'JSON that is called text',
      ({ id }, result) => ({
        status: 200,
        headers: { 'content-type': 'text/plain' },
        body: { jsonrpc: '2.0', id, result },
      }),
    ],
    [
      'an event after a comment, in two lines',
      ({ id }, result) => ({
        status: 200,
        headers: { 'content-type': 'text/event-stream; charset=utf-8' },
        body: `: hello\r\nevent: message\r\ndata: {"jsonrpc":"2.0","id":${id},\r\ndata: "result":${JSON.stringify(result)}}\r\n\r\n`,
      }),
    ],
  ]) {
    test(name, async (t) => {
      const result = { content: [{ type: 'text', text: 'x', more: 1 }], z: 1, a: { b: null } }
      const server = await httpMcpServer(t, {
        behave: (message) => (isCall(message) ? answer(message, result) : undefined),
      })
      assert.deepEqual(await poolOf(t, server).callTool('http', 'reflect'), result)
    })
  }

  for (const [name, answer] of [
    ['200 and a message', { status: 200, body: { jsonrpc: '2.0', result: {} } }],
    ['200 and a stream that never ends', { stream: true }],
    ['204', { status: 204 }],
    ['200 and a text', { status: 200, headers: { 'content-type': 'text/plain' }, body: 'ok' }],
  ]) {
    test(`a notification is answered with ${name}`, async (t) => {
      const server = await httpMcpServer(t, {
        behave: (message, _, response) => {
          if (message?.method !== 'notifications/initialized') return undefined
          if (!answer.stream) return answer
          response.writeHead(200, EVENTS).write(': open\n\n')
          return { done: true }
        },
      })
      const { content } = await poolOf(t, server).callTool('http', 'reflect', { at: 1 })
      assert.equal(content[0].text, 'received {"at":1}')
    })
  }
})
