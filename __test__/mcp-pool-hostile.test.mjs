// Servers that break the rules in a call: what the caller gets, what is left, and whether the
// server can be used again.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { said, withHostile } from './support/hostile.mjs'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'
import { until } from './support/until.mjs'

const MIB = 2 ** 20
/** The additional memory that this process may take while it discards 100 MB. */
const BOUND = 64 * MIB
const TOO_LONG = { code: 'ERR_MAX_BUFFER', message: /it\.huge line: .*10485760 bytes/ }

afterEach(assertNothingLeft)

const idle = ({ state, inFlight }) => state === 'idle' && inFlight === 0

/** That the pool works as if nothing had been. */
async function assertUsable(pool) {
  assert.equal(said(await pool.callTool('it', 'echo', { text: 'well' })), 'well')
  assert.deepEqual(pool.getActiveCalls(), [])
  const { queued, sessions } = await until(() => {
    const status = pool.getStatus()
    return status.sessions.every(({ state }) => state !== 'ending') && status
  })
  assert.equal(queued, 0)
  assert.equal(sessions.length, 1)
  assert.ok(sessions.every(idle), JSON.stringify(sessions))
}

describe('strange answers of a server are understood', { skip: noProcessList }, () => {
  for (const [tool, expected] of [
    ['twice', 'first'],
    ['id as text', 'found all the same'],
    ['invalid UTF-8', 'a\ufffdb'],
    ['garbage', 'after garbage'],
    ['notify', 'after notifications'],
    ['flood of stderr', 'after the flood'],
  ]) {
    test(tool, () =>
      withHostile('', async (pool) => {
        const before = said(await pool.callTool('it', 'pid'))
        const rss = process.memoryUsage.rss()
        assert.equal(said(await pool.callTool('it', tool)), expected)
        const growth = process.memoryUsage.rss() - rss
        assert.ok(growth < BOUND, `${growth / MIB} MiB more`)
        await assertUsable(pool)
        assert.equal(said(await pool.callTool('it', 'pid')), before, 'the same server goes on')
      }),
    )
  }

  test('invalid lines are counted', () =>
    withHostile('', async (pool) => {
      await pool.callTool('it', 'garbage')
      assert.equal(pool.getStatus().sessions[0].garbage, 7)
    }))

  test('one line of 100 MB on stderr is not a message', () =>
    withHostile('', async (pool) => {
      const rss = process.memoryUsage.rss()
      assert.equal(
        said(await pool.callTool('it', 'flood of stderr', { lines: false })),
        'after the flood',
      )
      assert.ok(process.memoryUsage.rss() - rss < BOUND)
      await assertUsable(pool)
    }))

  test('its pings are answered, and its other requests are refused', () =>
    withHostile('', async (pool) => {
      const answers = JSON.parse(said(await pool.callTool('it', 'ask')))
      assert.deepEqual(answers, [{}, -32601, -32601, -32601, -32601])
      await assertUsable(pool)
    }))
})

describe('a call without an answer ends at its deadline, and the server stays', {
  skip: noProcessList,
}, () => {
  for (const tool of ['hang', 'wrong id', 'after cancel'])
    test(tool, () =>
      withHostile('', async (pool) => {
        const before = said(await pool.callTool('it', 'pid'))
        const expected = {
          code: 'ERR_CALL_TIMEOUT',
          message: `MCP call it.${tool}: no answer within 300 ms`,
        }
        await assert.rejects(pool.callTool('it', tool, {}, { timeout: 300 }), expected)
        await assertUsable(pool)
        assert.equal(said(await pool.callTool('it', 'pid')), before)
        assert.deepEqual(
          JSON.parse(said(await pool.callTool('it', 'cancelled'))).map(({ reason }) => reason),
          ['no answer in time'],
        )
      }),
    )

  test('half a line, which also breaks the next one', () =>
    withHostile('', async (pool) => {
      const timeout = { code: 'ERR_CALL_TIMEOUT' }
      await pool.callTool('it', 'pid')
      await assert.rejects(pool.callTool('it', 'half a line', {}, { timeout: 300 }), timeout)
      await assert.rejects(pool.callTool('it', 'echo', {}, { timeout: 300 }), timeout)
      await assertUsable(pool)
    }))

  test('after two in a row another server is started', () =>
    withHostile('', async (pool) => {
      const before = said(await pool.callTool('it', 'pid'))
      const timeout = { code: 'ERR_CALL_TIMEOUT' }
      await assert.rejects(pool.callTool('it', 'hang', {}, { timeout: 200 }), timeout)
      await assert.rejects(pool.callTool('it', 'hang', {}, { timeout: 200 }), timeout)
      await assertUsable(pool)
      assert.notEqual(said(await pool.callTool('it', 'pid')), before)
    }))

  test('after one, if the server takes one call at a time', () =>
    withHostile(
      '',
      async (pool) => {
        const before = said(await pool.callTool('it', 'pid'))
        await assert.rejects(pool.callTool('it', 'hang', {}, { timeout: 200 }), {
          code: 'ERR_CALL_TIMEOUT',
        })
        await assertUsable(pool)
        assert.notEqual(said(await pool.callTool('it', 'pid')), before)
      },
      { maxInFlight: 1 },
    ))
})

describe('a server that exits during a call fails all its calls at once and is started again', {
  skip: noProcessList,
}, () => {
  for (const [tool, expected] of [
    [
      'exit',
      {
        exitCode: 3,
        signal: null,
        stderr: 'out of luck',
        message: /it\.exit: .* code 3.*out of luck/,
      },
    ],
    [
      'crash',
      { exitCode: null, signal: 'SIGKILL', message: /it\.crash: .* was killed by SIGKILL/ },
    ],
    ['half a line, then exit', { exitCode: 4, signal: null }],
    ['close stdout', { exitCode: null, signal: null, message: /closed its output/ }],
  ])
    test(tool, () =>
      withHostile('', async (pool) => {
        const others = ['hang', 'hang'].map((other) => pool.callTool('it', other))
        const settled = Promise.allSettled(others)
        await until(() => pool.getActiveCalls().length === 2)
        await assert.rejects(pool.callTool('it', tool), { code: 'ERR_SERVER_EXITED', ...expected })
        for (const { reason } of await settled) assert.equal(reason.code, 'ERR_SERVER_EXITED')
        await assertUsable(pool)
      }),
    )

  test('a line of 100 MB is not kept in memory', () =>
    withHostile('', async (pool) => {
      const other = assert.rejects(pool.callTool('it', 'hang'), { code: 'ERR_MAX_BUFFER' })
      await until(() => pool.getActiveCalls().length === 1)
      const rss = process.memoryUsage.rss()
      await assert.rejects(pool.callTool('it', 'huge line'), TOO_LONG)
      assert.ok(process.memoryUsage.rss() - rss < BOUND)
      await other
      await assertUsable(pool)
    }))

  test('crash after crash opens the circuit', () =>
    withHostile('', async (pool) => {
      const codes = []
      while (codes.at(-1) !== 'ERR_SERVER_UNAVAILABLE' && codes.length < 20) {
        await pool.callTool('it', 'exit').catch((error) => codes.push(error.code))
      }
      assert.deepEqual(codes, [...Array(5).fill('ERR_SERVER_EXITED'), 'ERR_SERVER_UNAVAILABLE'])
      await assert.rejects(
        pool.callTool('it', 'echo'),
        ({ code, retryAfter, exitCode, message }) => {
          assert.deepEqual([code, exitCode], ['ERR_SERVER_UNAVAILABLE', 3])
          assert.ok(retryAfter > 0 && retryAfter <= 30_000)
          assert.match(message, /out of luck/)
          return true
        },
      )
    }))
})

test('a protocol error has its code, message and data', { skip: noProcessList }, () =>
  withHostile('', async (pool) => {
    const expected = {
      code: 'ERR_MCP',
      rpcCode: -32042,
      rpcMessage: 'not today',
      data: { why: ['rain'] },
    }
    await assert.rejects(pool.callTool('it', 'error'), expected)
    await assertUsable(pool)
  }),
)
