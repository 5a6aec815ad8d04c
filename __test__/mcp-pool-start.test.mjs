// Servers that break the rules before they are ready: what the callers get, and that nothing is
// left of them.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { McpPool } from '../index.js'
import { callLog, hostileServer, said, withHostile } from './support/hostile.mjs'
import { assertNothingLeft, commandsOfThisTest, noProcessList } from './support/processes.mjs'
import { until } from './support/until.mjs'

const MIB = 2 ** 20
const HOUR = 3_600_000
/** Only these are waited for in vain. */
const MUTE = ['silent', 'never reads', 'half a line', 'wrong id']
const NOT_READY = {
  code: 'ERR_SERVER_START',
  message:
    /^MCP call it\.echo: the server did not answer 'initialize' within 0\.5 s \(startTimeout\)/,
}

afterEach(assertNothingLeft)

describe('a server that does not get ready', { skip: noProcessList }, () => {
  for (const [manner, expected] of [
    ['silent', NOT_READY],
    ['never reads', NOT_READY],
    ['half a line', NOT_READY],
    ['wrong id', { code: 'ERR_SERVER_START' }],
    [
      'exits',
      {
        code: 'ERR_SERVER_START',
        exitCode: 3,
        signal: null,
        stderr: 'no licence',
        message: /code 3/,
      },
    ],
    ['exits in the handshake', { code: 'ERR_SERVER_START', exitCode: 5, signal: null }],
    ['closes stdout', { code: 'ERR_SERVER_START', message: /closed its output/ }],
    ['refuses', { code: 'ERR_SERVER_START', message: /members only/ }],
    ['huge line', { code: 'ERR_SERVER_START', message: /too long/ }],
  ]) {
    test(manner, () =>
      withHostile(
        manner,
        async (pool) => {
          const rss = process.memoryUsage.rss()
          const calls = [1, 2, 3].map(() => assert.rejects(pool.callTool('it', 'echo'), expected))
          await Promise.all(calls)
          assert.ok(process.memoryUsage.rss() - rss < 64 * MIB)
          const { stats, ...status } = pool.getStatus()
          assert.deepEqual(status, { maxSessions: 5, sessions: [], queued: 0 })
          assert.deepEqual(stats, { hits: 0, misses: 0, recycled: {} })
          assert.deepEqual(commandsOfThisTest(), [])
        },
        { startTimeout: MUTE.includes(manner) ? 500 : 20_000 },
      ),
    )
  }

  test('five times is not tried for a while', () =>
    withHostile('exits', async (pool) => {
      const codes = []
      for (let call = 0; call < 6; call++)
        await pool.callTool('it', 'echo').catch(({ code }) => codes.push(code))
      assert.deepEqual(codes, [...Array(5).fill('ERR_SERVER_START'), 'ERR_SERVER_UNAVAILABLE'])
    }))

  test('does not delay a call beyond its deadline, and is terminated', () =>
    withHostile(
      'silent',
      async (pool) => {
        await assert.rejects(pool.callTool('it', 'echo', {}, { timeout: 200 }), {
          code: 'ERR_CALL_TIMEOUT',
        })
        await until(() => commandsOfThisTest().length === 0)
      },
      { startTimeout: 1500 },
    ))

  test('does not delay the end of its pool', () =>
    withHostile(
      'silent',
      async (pool) => {
        const call = assert.rejects(pool.callTool('it', 'echo'), { code: 'ERR_CLOSED' })
        await until(() => commandsOfThisTest().length > 0)
        await pool.close()
        await call
        assert.deepEqual(commandsOfThisTest(), [])
      },
      { startTimeout: HOUR },
    ))

  test('does not delay the end of its pool, over HTTP', async (t) => {
    const server = createServer().listen(0, '127.0.0.1')
    t.after(() => server.close())
    await once(server, 'listening')
    const url = `http://127.0.0.1:${server.address().port}/mcp`
    const pool = new McpPool({ servers: { it: { url } }, startTimeout: HOUR })
    const call = assert.rejects(pool.callTool('it', 'echo'), { code: 'ERR_CLOSED' })
    const [socket] = await once(server, 'connection')
    await pool.close()
    await call
    socket.destroy()
  })

  test('and a server without its program', async () => {
    const pool = new McpPool({ servers: { it: { command: '/no/such/program' } } })
    await assert.rejects(pool.callTool('it', 'echo'), ({ code, cause }) => {
      assert.deepEqual([code, cause.code], ['ERR_SERVER_START', 'ENOENT'])
      return true
    })
    await pool.close()
  })
})

describe('a server with an odd start is used', { skip: noProcessList }, () => {
  /** No measurement, only an end to waiting. */
  const timeout = 300_000

  for (const manner of ['slow', 'garbage', 'flood of stderr', 'old', 'stateless', 'deaf'])
    test(manner, () =>
      withHostile(
        manner,
        async (pool) => {
          const echo = await pool.callTool('it', 'echo', { text: 'hello' }, { timeout })
          assert.equal(said(echo), 'hello')
          assert.ok((await pool.listTools('it')).some(({ name }) => name === 'echo'))
          const progress = []
          await pool.callTool(
            'it',
            'progress',
            { steps: 2 },
            { onProgress: (step) => progress.push(step.progress) },
          )
          assert.deepEqual(progress, [1, 2])
        },
        { startTimeout: timeout },
      ),
    )

  test("a server of the newest protocol gets the client's name in each request", () =>
    withHostile('stateless', async (pool) => {
      const meta = JSON.parse(said(await pool.callTool('it', 'meta')))
      assert.equal(meta['io.modelcontextprotocol/protocolVersion'], '2026-07-28')
      assert.equal(meta['io.modelcontextprotocol/clientInfo'].name, 'procward')
      assert.deepEqual(meta['io.modelcontextprotocol/clientCapabilities'], {})
    }))

  test("a server of an older protocol does not get the client's name", () =>
    withHostile('', async (pool) => assert.equal(said(await pool.callTool('it', 'meta')), 'null')))
})

describe('starts', { skip: noProcessList }, () => {
  test('one start is shared by all first calls', () =>
    withHostile('slow', async (pool) => {
      const calls = Array.from({ length: 20 }, () => pool.callTool('it', 'pid'))
      await until(() => pool.getStatus().sessions.length > 0)
      const pids = await Promise.all(calls)
      assert.equal(new Set(pids.map(said)).size, 1)
      assert.equal(pool.getStatus().sessions[0].uses, 20)
    }))

  test('at most maxStarting servers start at once', async () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const servers = Object.fromEntries(names.map((name) => [name, hostileServer('slow')]))
    const pool = new McpPool({ servers, maxStarting: 2 })
    const calls = Promise.all(names.map((name) => pool.callTool(name, 'echo')))
    let most = 0
    let done = false
    calls.finally(() => (done = true)).catch(() => {})
    await until(() => {
      most = Math.max(
        most,
        pool.getStatus().sessions.filter(({ state }) => state === 'starting').length,
      )
      return done
    })
    await calls
    assert.equal(most, 2)
    assert.equal(pool.getStatus().sessions.length, 5)
    await pool.close()
  })

  test('a call that is cancelled during the start is never sent', async () => {
    const { file, seen } = callLog()
    const pool = new McpPool({ servers: { it: hostileServer('slow', file) } })
    const early = [
      assert.rejects(pool.callTool('it', 'echo', { key: 1 }, { timeout: 200 }), {
        code: 'ERR_CALL_TIMEOUT',
      }),
      assert.rejects(
        pool.callTool('it', 'echo', { key: 2 }, { signal: AbortSignal.timeout(200) }),
        {
          code: 'ABORT_ERR',
        },
      ),
    ]
    const late = pool.callTool('it', 'echo', { key: 3 })
    await Promise.all(early)
    await late
    await pool.close()
    assert.deepEqual(seen(), ['3'])
  })
})
