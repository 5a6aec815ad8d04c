// What servers write while the event loop, which reads them, has no time for it.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { temporaryFolder } from './fixtures/mcp-servers.mjs'
import { said, withHostile } from './support/hostile.mjs'
import {
  assertNothingLeft,
  isAlive,
  noProcessList,
  processesOfThisTest,
} from './support/processes.mjs'
import { until } from './support/until.mjs'

afterEach(assertNothingLeft)

/**
 * Blocks the event loop until the condition holds. Gives up after a while, so that a test fails
 * instead of hanging.
 * @param {() => boolean} condition
 */
function blockUntil(condition) {
  const end = performance.now() + 120_000
  while (!condition()) assert.ok(performance.now() < end, `blocked until ${condition}`)
}

/** The pid of the pool's one session. @param {import('../index.js').McpPool} pool */
const sessionPid = (pool) => pool.getStatus().sessions[0].pid

/**
 * With a session that has been read here before.
 * @param {(pool: import('../index.js').McpPool) => Promise<void>} work
 * @param {object} [options]
 */
const withReader = (work, options) =>
  withHostile(
    '',
    async (pool) => {
      for (let call = 0; call < 3; call++) await pool.callTool('it', 'echo')
      await work(pool)
    },
    options,
  )

describe('while the event loop is blocked', { skip: noProcessList }, () => {
  test('an answer that came in time is no timeout', () =>
    withReader(async (pool) => {
      // A server that is slower than the timeout shows nothing: the next timeout is longer.
      for (const timeout of [500, 2000, 8000, 20_000]) {
        const after = join(temporaryFolder(), 'answered')
        const start = performance.now()
        const call = pool.callTool('it', 'answer, then file', { after }, { timeout })
        const late = assert.rejects(pool.callTool('it', 'hang', {}, { timeout }), {
          code: 'ERR_CALL_TIMEOUT',
        })
        blockUntil(() => existsSync(after) || performance.now() > start + timeout)
        const isInTime = performance.now() < start + timeout
        blockUntil(() => performance.now() > start + timeout + 50)
        const outcome = await call.then(said, ({ code }) => code)
        await late
        if (!isInTime) continue
        assert.equal(outcome, 'answered')
        return
      }
      assert.fail('the server never answered in time')
    }))

  test('an answer that came before the server exited is not lost', () =>
    withReader(async (pool) => {
      const pid = sessionPid(pool)
      const call = pool.callTool('it', 'echo', { text: 'the last' })
      const exit = assert.rejects(pool.callTool('it', 'exit'), {
        code: 'ERR_SERVER_EXITED',
        exitCode: 3,
      })
      blockUntil(() => !isAlive(pid))
      assert.equal(said(await call), 'the last')
      await exit
      assert.equal(
        said(await pool.callTool('it', 'echo', { text: 'another server' })),
        'another server',
      )
    }))

  test('a closed pool terminates its servers', () =>
    withReader(async (pool) => {
      const call = assert.rejects(pool.callTool('it', 'hang'), { code: 'ERR_CLOSED' })
      const pid = sessionPid(pool)
      const closed = pool.close()
      blockUntil(() => !isAlive(pid))
      await Promise.all([call, closed])
      assert.deepEqual(pool.getStatus().sessions, [])
    }))
})

describe('a server that sends many requests at once', { skip: noProcessList }, () => {
  test('gets all answers, and its calls get theirs', () =>
    withReader(async (pool) => {
      const calls = [1, 2, 3].map((text) => pool.callTool('it', 'echo', { text: String(text) }))
      assert.equal(said(await pool.callTool('it', 'nag', { count: 5000 })), '5000 answers')
      assert.deepEqual((await Promise.all(calls)).map(said), ['1', '2', '3'])
      assert.equal(said(await pool.callTool('it', 'echo', { text: 'after' })), 'after')
    }))
})

describe('results of many sizes', { skip: noProcessList }, () => {
  test('arrive whole, for any cuts in transit', () =>
    withReader(
      async (pool) => {
        const sizes = Array.from({ length: 200 }, (_, at) => (at * 7919) % 200_000)
        const results = await Promise.all(
          sizes.map((bytes) => pool.callTool('it', 'big', { bytes })),
        )
        assert.deepEqual(
          results.map((result) => said(result).length),
          sizes,
        )
      },
      { maxInFlight: 16 },
    ))
})

describe('a worker thread in the middle of its calls', { skip: noProcessList }, () => {
  test('can be terminated at any moment', async () => {
    // Most moments are between two answers, and some in the middle of one.
    for (let round = 0; round < 12; round++) {
      const worker = new Worker(new URL('fixtures/busy-worker.mjs', import.meta.url))
      await once(worker, 'message')
      await sleep(round * 5)
      await worker.terminate()
    }
    await until(() => processesOfThisTest().length === 0)
  })
})
