// Servers that ask too much, too often or nonsense.

import assert from 'node:assert/strict'
import { json } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { McpPool } from '../index.js'
import { endings } from './support/endings.mjs'
import { listen } from './support/http.mjs'
import { until } from './support/until.mjs'

const atEnd = endings()

const script = fileURLToPath(new URL('fixtures/asking-server.mjs', import.meta.url))
const asking = { command: process.execPath, args: [script] }
const MIB = 2 ** 20
const text = ({ content: [{ text }] }) => text

describe('a server that asks during a session', () => {
  /** A handler that answers when it is told to. */
  function held() {
    /** @type {(() => void)[]} */
    const waiting = []
    const roots = async () => {
      await new Promise((resolve) => waiting.push(() => resolve(undefined)))
      return { roots: [] }
    }
    const answerAll = () => {
      for (const answer of waiting) answer()
    }
    return { handlers: { roots }, waiting, answerAll }
  }

  /** @param {object} handlers @param {object} [options] */
  function poolOf(handlers, options) {
    const pool = new McpPool({ servers: { it: { ...asking, ...options } }, handlers })
    atEnd(() => pool.close())
    return pool
  }

  test('has 64 requests at once, whatever it sends, and others are not held up', async () => {
    const { handlers, waiting, answerAll } = held()
    const pool = poolOf(handlers)
    const flood = pool.callTool('it', 'flood', { count: 10_000, size: 0 })
    await until(() => waiting.length >= 64)
    // Its answer comes after all requests of the flood.
    assert.equal(text(await pool.callTool('it', 'echo', { text: 'hi' })), 'hi')
    assert.equal(waiting.length, 64)
    answerAll()
    assert.deepEqual(JSON.parse(text(await flood)), { 0: 64, '-32000': 9936 })
  })

  test('may have requests up to maxBuffer bytes in all', async () => {
    const { handlers, waiting, answerAll } = held()
    const pool = poolOf(handlers, { maxBuffer: 4 * MIB })
    const flood = pool.callTool('it', 'flood', { count: 20, size: MIB })
    await until(() => waiting.length >= 3)
    await pool.callTool('it', 'echo', { text: 'hi' })
    answerAll()
    assert.deepEqual(JSON.parse(text(await flood)), { 0: 3, '-32000': 17 })
  })

  test('can take its request back, and the handler is told', async () => {
    let signal
    const elicitation = (_, context) => {
      signal = context.signal
      return new Promise(() => {})
    }
    const pool = poolOf({ elicitation })
    const call = pool.callTool('it', 'withdraw')
    await until(() => signal)
    await pool.callTool('it', 'continue')
    assert.equal(text(await call), 'withdrawn')
    await until(() => signal.aborted)
  })

  test('is refused what was not announced', async () => {
    const pool = poolOf({ elicitation: () => assert.fail('it was asked') })
    for (const method of ['sampling/createMessage', 'roots/list', 'toString', '']) {
      const reply = JSON.parse(text(await pool.callTool('it', 'unasked', { method })))
      assert.equal(reply.error.code, -32601, method)
    }
  })
})

describe('a server of 2026-07-28', () => {
  /**
   * A pool for a server whose tool answers with this result.
   * @param {import('node:test').TestContext} t
   * @param {(params: any) => object} resultOf
   */
  async function poolOf(t, resultOf, options) {
    const calls = []
    const results = {
      'server/discover': () => ({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} } }),
      'tools/list': () => ({ tools: [{ name: 'it', inputSchema: { type: 'object' } }] }),
      'tools/call': (params) => {
        if (params.name === 'fine') return { content: [], resultType: 'complete' }
        calls.push(params)
        return resultOf(params)
      },
    }
    const { origin } = await listen(t, async (request, response) => {
      const { id, method, params } = await json(request)
      const result = results[method](params)
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result }))
    })
    const server = { url: `${origin}/mcp`, protocol: '2026-07-28' }
    const pool = new McpPool({ servers: { it: server }, ...options })
    atEnd(() => pool.close())
    return { pool, calls }
  }

  const question = { method: 'elicitation/create', params: { message: 'Who?' } }
  const wish = (more) => ({ resultType: 'input_required', ...more })
  const elicitation = () => ({ action: 'decline' })

  test('that asks for ever is asked eleven times', async (t) => {
    const endless = () => wish({ inputRequests: { who: question } })
    const { pool, calls } = await poolOf(t, endless, { handlers: { elicitation } })
    await assert.rejects(pool.callTool('it', 'it'), {
      code: 'ERR_INPUT_REQUIRED',
      message: /still wants input after 10 rounds$/,
    })
    assert.equal(calls.length, 11)
    assert.deepEqual(calls[0].inputResponses, undefined)
    for (const { inputResponses, requestState } of calls.slice(1)) {
      assert.deepEqual(inputResponses, { who: { action: 'decline' } })
      assert.equal(requestState, undefined)
    }
    assert.deepEqual(await pool.callTool('it', 'fine'), { content: [], resultType: 'complete' })
  })

  for (const [what, result, expected] of [
    [
      'a huge state',
      wish({ requestState: 'x'.repeat(MIB + 1) }),
      { code: 'ERR_MAX_BUFFER', message: /requestState has more than 1048576 bytes$/ },
    ],
    [
      'a flood of questions',
      wish({
        inputRequests: Object.fromEntries(Array.from({ length: 33 }, (_, at) => [at, question])),
      }),
      { code: 'ERR_INPUT_REQUIRED', message: /asks 33 questions at once, more than 32$/ },
    ],
    [
      'a question without a handler',
      wish({ inputRequests: { a: question, b: { method: 'sampling/createMessage' } } }),
      { code: 'ERR_INPUT_REQUIRED', wanted: ['sampling/createMessage'] },
    ],
    [
      'a question of another kind',
      wish({ inputRequests: { a: { method: 'tools/call', params: {} } } }),
      { code: 'ERR_INPUT_REQUIRED', wanted: ['tools/call'] },
    ],
    [
      'an address to open, which was not announced',
      wish({ inputRequests: { a: { ...question, params: { mode: 'url' } } } }),
      { code: 'ERR_INPUT_REQUIRED', wanted: ['elicitation/create'] },
    ],
    ['a wish for nothing', wish({}), { code: 'ERR_MCP', message: /neither inputRequests nor/ }],
    ['a state that is no text', wish({ requestState: 7 }), { code: 'ERR_MCP' }],
    ['questions that are a list', wish({ inputRequests: [question] }), { code: 'ERR_MCP' }],
    ['a question that is text', wish({ inputRequests: { a: 'Who?' } }), { code: 'ERR_MCP' }],
    ['a question without a method', wish({ inputRequests: { a: {} } }), { code: 'ERR_MCP' }],
    [
      'a result of an unknown type',
      { resultType: 'task', content: [] },
      { code: 'ERR_MCP', message: /a result of an unknown type: "task"$/ },
    ],
    ['a type that is no text', { resultType: { a: 1 } }, { code: 'ERR_MCP' }],
  ]) {
    test(`that answers with ${what} gets no second request`, async (t) => {
      const { pool, calls } = await poolOf(t, () => result, { handlers: { elicitation } })
      await assert.rejects(pool.callTool('it', 'it'), expected)
      assert.equal(calls.length, 1)
      assert.deepEqual(await pool.callTool('it', 'fine'), { content: [], resultType: 'complete' })
    })
  }

  test('may leave the type out', async (t) => {
    const { pool } = await poolOf(t, () => ({ content: [], inputRequests: { who: question } }))
    assert.deepEqual(Object.keys(await pool.callTool('it', 'it')), ['content', 'inputRequests'])
  })
})
