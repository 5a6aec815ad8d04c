// Streams over HTTP: what the server asks on them, how a broken one goes on, and what is said in
// headers.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { McpPool } from '../index.js'
import { httpMcpServer } from './support/http-mcp-server.mjs'
import { until } from './support/until.mjs'

const isCall = (message) => message?.method === 'tools/call'
const data = (message) => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`

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

/** Begins a stream of events. @param {import('node:http').ServerResponse} response */
function events(response) {
  return response.writeHead(200, { 'content-type': 'text/event-stream' })
}

const sent = ({ requests }, is) =>
  requests
    .filter(({ message }) => message !== undefined && is(message))
    .map(({ message }) => message)

describe('a server that asks', () => {
  for (const where of ['in the stream of a call', 'on the GET stream']) {
    test(`gets an answer to a ping and a refusal of all else, ${where}`, async (t) => {
      const questions = ['ping', 'roots/list', 'sampling/createMessage', 'elicitation/create']
      const ask = (response) => {
        for (const [at, method] of questions.entries())
          response.write(data({ id: `q${at}`, method, params: {} }))
      }
      const server = await httpMcpServer(t, {
        behave: (message, { method }, response) => {
          if (method === 'GET') {
            ask(events(response))
            return { done: true }
          }
          if (message?.id !== undefined && message.method === undefined) return { status: 202 }
          if (!isCall(message)) return undefined
          if (!where.includes('GET')) ask(events(response))
          else events(response)
          setTimeout(() => response.end(data({ id: message.id, result: { content: [] } })), 50)
          return { done: true }
        },
      })
      const pool = poolOf(t, server)
      assert.deepEqual(await pool.callTool('http', 'reflect'), { content: [] })
      /** Replies by id, because the server may ask in both streams. */
      const replies = () => {
        const all = sent(server, ({ method, id }) => method === undefined && typeof id === 'string')
        return new Map(all.map(({ id, result, error }) => [id, result ?? error]))
      }
      await until(() => replies().size >= questions.length)
      const refusal = { code: -32601, message: 'Method not found' }
      assert.deepEqual([...replies()].sort(), [
        ['q0', {}],
        ['q1', refusal],
        ['q2', refusal],
        ['q3', refusal],
      ])
    })
  }

  test('may answer a call on the GET stream', async (t) => {
    let stream
    const server = await httpMcpServer(t, {
      behave: (message, { method }, response) => {
        if (method === 'GET') {
          stream = events(response)
          stream.write(': open\n\n')
          return { done: true }
        }
        if (!isCall(message)) return undefined
        setTimeout(
          () => stream.write(data({ id: message.id, result: { content: [], here: true } })),
          20,
        )
        return { status: 202 }
      },
    })
    const pool = poolOf(t, server)
    await pool.listTools('http')
    await until(() => stream !== undefined)
    assert.deepEqual(await pool.callTool('http', 'reflect'), { content: [], here: true })
  })

  test('reports progress, with the id of the request as its token', async (t) => {
    const server = await httpMcpServer(t, {
      behave: (message, _, response) => {
        if (!isCall(message)) return undefined
        const { progressToken } = message.params._meta
        events(response).write(
          data({
            method: 'notifications/progress',
            params: { progressToken, progress: 1, total: 2 },
          }),
        )
        response.end(data({ id: message.id, result: { content: [] } }))
        return { done: true }
      },
    })
    const seen = []
    await poolOf(t, server).callTool(
      'http',
      'reflect',
      {},
      { onProgress: (progress) => seen.push(progress) },
    )
    assert.deepEqual(seen, [{ progress: 1, total: 2, message: undefined }])
  })
})

describe('a stream that breaks', () => {
  /** Answers a call with a stream that ends after an id, and GET as `resume` does. */
  function breaking(t, resume) {
    let call
    return httpMcpServer(t, {
      behave: (message, request, response) => {
        if (request.method === 'GET') {
          if (request.headers['last-event-id'] === undefined) return { status: 405 }
          return resume(request, response, call)
        }
        if (!isCall(message)) return undefined
        call = message
        events(response).end('retry: 60\n\nid: here\ndata: \n\n')
        return { done: true }
      },
    })
  }

  test('is resumed after its last event', async (t) => {
    const server = await breaking(t, (_, response, { id }) => {
      events(response).end(data({ id, result: { content: [], resumed: true } }))
      return { done: true }
    })
    assert.deepEqual(await poolOf(t, server).callTool('http', 'reflect'), {
      content: [],
      resumed: true,
    })
    const asked = server.requests.filter(({ headers }) => headers['last-event-id'] !== undefined)
    assert.deepEqual(
      asked.map(({ method, headers }) => [method, headers['last-event-id']]),
      [['GET', 'here']],
    )
    assert.equal(server.calls().length, 1)
  })

  test('is resumed after a server was busy for a moment', async (t) => {
    const statuses = [503, 429]
    const server = await breaking(t, (_, response, { id }) => {
      const status = statuses.pop()
      if (status !== undefined) return { status }
      events(response).end(data({ id, result: { content: [], resumed: true } }))
      return { done: true }
    })
    assert.deepEqual(await poolOf(t, server).callTool('http', 'reflect'), {
      content: [],
      resumed: true,
    })
  })

  for (const status of [404, 405, 500]) {
    test(`fails its call at once when the server refuses to resume it: ${status}`, async (t) => {
      const server = await breaking(t, () => ({ status }))
      await assert.rejects(poolOf(t, server).callTool('http', 'reflect'), {
        code: 'ERR_SERVER_EXITED',
        message: new RegExp(`resume.*HTTP ${status}`),
      })
      assert.equal(server.calls().length, 1)
    })
  }

  test('fails its call at once when it has no id', async (t) => {
    const server = await httpMcpServer(t, {
      behave: (message, _, response) => {
        if (!isCall(message)) return undefined
        events(response).end(': nothing\n\n')
        return { done: true }
      },
    })
    await assert.rejects(poolOf(t, server).callTool('http', 'reflect'), {
      code: 'ERR_SERVER_EXITED',
      message: /closed the stream/,
    })
  })
})

describe('headers', () => {
  test('each request after the handshake names the negotiated version', async (t) => {
    const server = await httpMcpServer(t, {
      behave: ({ id, method } = {}) => {
        const result = {
          protocolVersion: '2025-03-26',
          capabilities: {},
          serverInfo: { name: 'old', version: '1' },
        }
        return method === 'initialize'
          ? { status: 200, body: { jsonrpc: '2.0', id, result } }
          : method === 'tools/call'
            ? { status: 200, body: { jsonrpc: '2.0', id, result: {} } }
            : method
              ? { status: 202 }
              : undefined
      },
    })
    await poolOf(t, server).callTool('http', 'reflect')
    const [first, ...rest] = server.requests
    assert.equal(first.headers['mcp-protocol-version'], undefined)
    assert.equal(first.message.params.protocolVersion, '2025-11-25')
    assert.ok(rest.length >= 2)
    for (const { headers } of rest) assert.equal(headers['mcp-protocol-version'], '2025-03-26')
    assert.match(first.headers['user-agent'], /^procward\/\d/)
  })

  test('a server without initialize gets the version, the client and the method in each request', async (t) => {
    const server = await httpMcpServer(t, {
      behave: ({ id, method } = {}) => {
        if (method === 'server/discover') {
          return {
            status: 200,
            body: {
              jsonrpc: '2.0',
              id,
              result: { supportedVersions: ['2026-07-28'], capabilities: { tools: {} } },
            },
          }
        }
        if (method === 'tools/call')
          return { status: 200, body: { jsonrpc: '2.0', id, result: { content: [] } } }
        return {
          status: 400,
          body: { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } },
        }
      },
    })
    await poolOf(t, server, { protocol: '2026-07-28' }).callTool('http', 'say hi', { a: 1 })
    assert.deepEqual(
      server.requests.map(({ message }) => message.method),
      // The tool may want headers. This server lists no tools, so its tools want none.
      ['server/discover', 'tools/list', 'tools/call'],
    )
    for (const { message, headers } of server.requests) {
      assert.equal(headers['mcp-protocol-version'], '2026-07-28')
      assert.equal(headers['mcp-method'], message.method)
      const meta = message.params._meta
      assert.equal(meta['io.modelcontextprotocol/protocolVersion'], '2026-07-28')
      assert.equal(meta['io.modelcontextprotocol/clientInfo'].name, 'procward')
      assert.deepEqual(meta['io.modelcontextprotocol/clientCapabilities'], {})
    }
    assert.equal(server.requests[2].headers['mcp-name'], 'say hi')
    await poolOf(t, server).callTool('http', 'say hi', { a: 1 })
    assert.ok(
      server.requests.some(({ message }) => message.method === 'initialize'),
      'by default the handshake comes first',
    )
  })
})

test('a cancelled call is cancelled at the server', async (t) => {
  const server = await httpMcpServer(t, { behave: (message) => ({ hang: isCall(message) }) })
  const pool = poolOf(t, server)
  await assert.rejects(pool.callTool('http', 'reflect', {}, { timeout: 200 }), {
    code: 'ERR_CALL_TIMEOUT',
  })
  const controller = new AbortController()
  const call = pool.callTool('http', 'reflect', {}, { signal: controller.signal })
  await until(() => server.calls().length === 2)
  controller.abort()
  await assert.rejects(call, { code: 'ABORT_ERR' })
  const cancelled = () => sent(server, ({ method }) => method === 'notifications/cancelled')
  await until(() => cancelled().length === 2)
  const ids = server.calls().map(({ id }) => id)
  assert.deepEqual(
    cancelled()
      .map(({ params }) => params.requestId)
      .sort(),
    ids.sort(),
  )
})

test('the GET stream is requested again only after a pause', async (t) => {
  const server = await httpMcpServer(t, {
    behave: (_, { method }, response) => {
      if (method !== 'GET') return undefined
      events(response).end()
      return { done: true }
    },
  })
  const pool = poolOf(t, server)
  await pool.callTool('http', 'reflect')
  await new Promise((resolve) => setTimeout(resolve, 600))
  const asked = server.requests.filter(({ method }) => method === 'GET').length
  assert.ok(asked >= 1 && asked <= 2, `${asked} times`)
})
