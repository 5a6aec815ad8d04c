// A server that asks to be left alone: the error of the call says for how long, and the call is not
// sent again.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { McpPool } from '../index.js'
import retryAfter from '../lib/mcp/retry-after.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { callLog, hostileServer } from './support/hostile.mjs'
import { httpMcpServer } from './support/http-mcp-server.mjs'
import { noProcessList } from './support/processes.mjs'

const { retryAfterOf } = retryAfter
const configPath = writeConfig(temporaryFolder(), {})
const isCall = (message) => message?.method === 'tools/call'
const isStart = (message) => message?.method === 'initialize'
const rpcError = (id, data) => ({
  jsonrpc: '2.0',
  id,
  error: { code: -32000, message: 'slow down', data },
})

/**
 * Calls a tool of this server, and returns the error of the call.
 * @param {import('node:test').TestContext} t
 * @param {object} server
 * @param {string} tool
 * @param {object} [args]
 */
async function errorOf(t, server, tool, args) {
  const pool = new McpPool({ servers: { it: server }, killGrace: 200 })
  t.after(() => pool.close())
  return pool.callTool('it', tool, args).then(assert.fail, (error) => error)
}

/** @param {any} error @param {string} code @param {number | undefined} expected */
function assertAsks(error, code, expected) {
  assert.equal(error.code, code, error.stack)
  assert.equal(error.retryAfter, expected)
  assert.equal(Object.hasOwn(error, 'retryAfter'), expected !== undefined)
  assert.equal(retryAfterOf(error), expected)
}

const DATES = {
  'retry-after': 'Thu, 01 Jan 2037 00:00:30 GMT',
  date: 'Thu, 01 Jan 2037 00:00:00 GMT',
}

describe('a refusal over HTTP', () => {
  for (const [name, answer, code, expected] of /** @type {[string, any, string, any][]} */ ([
    ['429', { status: 429, headers: { 'retry-after': '5' } }, 'ERR_SERVER_EXITED', 5000],
    ['503', { status: 503, headers: { 'retry-after': '5' } }, 'ERR_SERVER_EXITED', 5000],
    [
      'milliseconds',
      { status: 429, headers: { 'retry-after-ms': '250' } },
      'ERR_SERVER_EXITED',
      250,
    ],
    ['a date', { status: 429, headers: DATES }, 'ERR_SERVER_EXITED', 30_000],
    [
      'a wrong value',
      { status: 429, headers: { 'retry-after': '-5' } },
      'ERR_SERVER_EXITED',
      undefined,
    ],
    [
      'another status',
      { status: 500, headers: { 'retry-after': '5' } },
      'ERR_SERVER_EXITED',
      undefined,
    ],
    ['words', { status: 429, body: 'retry after 5 seconds' }, 'ERR_SERVER_EXITED', undefined],
    [
      '429 with an error',
      { status: 429, headers: { 'retry-after': '5' }, error: undefined },
      'ERR_MCP',
      5000,
    ],
    ['429 with data', { status: 429, error: { retry_after: 3 } }, 'ERR_MCP', 3000],
    ['200 with data', { status: 200, error: { retry_after_ms: 250 } }, 'ERR_MCP', 250],
  ])) {
    const answered = ({ id }) =>
      'error' in answer ? { ...answer, body: rpcError(id, answer.error) } : answer

    test(`of a call: ${name}`, async (t) => {
      const server = await httpMcpServer(t, {
        behave: (message) => (isCall(message) ? answered(message) : undefined),
      })
      assertAsks(await errorOf(t, { url: server.url }, 'reflect'), code, expected)
      assert.equal(server.calls().length, 1)
    })

    test(`of a start: ${name}`, async (t) => {
      const server = await httpMcpServer(t, {
        behave: (message) => (isStart(message) ? answered(message) : undefined),
      })
      assertAsks(await errorOf(t, { url: server.url }, 'reflect'), 'ERR_SERVER_START', expected)
      assert.equal(server.calls().length, 0)
      const starts = server.requests.map(({ message }) => message.method)
      // Only a refusal that names no time may be about the version of the protocol.
      if (answer.headers?.['retry-after']) assert.deepEqual(starts, ['initialize'])
    })
  }

  test('of `notifications/initialized`', async (t) => {
    const server = await httpMcpServer(t, {
      behave: (message) =>
        message?.method === 'notifications/initialized'
          ? { status: 429, headers: { 'retry-after': '5' } }
          : undefined,
    })
    assertAsks(await errorOf(t, { url: server.url }, 'reflect'), 'ERR_SERVER_START', 5000)
  })

  test('of start after start: the time until the next one is not the word of the server', async (t) => {
    const server = await httpMcpServer(t, {
      behave: () => ({ status: 429, headers: { 'retry-after': '3000' } }),
    })
    const pool = new McpPool({ servers: { it: { url: server.url } } })
    t.after(() => pool.close())
    const errors = []
    while (errors.at(-1)?.code !== 'ERR_SERVER_UNAVAILABLE' && errors.length < 20)
      await pool.callTool('it', 'reflect').catch((error) => errors.push(error))
    const last = errors.pop()
    for (const error of errors) assertAsks(error, 'ERR_SERVER_START', 3_000_000)
    assert.equal(last.code, 'ERR_SERVER_UNAVAILABLE')
    assert.ok(last.retryAfter > 0 && last.retryAfter <= 30_000)
    assert.equal(retryAfterOf(last), undefined)
  })
})

describe('a refusal over stdio', { skip: noProcessList }, () => {
  test('of a call', async (t) => {
    const { file, seen } = callLog()
    const server = hostileServer('', file)
    const data = { retryAfterMs: 250 }
    const error = await errorOf(t, server, 'error with data', { data })
    assertAsks(error, 'ERR_MCP', 250)
    assert.deepEqual(error.data, data)
    assert.deepEqual(seen(), ['error with data'])
  })

  test('without a time', async (t) => {
    for (const data of [{ retryAfter: 'soon' }, 'retry after 5', null, undefined])
      assertAsks(
        await errorOf(t, hostileServer(), 'error with data', { data }),
        'ERR_MCP',
        undefined,
      )
  })

  test('of a start', async (t) => {
    const error = await errorOf(t, hostileServer('refuses for now'), 'echo')
    assertAsks(error, 'ERR_SERVER_START', 7000)
    assert.match(error.message, /too many/)
  })
})

describe("a tool's error", { skip: noProcessList }, () => {
  for (const [members, expected] of /** @type {[object, number | undefined][]} */ ([
    [{ structuredContent: { retry_after: 2 } }, 2000],
    [{ _meta: { retryAfterMs: 250 } }, 250],
    [{ structuredContent: { other: 1 }, _meta: { retryAfter: '1.5' } }, 1500],
    [{ structuredContent: { retryAfter: 1e300 } }, 3_600_000],
    [{ structuredContent: { retryAfter: -1 } }, undefined],
    [{ content: [{ type: 'text', text: '{"retryAfter":5}' }] }, undefined],
  ]))
    test(JSON.stringify(members), async (t) => {
      const http = await httpMcpServer(t, {
        behave: (message) =>
          isCall(message)
            ? {
                status: 200,
                body: {
                  jsonrpc: '2.0',
                  id: message.id,
                  result: { content: [], isError: true, ...members },
                },
              }
            : undefined,
      })
      const { file, seen } = callLog()
      const servers = { stdio: hostileServer('', file), http: { url: http.url } }
      for (const server of ['stdio', 'http'])
        for (const method of /** @type {const} */ (['callToolAsync', 'callToolRaw'])) {
          // A helper of its own, because the answer pauses the server for all calls of a helper.
          const helper = createMcpHelper({ servers, configPath, transport: 'pool' })
          t.after(helper.shutdown)
          const call = helper[method](server, 'error of the tool', members)
          assertAsks(await call.then(assert.fail, (error) => error), 'ERR_TOOL', expected)
        }
      assert.deepEqual([seen().length, http.calls().length], [2, 2])
    })
})
