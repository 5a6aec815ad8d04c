// What a worker still owes must never reach its next user: such workers are ended instead of used
// again.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from './support/processes.mjs'
import { until } from './support/until.mjs'
import { ask, closeWorkersAfterEach, workers } from './support/workers.mjs'

closeWorkersAfterEach()

/** What happens in a use, and how the use fails, if it does. */
const cases = {
  'fn throws': [
    () => {
      throw new RangeError('mine')
    },
    { name: 'RangeError', message: 'mine' },
  ],
  'fn rejects': [() => Promise.reject(new RangeError('mine')), { name: 'RangeError' }],
  'a request times out': [
    (worker) => worker.request(ask('silent'), { timeout: 10 }),
    { code: 'ERR_CALL_TIMEOUT' },
  ],
  'a request that timed out is caught': [
    (worker) => worker.request(ask('silent'), { timeout: 10 }).catch(() => {}),
  ],
  'a request is aborted': [
    (worker) => worker.request(ask('silent'), { signal: AbortSignal.timeout(10) }),
    { code: 'ABORT_ERR' },
  ],
  'a receive() still waits': [
    async (worker) => {
      worker.receive().catch(() => {})
    },
  ],
  'a line is unread': [
    async (worker) => {
      await worker.request(ask('twice', 'x'))
      await sleep(50)
    },
  ],
  'a line comes between two uses': [
    (worker) => worker.request(ask('later', { ms: 50, value: 'late' })),
  ],
  'a line is no JSON': [(worker) => worker.request(ask('garbage')), { code: 'ERR_INVALID_LINE' }],
  'a line is half written': [
    async (worker) => {
      await worker.send(ask('half'))
      worker.destroy()
    },
  ],
  'it is destroyed': [(worker) => worker.destroy()],
}

describe('a worker is not used again when', () => {
  for (const [name, [fn, failure]] of Object.entries(cases)) {
    test(name, async () => {
      const pool = workers({ maxSize: 1 })
      let first
      const use = pool.use((worker) => {
        first = worker.pid
        return fn(worker)
      })
      if (failure) await assert.rejects(use, failure)
      else await use
      await until(() => pool.getStatus().stats.recycled.unhealthy === 1)
      const [pid, answer] = await pool.use(async (worker) => [
        worker.pid,
        await worker.request(ask('echo', 'mine')),
      ])
      assert.notEqual(pid, first)
      assert.equal(answer, 'mine')
      assert.ok(!isAlive(first), 'there is only room for one')
    })
  }
})

describe('a worker is used again when', () => {
  const fine = {
    'all its lines are read': (worker) => worker.request(ask('echo', 1)),
    'nothing was asked of it': () => {},
    'its lines had a listener': async (worker) => {
      let count = 0
      worker.on('line', () => count++)
      await worker.send(ask('twice', 'x'))
      await until(() => count === 2)
    },
    'it complained only': (worker) => worker.request(ask('complain', 'hot')),
    'a signal was aborted before anything was sent': (worker) =>
      worker.request(ask('silent'), { signal: AbortSignal.abort() }).catch(() => {}),
    'a message could not be sent': (worker) => worker.request(1n).catch(() => {}),
  }
  for (const [name, fn] of Object.entries(fine)) {
    test(name, async () => {
      const pool = workers({ maxSize: 1 })
      const first = await pool.use(async (worker) => {
        await fn(worker)
        return worker.pid
      })
      assert.equal(await pool.use((worker) => worker.pid), first)
    })
  }
})

describe('a use', () => {
  test('that times out rejects without waiting for fn, and its worker is terminated', async () => {
    const pool = workers({ maxSize: 1 })
    let inside
    const late = pool.use(
      (worker) => {
        inside = worker.request(ask('silent')).catch((error) => error.code)
        return inside
      },
      { timeout: 20 },
    )
    await assert.rejects(late, {
      code: 'ERR_CALL_TIMEOUT',
      message: 'The use of a worker timed out after 20 ms',
    })
    assert.equal(await inside, 'ERR_NOT_ACQUIRED')
    assert.equal(await pool.use((worker) => worker.request(ask('echo', 1))), 1)
    assert.equal(pool.getStatus().stats.recycled.unhealthy, 1)
  })

  test('can be aborted, waiting or running', async () => {
    const pool = workers({ maxSize: 1 })
    const controller = new AbortController()
    const { signal } = controller
    const running = pool.use((worker) => worker.request(ask('silent')), { signal })
    await until(() => pool.getStatus().busy === 1)
    const waiting = pool.use(assert.fail, { signal })
    controller.abort('enough')
    for (const use of [running, waiting])
      await assert.rejects(use, { code: 'ABORT_ERR', cause: 'enough' })
    await until(() => pool.getStatus().size === 0)
  })

  test('may give its worker back itself', async () => {
    const pool = workers({ maxSize: 1 })
    const first = await pool.use((worker) => {
      worker.release()
      return worker.pid
    })
    assert.equal(await pool.use((worker) => worker.pid), first)
  })
})
