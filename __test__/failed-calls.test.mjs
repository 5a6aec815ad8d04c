// Calls that failed and calls that wait, as a reader of the dashboard's data gets them.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { healthRouter } from 'procward/health'
import { createMcpHelper } from '../lib/mcp-helper.js'
import failed from '../lib/metrics/failed-calls.js'
import { eventsOf, subscribe } from './support/event-streams.mjs'
import { hostileServer } from './support/hostile.mjs'
import { listen, request } from './support/http.mjs'
import { until } from './support/until.mjs'
import { watched } from './support/watched.mjs'

const TOKEN = 'correct-horse-battery-staple'

/** Notes a failure with these words, and returns what is kept of it. */
function kept(message, code = 'ERR_MCP') {
  failed.noteFailedCall({ server: 'asana', tool: 'list' }, { code, message }, 12.4)
  return failed.failedCalls()[0]
}

describe('the message of a failed call', () => {
  for (const [given, expected] of [
    ['plain words', 'plain words'],
    ['MCP call asana.list: no answer', 'no answer'],
    ['MCP call asana.other: no answer', 'MCP call asana.other: no answer'],
    ['two\nlines\t\u001b[31mred\u0007\u202e!', 'two lines red !'],
    ['\u2028a\u0000b', 'a b'],
    ["can't read /home/ops/.config/key.json: gone", "can't read …/key.json: gone"],
    ['C:\\Users\\ops\\key.json is gone', '…/key.json is gone'],
    ['~/.ssh/id_rsa, /etc/passwd', '…/id_rsa, …/passwd'],
    ['at https://user:pw@api.example:8443/v1?key=hunter2#x now', 'at https://api.example:8443 now'],
    ['tools/list and 1/2 stay', 'tools/list and 1/2 stay'],
    ['half \ud83d', 'half'],
    [undefined, ''],
  ])
    test(JSON.stringify(given) ?? 'none', () => assert.equal(kept(given).message, expected))

  test('is short, and so are names', () => {
    const call = { server: 's'.repeat(5000), tool: 't'.repeat(5000) }
    failed.noteFailedCall(call, { message: 'x'.repeat(1e6), code: 'E'.repeat(1e6) }, 1)
    const { server, tool, code, message } = failed.failedCalls()[0]
    assert.deepEqual(
      [server, tool, code, message].map(({ length }) => length),
      [100, 100, 100, 300],
    )
  })

  test('of what is no error is empty', () => {
    failed.noteFailedCall({ server: 's', tool: 't' }, undefined, 1)
    const { code, message } = failed.failedCalls()[0]
    assert.deepEqual([code, message], ['UNKNOWN', ''])
  })
})

test('the latest fifty are kept, newest first', () => {
  for (let at = 0; at < 120; at++) kept(`number ${at}`)
  const calls = failed.failedCalls()
  assert.equal(calls.length, 50)
  const messages = calls.filter(({ code }) => code === 'ERR_MCP').map(({ message }) => message)
  assert.deepEqual(
    [messages[0], messages.at(-1)],
    ['number 119', `number ${120 - messages.length}`],
  )
})

describe('of a helper', () => {
  const servers = { full: hostileServer(), free: hostileServer() }

  /** A helper, and its snapshot as a client with these headers gets it. */
  async function served(t, { token, ...options } = {}) {
    const helper = createMcpHelper({ servers, transport: 'pool', ...options })
    t.after(() => helper.shutdown())
    const { cleanup } = watched()
    const { port } = await listen(
      t,
      healthRouter({ helper, cleanup, token, allowedHosts: ['ops'] }),
    )
    const snapshot = async (headers = {}) => {
      const sent = { accept: 'application/json', ...headers }
      return JSON.parse((await request(port, '/events', { headers: sent })).text)
    }
    return { helper, port, snapshot }
  }

  test('an error of a tool, a refused name and a full queue are noted once each', async (t) => {
    const { helper, snapshot } = await served(t, { maxConcurrent: 1, maxQueue: 0 })
    const before = Date.now()
    await helper.callToolAsync('free', 'error of the tool').catch(() => {})
    await helper.callToolAsync('nowhere', 'at all').catch(() => {})
    const hung = helper.callToolAsync('full', 'hang', {}, { timeout: 2000 }).catch(() => {})
    await until(() => helper.getSemaphoreStatus().current === 1)
    await assert.rejects(helper.callToolAsync('free', 'pid'), { code: 'ERR_QUEUE_FULL' })
    await hung
    const { failedCalls } = await snapshot()
    const recent = failedCalls.slice(0, 4)
    assert.deepEqual(
      recent.map(({ server, tool, code }) => [server, tool, code]),
      [
        ['full', 'hang', 'ERR_CALL_TIMEOUT'],
        ['free', 'pid', 'ERR_QUEUE_FULL'],
        ['nowhere', 'at all', 'ERR_UNKNOWN_SERVER'],
        ['free', 'error of the tool', 'ERR_TOOL'],
      ],
    )
    assert.ok(recent.every(({ time }) => time >= before && time <= Date.now()))
    assert.ok(recent[0].duration > 0)
    assert.match(recent[3].message, /slow down/)
  })

  test('messages are for readers on this machine alone, without a token', async (t) => {
    const { port, snapshot } = await served(t)
    kept('for few eyes')
    const seen = async (headers) => (await snapshot(headers)).failedCalls[0].message
    assert.equal(await seen(), 'for few eyes')
    for (const headers of [
      { host: 'ops' },
      { 'x-forwarded-for': '10.0.0.1' },
      { forwarded: 'for=10.0.0.1' },
      { via: '1.1 proxy' },
    ])
      assert.equal(await seen(headers), undefined, JSON.stringify(headers))
    const [near, far] = await Promise.all([
      subscribe(port, '/events'),
      subscribe(port, '/events', { host: 'ops' }),
    ])
    await until(() => [near, far].every((stream) => eventsOf(stream).length === 2))
    assert.ok(eventsOf(near).every(({ data }) => data.includes('for few eyes')))
    assert.ok(eventsOf(far).every(({ data }) => !data.includes('for few eyes')))
    near.close()
    far.close()
  })

  test('messages are for every reader with the token', async (t) => {
    const { snapshot } = await served(t, { token: TOKEN })
    kept('for few eyes')
    const { failedCalls, process: facts } = await snapshot({
      host: 'ops',
      authorization: `Bearer ${TOKEN}`,
    })
    assert.equal(failedCalls[0].message, 'for few eyes')
    assert.deepEqual([facts.pid, facts.hasToken], [process.pid, true])
  })

  test('waiting calls are listed with their reasons, oldest first', async (t) => {
    const { helper, snapshot } = await served(t, { maxConcurrent: 2, limits: { full: 1 } })
    assert.deepEqual(helper.getQueuedCalls(), [])
    const calls = [1, 2].map(() => helper.callToolAsync('full', 'hang').catch(() => {}))
    await until(() => helper.getQueuedCalls().length === 1)
    const [first] = helper.getQueuedCalls()
    assert.deepEqual([first.server, first.tool, first.waitsFor], ['full', 'hang', 'server'])
    calls.push(helper.callToolAsync('free', 'hang').catch(() => {}))
    await until(() => helper.getSemaphoreStatus().current === 2)
    calls.push(helper.callToolAsync('free', 'pid').catch(() => {}))
    const { queuedCalls: waiting, health } = await snapshot()
    assert.deepEqual(
      waiting.map(({ server, tool, waitsFor }) => [server, tool, waitsFor]),
      [
        ['full', 'hang', 'server'],
        ['free', 'pid', 'slots'],
      ],
    )
    assert.equal(health.semaphore.queued, 2)
    assert.ok(waiting[0].duration >= waiting[1].duration)
    assert.ok(Math.abs(Date.now() - waiting[0].duration - waiting[0].startTime) < 60_000)
    await helper.shutdown()
    await Promise.all(calls)
    assert.deepEqual(helper.getQueuedCalls(), [])
  })

  test('a call that gave up waiting is listed no longer', async (t) => {
    const { helper } = await served(t, { maxConcurrent: 1 })
    const hung = helper.callToolAsync('full', 'hang').catch(() => {})
    await until(() => helper.getSemaphoreStatus().current === 1)
    const given = new AbortController()
    const waiting = helper.callToolAsync('free', 'pid', {}, { signal: given.signal })
    await until(() => helper.getQueuedCalls().length === 1)
    given.abort()
    await assert.rejects(waiting, { code: 'ABORT_ERR' })
    assert.deepEqual(helper.getQueuedCalls(), [])
    await helper.shutdown()
    await hung
  })

  test('a helper of the user tells its waiting calls, and nothing else', async (t) => {
    const { helper, cleanup } = watched()
    const call = { server: 's', tool: 't', startTime: 1, duration: 2, waitsFor: 'slots' }
    const getQueuedCalls = () => Array.from({ length: 80 }, () => ({ ...call, args: 'hunter2' }))
    const { port } = await listen(
      t,
      healthRouter({ helper: { ...helper, getQueuedCalls }, cleanup }),
    )
    const { text } = await request(port, '/events', { headers: { accept: 'application/json' } })
    assert.deepEqual(JSON.parse(text).queuedCalls, Array(50).fill(call))
  })
})
