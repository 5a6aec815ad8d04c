// The latest failed calls, as the route tells them: which calls, how many, and to whom the words.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { McpPool } from '../index.js'
import access from '../lib/health/access.js'
import { healthRouter } from '../lib/health.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import failures from '../lib/metrics/failures.js'
import { hostileServer } from './support/hostile.mjs'
import { listen, request } from './support/http.mjs'

const ESCAPES = '\u001b[31mslow\u001b[0m down\u202e'

const failing = (promise) => assert.rejects(promise)
/** @param {number} port @param {import('node:http').RequestOptions} [options] */
async function failuresAt(port, options, query = '') {
  const { status, text } = await request(port, `/failures${query}`, options)
  assert.equal(status, 200, text)
  return JSON.parse(text).failures
}

describe('a failed call is listed', () => {
  test('of a helper, newest first, with code and reason', async (t) => {
    const servers = { reasons: hostileServer() }
    const helper = createMcpHelper({ servers, maxConcurrent: 1, transport: 'pool' })
    t.after(() => helper.shutdown())
    const { port } = await listen(t, healthRouter({ helper }))
    const before = Date.now()
    await helper.callToolAsync('reasons', 'pid')
    await failing(helper.callToolAsync('reasons', 'error'))
    await failing(helper.callToolAsync('reasons', 'error of the tool', { of: 1 }))
    const long = helper.callToolAsync('reasons', 'delay', { ms: 60_000 }, { timeout: 300 })
    await failing(helper.callToolAsync('reasons', 'pid', {}, { queueTimeout: 1 }))
    await failing(long)
    const found = (await failuresAt(port)).filter(({ server }) => server === 'reasons')
    assert.deepEqual(
      found.map(({ tool, code }) => [tool, code]),
      [
        ['delay', 'ERR_CALL_TIMEOUT'],
        ['pid', 'ERR_QUEUE_TIMEOUT'],
        ['error of the tool', 'ERR_TOOL'],
        ['error', 'ERR_MCP'],
      ],
    )
    const [late, queued, tool] = found
    assert.ok(late.duration >= 299 && queued.duration >= 1, 'the durations of call and wait')
    assert.equal(tool.message, 'the tool reported an error: slow down')
    for (const { time } of found) assert.ok(time >= before && time <= Date.now())
    const since = found.at(-1).time
    const later = await failuresAt(port, {}, `?since=${since}`)
    assert.ok(later.every(({ time }) => time > since))
    assert.equal((await request(port, '/failures?since=x')).status, 400)
  })

  test('of a pool, with a result that says isError', async (t) => {
    const pool = new McpPool({ servers: { pooled: hostileServer() } })
    t.after(() => pool.close())
    await pool.callTool('pooled', 'error of the tool', {
      content: [{ type: 'text', text: ESCAPES }],
    })
    await failing(pool.callTool('pooled', 'error'))
    const found = failures.recentFailures({ withMessages: true })
    const [failed, told] = found.filter(({ server }) => server === 'pooled')
    assert.deepEqual([failed.code, told.code], ['ERR_MCP', 'ERR_TOOL'])
    assert.equal(told.message, 'the tool reported an error: slow down')
  })
})

describe('the list is bounded', () => {
  test('to 100 failures, of short texts without control characters', () => {
    const long = `${ESCAPES}${'x'.repeat(100_000)}`
    for (let at = 0; at < 250; at++)
      failures.noteFailure({ server: long, tool: long }, { code: long, message: long }, at + 0.4)
    const found = failures.recentFailures({ withMessages: true })
    assert.equal(found.length, 100)
    assert.deepEqual([found[0].duration, found[99].duration], [249, 150])
    for (const { server, tool, code, message } of found) {
      assert.deepEqual(
        [server, tool, code, message].map((text) => text.length),
        [200, 200, 60, 500],
      )
      assert.ok([server, tool, code, message].every((text) => text.startsWith('slow downx')))
    }
  })

  /** @type {[unknown, string, string][]} */
  const ERRORS = [
    [undefined, 'UNKNOWN', 'undefined'],
    [null, 'UNKNOWN', 'object'],
    ['words', 'UNKNOWN', 'words'],
    [{ code: 5, message: { toString: () => assert.fail('called') } }, '5', 'object'],
    [new Error('why'), 'UNKNOWN', 'why'],
  ]
  for (const [error, code, message] of ERRORS)
    test(`takes ${String(error?.message ? 'an object' : error)} as an error`, () => {
      failures.noteFailure({ server: 'odd', tool: 'odd' }, error, 1)
      const [found] = failures.recentFailures({ withMessages: true })
      assert.deepEqual([found.code, found.message], [code, message])
    })
  for (const content of [undefined, 'text', [null], [{ text: 5 }]])
    test(`takes ${JSON.stringify(content)} as the content of an error`, () => {
      failures.noteToolError({ server: 'odd', tool: 'odd' }, { content }, 1)
      const [found] = failures.recentFailures({ withMessages: true })
      assert.equal(found.message, 'the tool reported an error')
    })
})

describe('the message', () => {
  const TOKEN = 'correct-horse-battery-staple'
  failures.noteFailure({ server: 'shy', tool: 'shy' }, { code: 'ERR_X', message: 'words' }, 1)

  test('is shown on this machine, and not through a proxy', async (t) => {
    const { port } = await listen(t, healthRouter({ allowedHosts: ['ops.example.org'] }))
    assert.notEqual((await failuresAt(port))[0].message, null)
    for (const headers of [
      { 'x-forwarded-for': '10.0.0.1' },
      { forwarded: 'for=10.0.0.1' },
      { via: '1.1 proxy' },
      { host: 'ops.example.org' },
    ]) {
      const found = await failuresAt(port, { headers })
      assert.ok(found.length > 0 && found.every(({ message }) => message === null))
      assert.ok(found.every(({ code }) => typeof code === 'string'))
    }
    const evil = await request(port, '/failures', { headers: { host: 'evil.example' } })
    assert.equal(evil.status, 403)
  })

  test('is shown with the token', async (t) => {
    const { port } = await listen(t, healthRouter({ token: TOKEN }))
    assert.equal((await request(port, '/failures')).status, 401)
    const headers = { authorization: `Bearer ${TOKEN}`, 'x-forwarded-for': '10.0.0.1' }
    assert.notEqual((await failuresAt(port, { headers }))[0].message, null)
  })

  for (const [remoteAddress, host, shown] of [
    ['127.0.0.1', 'localhost', true],
    ['::1', '[::1]:3002', true],
    ['::ffff:127.0.0.1', '127.0.0.1:3002', true],
    ['10.0.0.1', 'localhost', false],
    ['::ffff:10.0.0.1', 'localhost', false],
    [undefined, 'localhost', false],
    ['127.0.0.1', undefined, false],
  ])
    test(`from ${remoteAddress} to ${host}: ${shown}`, () => {
      const req = /** @type {any} */ ({ headers: { host }, socket: { remoteAddress } })
      const rules = { token: undefined, allowedHosts: new Set() }
      assert.equal(access.showsMessages(rules, req), shown)
    })
})
