// Limits, rates and costs of a helper's calls, with real servers.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { oddServer, temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { httpMcpServer } from './support/http-mcp-server.mjs'

const folder = temporaryFolder()
const configPath = writeConfig(folder, { one: oddServer, two: oddServer })

/** Makes a helper that is shut down after the test. */
function helperOf(t, options) {
  const helper = createMcpHelper({ configPath, transport: 'pool', ...options })
  t.after(() => helper.shutdown())
  return helper
}

/** A call that gets no answer until it is aborted. */
function hanging(helper, server, options) {
  const controller = new AbortController()
  const file = join(folder, `${server}-${Math.random()}`)
  const call = helper.callToolAsync(
    server,
    'hang',
    { file },
    { signal: controller.signal, ...options },
  )
  return { abort: () => controller.abort(), ended: assert.rejects(call, { code: 'ABORT_ERR' }) }
}

describe('limits by server', () => {
  test('a server at its limit holds up no other', async (t) => {
    const helper = helperOf(t, { maxConcurrent: 3, limits: { one: 1 } })
    const first = hanging(helper, 'one')
    const second = hanging(helper, 'one')
    assert.equal(await helper.callToolAsync('two', 'text', { text: '1' }), 1)
    const { current, queued, limitedBy, servers } = helper.getSemaphoreStatus()
    assert.deepEqual({ current, queued, limitedBy }, { current: 1, queued: 1, limitedBy: 'server' })
    assert.deepEqual(servers, [
      { server: 'one', limit: 1, rate: null, current: 1, queued: 1, pausedFor: 0 },
    ])
    first.abort()
    await first.ended
    assert.equal(helper.getSemaphoreStatus().queued, 0)
    second.abort()
    await second.ended
    assert.equal(helper.getSemaphoreStatus().current, 0)
  })

  test('a rate holds back a call until its queue timeout, and names it', async (t) => {
    const helper = helperOf(t, { rates: { one: { limit: 2, interval: 600_000 } } })
    for (const text of ['1', '2']) await helper.callToolAsync('one', 'text', { text })
    const third = helper.callToolAsync('one', 'text', { text: '3' }, { queueTimeout: 20 })
    await assert.rejects(third, {
      code: 'ERR_QUEUE_TIMEOUT',
      message: 'MCP call one.text: Semaphore acquire timeout (0.02s)',
    })
    assert.equal(await helper.callToolAsync('two', 'text', { text: '4' }), 4)
    const [one] = helper.getSemaphoreStatus().servers
    assert.deepEqual(one.rate, { limit: 2, interval: 600_000, recent: 2 })
  })

  test('the cost of a call takes as many slots', async (t) => {
    const helper = helperOf(t, { maxConcurrent: 3 })
    const heavy = hanging(helper, 'one', { cost: 3 })
    assert.deepEqual(helper.getSemaphoreStatus(), {
      ...{ maxConcurrent: 3, current: 3, queued: 0, available: 0 },
    })
    const light = helper.callToolAsync('two', 'text', { text: '1' })
    assert.equal(helper.getSemaphoreStatus().queued, 1)
    heavy.abort()
    await heavy.ended
    assert.equal(await light, 1)
    await assert.rejects(helper.callToolAsync('two', 'text', {}, { cost: 4 }), {
      code: 'ERR_INVALID_CONFIG',
      message: /cost must be at most maxConcurrent \(3\), got 4/,
    })
    assert.equal(helper.getSemaphoreStatus().current, 0)
  })
})

describe('a helper without a queue', () => {
  test('refuses a call when no slot is free, and is ready while one is', async (t) => {
    const helper = helperOf(t, { maxConcurrent: 1, maxQueue: 0 })
    assert.deepEqual(helper.getReadiness(), { ready: true, reason: null })
    const busy = hanging(helper, 'one')
    assert.deepEqual(helper.getReadiness(), { ready: false, reason: 'queue-full' })
    await assert.rejects(helper.callToolAsync('two', 'text', { text: '1' }), {
      code: 'ERR_QUEUE_FULL',
      message: /Semaphore has no free slot/,
    })
    busy.abort()
    await busy.ended
    assert.equal(await helper.callToolAsync('two', 'text', { text: '1' }), 1)
  })
})

describe('a server that asks to be left alone', () => {
  test('is paused for all calls, and no other server is', async (t) => {
    let isRefusing = true
    const http = await httpMcpServer(t, {
      behave: (message) =>
        isRefusing && message?.method === 'tools/call'
          ? { status: 429, headers: { 'retry-after-ms': '400' } }
          : undefined,
    })
    const servers = { http: { url: http.url }, one: oddServer }
    const helper = helperOf(t, { servers })
    const refused = helper.callToolAsync('http', 'reflect', { x: 1 })
    await assert.rejects(refused, { code: 'ERR_SERVER_EXITED', retryAfter: 400 })
    isRefusing = false
    const waiting = helper.callToolAsync('http', 'reflect', { x: 2 })
    const { queued, limitedBy, servers: used } = helper.getSemaphoreStatus()
    assert.deepEqual({ queued, limitedBy }, { queued: 1, limitedBy: 'rate' })
    assert.ok(used[0].server === 'http' && used[0].pausedFor > 0 && used[0].pausedFor <= 400)
    assert.equal(await helper.callToolAsync('one', 'text', { text: '1' }), 1)
    assert.deepEqual(await waiting, { content: [{ type: 'text', text: 'received {"x":2}' }] })
    assert.equal(http.calls().length, 2, 'the refused call is not sent again')
    assert.equal(helper.getSemaphoreStatus().limitedBy, undefined)
  })
})

describe('malformed limits are refused by name', () => {
  const cases = [
    [{ limits: { one: 0 } }, /limits\['one'\] must be a whole number from 1/],
    [{ limits: 3 }, /limits must be an object, got 3/],
    [{ rates: { one: 5 } }, /rates\['one'\] must be an object, got 5/],
    [{ rates: { one: { limit: 5 } } }, /rates\['one'\]\.interval must be a whole number/],
    [{ rates: { one: { limit: -1, interval: 1 } } }, /rates\['one'\]\.limit must be/],
    [{ rates: { one: { limit: 1, interval: 1, burst: 2 } } }, /has no option 'burst'/],
  ]
  for (const [options, message] of cases) {
    test(JSON.stringify(options), () => {
      assert.throws(() => createMcpHelper(options), { code: 'ERR_INVALID_CONFIG', message })
    })
  }

  test('a cost that is no count', async (t) => {
    const helper = helperOf(t, {})
    for (const cost of [0, -1, 1.5, Number.NaN, '2'])
      await assert.rejects(helper.callToolAsync('one', 'text', {}, { cost }), {
        code: 'ERR_INVALID_CONFIG',
        message: /cost must be a whole number/,
      })
  })
})
