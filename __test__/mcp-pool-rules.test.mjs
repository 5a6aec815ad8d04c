// The choice of a session for a call, and the start and end of sessions.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { McpPool } from '../index.js'
import { temporaryFolder } from './fixtures/mcp-servers.mjs'
import { callLog, closedGate, hostileServer, said, withHostile } from './support/hostile.mjs'
import { assertNothingLeft, isAlive, noProcessList } from './support/processes.mjs'
import { until } from './support/until.mjs'

afterEach(assertNothingLeft)

const pidOf = async (pool, server = 'it') => Number(said(await pool.callTool(server, 'pid')))
const live = (pool) => pool.getStatus().sessions.filter(({ state }) => state !== 'ending')

/**
 * A pool with these servers, closed after the work.
 * @param {string[]} names
 * @param {(pool: McpPool) => Promise<void>} work
 * @param {object} [options]
 */
async function withServers(names, work, options) {
  const { file, seen } = callLog()
  const servers = Object.fromEntries(
    names.map((name) => [name, { ...hostileServer('', file), env: { NAME: name } }]),
  )
  const pool = new McpPool({ servers, killGrace: 200, ...options })
  try {
    await work(pool, seen)
  } finally {
    await pool.close()
  }
}

describe('calls over one session', { skip: noProcessList }, () => {
  test('are answered in any order', () =>
    withHostile('', async (pool) => {
      // It answers when all three have come, the last one first, with their places.
      const hold = async () => Number(said(await pool.callTool('it', 'hold', { count: 3 })))
      const places = await Promise.all([hold(), hold(), hold()])
      assert.deepEqual(places, [1, 2, 3])
    }))

  test('are sent in the order of their calls, if one waits for the other', () =>
    withServers(
      ['a'],
      async (pool, seen) => {
        const keys = Array.from({ length: 30 }, (_, at) => String(at))
        await Promise.all(keys.map((key) => pool.callTool('a', 'echo', { key })))
        assert.deepEqual(seen(), keys)
      },
      { maxInFlight: 1 },
    ))

  test('run up to maxInFlight at once, and the others wait', () =>
    withHostile(
      '',
      async (pool) => {
        const { gate, open } = closedGate()
        const calls = Array.from({ length: 5 }, () => pool.callTool('it', 'gate', { gate }))
        await until(() => pool.getStatus().sessions[0]?.inFlight === 2)
        assert.equal(pool.getStatus().queued, 3)
        assert.equal(pool.getActiveCalls().length, 2)
        open()
        await Promise.all(calls)
        assert.equal(pool.getStatus().sessions.length, 1)
      },
      { maxInFlight: 2 },
    ))

  test('are listed with their process', () =>
    withHostile('', async (pool) => {
      const pid = await pidOf(pool)
      const before = Date.now()
      const { gate, open } = closedGate()
      const call = pool.callTool('it', 'gate', { gate })
      const [active] = await until(
        () => pool.getActiveCalls().length === 1 && pool.getActiveCalls(),
      )
      assert.deepEqual(Object.keys(active), ['pid', 'server', 'tool', 'startTime', 'duration'])
      assert.deepEqual([active.pid, active.server, active.tool], [pid, 'it', 'gate'])
      assert.ok(active.startTime >= before && active.duration >= 0)
      const { sessions, stats, ...rest } = pool.getStatus()
      assert.deepEqual(
        [rest, stats],
        [
          { maxSessions: 5, queued: 0 },
          { hits: 1, misses: 1, recycled: {} },
        ],
      )
      const [{ age, memory, ...session }] = sessions
      assert.deepEqual(session, {
        server: 'it',
        pid,
        state: 'busy',
        idle: null,
        uses: 2,
        inFlight: 1,
        garbage: 0,
      })
      assert.ok(age > 0 && memory > 2 ** 20)
      open()
      await call
      const [{ state, idle }] = pool.getStatus().sessions
      assert.equal(state, 'idle')
      assert.ok(idle >= 0)
    }))

  test('report progress to their listener', () =>
    withHostile('', async (pool) => {
      const heard = []
      const result = await pool.callTool(
        'it',
        'progress',
        { steps: 3 },
        { onProgress: (step) => heard.push(step) },
      )
      assert.equal(said(result), 'told')
      assert.deepEqual(
        heard,
        [1, 2, 3].map((progress) => ({ progress, total: 3, message: `step ${progress}` })),
      )
      assert.equal(said(await pool.callTool('it', 'progress', { steps: 3 })), 'nobody listens')
    }))

  test('are cancelled at the server once each', () =>
    withHostile('', async (pool) => {
      const controller = new AbortController()
      const reason = new Error('changed my mind')
      const call = pool.callTool('it', 'delay', { ms: 60_000 }, { signal: controller.signal })
      await until(() => pool.getActiveCalls().length === 1)
      controller.abort(reason)
      await assert.rejects(call, {
        name: 'AbortError',
        code: 'ABORT_ERR',
        cause: reason,
        message: /it\.delay/,
      })
      assert.deepEqual(pool.getActiveCalls(), [])
      const cancelled = JSON.parse(said(await pool.callTool('it', 'cancelled')))
      assert.deepEqual(
        cancelled.map(({ reason }) => reason),
        ['the call was given up'],
      )
      const signal = AbortSignal.abort(reason)
      await assert.rejects(pool.callTool('it', 'echo', {}, { signal }), {
        code: 'ABORT_ERR',
        cause: reason,
      })
    }))
})

describe('sessions', { skip: noProcessList }, () => {
  test('the one idle longest is evicted, and never a busy one', () =>
    withServers(
      ['a', 'b', 'c'],
      async (pool) => {
        const [a, b] = [await pidOf(pool, 'a'), await pidOf(pool, 'b')]
        const { gate, open } = closedGate()
        const busy = pool.callTool('a', 'gate', { gate })
        await until(() => pool.getActiveCalls().length === 1)
        const c = await pidOf(pool, 'c')
        assert.deepEqual([a, b, c].map(isAlive), [true, false, true])
        open()
        await busy
        await pidOf(pool, 'c')
        await pidOf(pool, 'b')
        assert.deepEqual([a, c].map(isAlive), [false, true], 'a was used before c')
      },
      { maxSessions: 2 },
    ))

  test('if all are busy, calls to all servers wait in one queue', () =>
    withServers(
      ['a', 'b', 'c', 'd'],
      async (pool, seen) => {
        const { gate, open } = closedGate()
        const first = pool.callTool('a', 'gate', { gate, key: 'a1' })
        await until(() => pool.getActiveCalls().length === 1)
        const names = ['b1', 'c1', 'a2', 'd1', 'b2']
        const rest = names.map((key) => pool.callTool(key[0], 'echo', { key }))
        open()
        await Promise.all([first, ...rest])
        const order = seen()
        assert.deepEqual([...order].sort(), ['a1', ...names].sort())
        const firsts = order.filter((key) => ['b1', 'c1', 'd1'].includes(key))
        assert.deepEqual(firsts, ['b1', 'c1', 'd1'])
        assert.equal(live(pool).length, 1)
      },
      { maxSessions: 1 },
    ))

  test('end after their idle timeout, except warm ones', () =>
    withServers(
      ['a', 'b'],
      async (pool) => {
        await until(
          () => live(pool).length === 2 && live(pool).every(({ state }) => state === 'idle'),
        )
        const warm = await Promise.all([pidOf(pool, 'a'), pidOf(pool, 'b')])
        // The extra sessions of `a` show when the idle timeout is over.
        for (let round = 0; round < 2; round++) {
          const { gate, open } = closedGate()
          const calls = [1, 2].map(() => pool.callTool('a', 'gate', { gate }))
          await until(() => pool.getActiveCalls().length === 2)
          open()
          await Promise.all(calls)
          await until(() => live(pool).length === 2)
        }
        assert.ok(isAlive(warm[1]), 'b has been idle for longer than the extra sessions')
        assert.deepEqual(
          live(pool)
            .map(({ server }) => server)
            .sort(),
          ['a', 'b'],
        )
      },
      { idleTimeout: 200, minWarm: 1, maxInFlight: 1, instances: 2 },
    ).then(() =>
      withHostile(
        '',
        async (pool) => {
          const pid = await pidOf(pool)
          await until(() => !isAlive(pid) && pool.getStatus().sessions.length === 0)
          assert.notEqual(await pidOf(pool), pid)
        },
        { idleTimeout: 200 },
      ),
    ))

  test('end after maxUses calls', () =>
    withHostile(
      '',
      async (pool) => {
        const pids = []
        for (let call = 0; call < 6; call++) pids.push(await pidOf(pool))
        assert.deepEqual(
          pids.map((pid) => pids.indexOf(pid)),
          [0, 0, 2, 2, 4, 4],
        )
      },
      { maxUses: 2 },
    ))

  test('end after maxLifetime and their last call', () =>
    withHostile(
      '',
      async (pool) => {
        const pid = await pidOf(pool)
        assert.equal(said(await pool.callTool('it', 'delay', { ms: 900 })), 'late')
        await until(() => !isAlive(pid))
        assert.notEqual(await pidOf(pool), pid)
      },
      { maxLifetime: 300 },
    ))

  test('of one server may be several, for calls at once', () =>
    withHostile(
      '',
      async (pool) => {
        const { gate, open } = closedGate()
        const calls = Array.from({ length: 4 }, () => pool.callTool('it', 'gate', { gate }))
        await until(() => pool.getActiveCalls().length === 3)
        assert.equal(new Set(pool.getActiveCalls().map(({ pid }) => pid)).size, 3)
        assert.equal(pool.getStatus().queued, 1)
        open()
        await Promise.all(calls)
        assert.equal(live(pool).length, 3)
      },
      { maxInFlight: 1, instances: 3 },
    ))

  test('a server with a new configuration is restarted after its calls', async () => {
    const folder = temporaryFolder()
    const configPath = join(folder, 'mcporter.json')
    const configure = (version) =>
      writeFileSync(
        configPath,
        JSON.stringify({
          imports: [],
          mcpServers: { it: { ...hostileServer(), env: { VERSION: version } } },
        }),
      )
    configure('1')
    const pool = new McpPool({ configPath })
    const before = await pidOf(pool)
    const { gate, open } = closedGate()
    const underWay = pool.callTool('it', 'gate', { gate })
    await until(() => pool.getActiveCalls().length === 1)
    configure('2')
    const after = await until(async () => {
      const pid = await pidOf(pool)
      return pid !== before && pid
    })
    assert.ok(isAlive(before))
    open()
    assert.equal(said(await underWay), 'passed')
    await until(() => !isAlive(before))
    assert.equal(await pidOf(pool), after)
    writeFileSync(configPath, JSON.stringify({ imports: [], mcpServers: {} }))
    await until(() =>
      pidOf(pool).then(
        () => false,
        ({ code }) => code === 'ERR_UNKNOWN_SERVER',
      ),
    )
    await until(() => !isAlive(after))
    await pool.close()
  })
})

test('waiting calls go to the server with the new configuration', {
  skip: noProcessList,
}, async () => {
  const configPath = join(temporaryFolder(), 'mcporter.json')
  const configure = (version) =>
    writeFileSync(
      configPath,
      JSON.stringify({
        imports: [],
        mcpServers: { it: { ...hostileServer(), env: { VERSION: version } } },
      }),
    )
  configure('1')
  const pool = new McpPool({ configPath, maxInFlight: 1 })
  const before = await pidOf(pool)
  const { gate, open } = closedGate()
  const underWay = pool.callTool('it', 'gate', { gate })
  const waiting = Array.from({ length: 5 }, () => pidOf(pool))
  await until(() => pool.getStatus().queued === 5)
  configure('2')
  // The configuration is read again only at a call.
  await until(() => {
    waiting.push(pidOf(pool))
    return pool.getStatus().sessions.length === 2
  })
  const pids = await Promise.all(waiting)
  open()
  assert.equal(said(await underWay), 'passed')
  assert.equal(pids.includes(before), false)
  await pool.close()
})

test('an unreadable configuration fails each call, and nothing else', async () => {
  const configPath = join(temporaryFolder(), 'mcporter.json')
  writeFileSync(configPath, '{ "mcpServers": ')
  const pool = new McpPool({ configPath })
  // An unhandled rejection fails this test.
  await assert.rejects(pool.callTool('it', 'echo'), { code: 'ERR_INVALID_CONFIG' })
  await assert.rejects(pool.listTools('it'), { code: 'ERR_INVALID_CONFIG' })
  await pool.close()
})

describe('the end of a pool', { skip: noProcessList }, () => {
  test('a drain waits for the calls, a close does not', () =>
    withHostile('', async (pool) => {
      const pid = await pidOf(pool)
      const call = pool.callTool('it', 'delay', { ms: 1500 })
      await until(() => pool.getActiveCalls().length === 1)
      const drained = pool.drain()
      await assert.rejects(pool.callTool('it', 'echo'), { code: 'ERR_CLOSED' })
      await assert.rejects(pool.listTools('it'), { code: 'ERR_CLOSED' })
      assert.equal(said(await call), 'late')
      await drained
      assert.ok(!isAlive(pid))
      await Promise.all([pool.close(), pool.close(), pool.drain()])
    }))

  test('a close in the same tick as the first call', () =>
    withHostile('slow', async (pool) => {
      const calls = [1, 2].map(() =>
        assert.rejects(pool.callTool('it', 'echo'), { code: 'ERR_CLOSED' }),
      )
      await pool.close()
      await Promise.all(calls)
    }))
})
