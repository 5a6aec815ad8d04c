// Servers that are reached over HTTP: what they are told, and what becomes of calls when they fail.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { McpPool } from '../index.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { httpMcpServer } from './support/http-mcp-server.mjs'
import { everythingOverHttp } from './support/streamable-http.mjs'

const folder = temporaryFolder()

/**
 * A pool for this one server.
 * @param {import('node:test').TestContext} t
 * @param {string} url
 * @param {object} [options]
 */
function poolOf(t, url, options = {}) {
  const pool = new McpPool({ servers: { http: { url, ...options } } })
  t.after(() => pool.close())
  return pool
}

for (const asEvents of [false, true]) {
  test(`calls, answered with ${asEvents ? 'events' : 'JSON'}`, async (t) => {
    const server = await httpMcpServer(t, { asEvents })
    const pool = poolOf(t, server.url)
    const args = { text: 'ünï "q" 💥', nested: [{ a: null }], number: 8.533e-15, large: 2 ** 60 }
    const results = await Promise.all(
      Array.from({ length: 20 }, () => pool.callTool('http', 'reflect', args)),
    )
    for (const { content } of results)
      assert.equal(content[0].text, `received ${JSON.stringify(args)}`)
    assert.equal(server.calls().length, 20)
    assert.equal(
      server.requests.filter(({ message }) => message?.method === 'initialize').length,
      1,
    )
    const [session] = pool.getStatus().sessions
    assert.deepEqual([session.server, session.pid, session.uses], ['http', null, 20])
    await pool.close()
    assert.equal(
      server.requests.at(-1).method,
      'DELETE',
      'the server is told that the session is over',
    )
  })
}

describe('headers and credentials', () => {
  test('headers, a bearer token and placeholders of the configuration go with every request', async (t) => {
    const server = await httpMcpServer(t)
    process.env.PROCWARD_TEST_TEAM = 'growth'
    process.env.PROCWARD_TEST_TOKEN = 'hush'
    t.after(() => {
      delete process.env.PROCWARD_TEST_TEAM
      delete process.env.PROCWARD_TEST_TOKEN
    })
    const http = {
      url: server.url,
      headers: { 'X-Team': '$' + '{PROCWARD_TEST_TEAM}', 'X-Plain': 'ok' },
      bearerToken: '$' + '{PROCWARD_TEST_TOKEN}',
    }
    const helper = createMcpHelper({ configPath: writeConfig(folder, { http }), transport: 'pool' })
    t.after(() => helper.shutdown())
    await helper.callToolAsync('http', 'reflect')
    const seen = server.requests.map(({ headers }) => [
      headers['x-team'],
      headers['x-plain'],
      headers.authorization,
    ])
    assert.ok(seen.length >= 3)
    for (const one of seen) assert.deepEqual(one, ['growth', 'ok', 'Bearer hush'])
  })

  test('headers given in code are sent', async (t) => {
    const server = await httpMcpServer(t)
    await poolOf(t, server.url, { headers: { Authorization: 'Bearer a' } }).callTool(
      'http',
      'reflect',
    )
    assert.ok(server.requests.every(({ headers }) => headers.authorization === 'Bearer a'))
  })

  test('header values go out as fetch sends them', async (t) => {
    const server = await httpMcpServer(t)
    await poolOf(t, server.url, { headers: { 'X-Note': ' käse ÿ\r\n' } }).callTool(
      'http',
      'reflect',
    )
    assert.ok(server.requests.every(({ headers }) => headers['x-note'] === 'käse ÿ'))
  })

  test('every request names the client', async (t) => {
    const server = await httpMcpServer(t)
    await poolOf(t, server.url).callTool('http', 'reflect')
    for (const { headers } of server.requests)
      assert.match(headers['user-agent'], /^procward\/\d+\.\d+\.\d+$/)
  })

  test('401 is an error about authorisation, without a secret', async (t) => {
    const headers = { 'www-authenticate': 'Bearer realm="ads"' }
    const server = await httpMcpServer(t, { behave: () => ({ status: 401, headers }) })
    const call = poolOf(t, server.url, { headers: { Authorization: 'Bearer hush' } }).callTool(
      'http',
      'reflect',
    )
    const error = await call.catch((error) => error)
    assert.equal(error.code, 'ERR_UNAUTHORIZED')
    assert.match(error.message, /^MCP call http\.reflect: .*authorisation/)
    assert.ok(!error.message.includes('hush'))
    assert.deepEqual(server.calls(), [])
  })

  for (const transport of ['auto', 'pool']) {
    test(`a server that nobody has signed in to says how, with ${transport}`, async (t) => {
      const server = await httpMcpServer(t)
      const configPath = writeConfig(folder, { 'my http': { url: server.url, auth: 'oauth' } })
      // Without mcporter, so that a process of mcporter could not help.
      const helper = createMcpHelper({ configPath, transport, mcporterBin: '/nowhere' })
      t.after(() => helper.shutdown())
      const command = 'mcporter auth "my http"'
      await assert.rejects(helper.callToolAsync('my http', 'reflect'), {
        code: 'ERR_UNAUTHORIZED',
        command,
        file: configPath,
        message: `MCP call my http.reflect: a person has to sign in to it: no token is stored; sign in with: ${command}`,
      })
      assert.deepEqual(server.requests, [])
    })
  }
})

describe('a call is sent once', () => {
  test('a forgotten session is replaced, because the server has refused the call unread', async (t) => {
    const server = await httpMcpServer(t)
    const pool = poolOf(t, server.url)
    await pool.callTool('http', 'reflect', { at: 1 })
    server.restart()
    const { content } = await pool.callTool('http', 'reflect', { at: 2 })
    assert.equal(content[0].text, 'received {"at":2}')
    assert.equal(
      server.requests.filter(({ message }) => message?.method === 'initialize').length,
      2,
    )
  })

  for (const [name, behaviour, asEvents] of [
    ['an error of the server', { status: 500 }, false],
    ['a broken connection', { cut: true }, false],
    ['a broken stream of events', { cut: true }, true],
  ]) {
    test(`${name} in mid-call`, async (t) => {
      const isCall = (message) => message?.method === 'tools/call' && message.params.arguments.fail
      const server = await httpMcpServer(t, {
        asEvents,
        behave: (message, { method }) =>
          isCall(message) ? behaviour : method === 'GET' ? { status: 405 } : undefined,
      })
      const pool = poolOf(t, server.url)
      await pool.callTool('http', 'reflect')
      const call = pool.callTool('http', 'reflect', { fail: true }, { timeout: 20_000 })
      await assert.rejects(call, {
        code: 'ERR_SERVER_EXITED',
        message: /^MCP call http\.reflect: /,
      })
      assert.equal(server.calls().filter(isCall).length, 1)
      const { content } = await pool.callTool('http', 'reflect', { at: 3 })
      assert.equal(
        content[0].text,
        'received {"at":3}',
        'the next call is made as if nothing had been',
      )
    })
  }

  test('a cancelled call', async (t) => {
    const server = await httpMcpServer(t, {
      behave: (message) => ({ hang: message?.method === 'tools/call' }),
    })
    const pool = poolOf(t, server.url)
    await assert.rejects(pool.callTool('http', 'reflect', {}, { timeout: 300 }), {
      code: 'ERR_CALL_TIMEOUT',
    })
    assert.equal(server.calls().length, 1)
    await pool.close()
  })
})

describe('a server that has exited', () => {
  test('before the first call', async (t) => {
    const server = await httpMcpServer(t)
    await server.stop()
    const { host, origin } = new URL(server.url)
    const pool = poolOf(t, `http://hush:hush@${host}/hush/mcp?key=hush#hush`)
    await assert.rejects(pool.callTool('http', 'reflect'), ({ code, message }) => {
      assert.equal(code, 'ERR_SERVER_START')
      const [words, cause] = message.split(/ (?=[^ ]+ refused)/i)
      assert.equal(words, `MCP call http.reflect: the server at ${origin} could not be reached:`)
      assert.match(cause, /^connection refused/i)
      assert.ok(!message.includes('hush'), 'an address may hold a secret')
      return true
    })
  })

  test('in the handshake', async (t) => {
    const behave = (_message, _request, response) => {
      response.writeHead(500).end('ill')
      return { done: true }
    }
    const server = await httpMcpServer(t, { behave })
    const { origin } = new URL(server.url)
    await assert.rejects(poolOf(t, server.url).callTool('http', 'reflect'), {
      code: 'ERR_SERVER_START',
      message: `MCP call http.reflect: the server at ${origin} could not be connected to: it answered HTTP 500: ill`,
    })
  })

  test('between two calls', async (t) => {
    const server = await httpMcpServer(t)
    const pool = poolOf(t, server.url)
    await pool.callTool('http', 'reflect')
    await server.stop()
    // The connection may not have heard of the exit yet; then the call is written to it, and lost.
    const next = await pool.callTool('http', 'reflect').catch((error) => error)
    assert.ok(['ERR_SERVER_START', 'ERR_SERVER_EXITED'].includes(next.code), next.message)
    await assert.rejects(pool.callTool('http', 'reflect'), {
      code: 'ERR_SERVER_START',
      message: /refused/i,
    })
  })

  test('and starts again on the same port', async (t) => {
    const first = await everythingOverHttp()
    t.after(first.stop)
    const pool = poolOf(t, first.url)
    const echo = (message) => pool.callTool('http', 'echo', { message })
    await echo('one')
    await first.stop()
    // The idle connection may look alive until the request is on it.
    await assert.rejects(
      echo('two'),
      ({ code }) => code === 'ERR_SERVER_START' || code === 'ERR_SERVER_EXITED',
    )
    const second = await everythingOverHttp(first.port)
    t.after(second.stop)
    const { content } = await echo('three')
    assert.equal(content[0].text, 'Echo: three')
  })

  test('over TLS without a listener', async (t) => {
    const server = await httpMcpServer(t)
    await server.stop()
    const pool = poolOf(t, server.url.replace('http:', 'https:'))
    await assert.rejects(pool.callTool('http', 'reflect'), {
      code: 'ERR_SERVER_START',
      message: /refused/i,
    })
  })

  test('over TLS with a server that does not speak TLS', async (t) => {
    const server = await httpMcpServer(t)
    const pool = poolOf(t, server.url.replace('http:', 'https:'))
    await assert.rejects(pool.callTool('http', 'reflect'), { code: 'ERR_SERVER_START' })
    assert.deepEqual(server.requests, [])
  })
})
