// Workers that end when they should not, or never start.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { isAlive } from './support/processes.mjs'
import { until } from './support/until.mjs'
import { ask, closeWorkersAfterEach, workers } from './support/workers.mjs'

closeWorkersAfterEach()

describe('a worker that exits during a use', () => {
  test('rejects pending requests with its exit status and the stderr tail', async () => {
    const pool = workers()
    const worker = await pool.acquire()
    const exit = once(worker, 'exit')
    const asked = [worker.request(ask('exit', 3)), worker.receive()]
    const ended = { exitCode: 3, signal: null, stderr: 'leaving\n' }
    const message = `${process.execPath} exited with code 3: leaving`
    for (const line of asked)
      await assert.rejects(line, { code: 'ERR_WORKER_EXITED', message, ...ended })
    assert.deepEqual(await exit, [ended])
    for (const late of [worker.send(1), worker.request(1), worker.receive()]) {
      await assert.rejects(late, { code: 'ERR_WORKER_EXITED' })
    }
    worker.release()
    // The pool hears of the exit beside the worker's listeners, not before them.
    await until(() => pool.getStatus().size === 0)
    assert.equal(pool.getStatus().stats.crashed, 1)
    assert.equal(await pool.use((next) => next.request(ask('echo', 1))), 1)
  })

  test('reports its signal', { skip: process.platform === 'win32' }, async () => {
    const failed = workers().use((worker) => worker.request(ask('crash')))
    await assert.rejects(failed, {
      code: 'ERR_WORKER_EXITED',
      exitCode: null,
      signal: 'SIGKILL',
      stderr: '',
    })
  })

  test('leaves its earlier lines readable', async () => {
    const worker = await workers().acquire()
    await worker.send(ask('twice', 'x'))
    await worker.send(ask('exit', 0))
    await once(worker, 'exit')
    assert.deepEqual([await worker.receive(), await worker.receive()], ['x', 'x'])
    await assert.rejects(worker.receive(), { code: 'ERR_WORKER_EXITED', exitCode: 0 })
    worker.release()
  })

  test('takes its children with it', async () => {
    const pool = workers({ killGrace: 100 })
    const worker = await pool.acquire()
    const grandchild = await worker.request(ask('grandchild'))
    await assert.rejects(worker.request(ask('exit', 1)), { code: 'ERR_WORKER_EXITED' })
    assert.ok(!isAlive(grandchild), 'it has ended when its end is told')
    worker.release()
  })

  test('reports a line that is too long', async () => {
    const pool = workers({ maxBuffer: 1000 })
    assert.equal((await pool.use((worker) => worker.request(ask('long', 998)))).length, 998)
    const failed = pool.use((worker) => worker.request(ask('long', 999)))
    await assert.rejects(failed, {
      code: 'ERR_MAX_BUFFER',
      message: /wrote a line of more than 1000 bytes/,
    })
  })

  test('rejects unread requests', async () => {
    const worker = await workers().acquire()
    assert.equal(await worker.request(ask('deaf', 100)), 'deaf')
    const sent = worker.send(ask('echo', 'x'.repeat(1_000_000)))
    await assert.rejects(sent, { code: /^ERR_(INPUT_CLOSED|WORKER_EXITED)$/ })
    worker.release()
  })
})

test('a worker that exits while idle frees its place for another', async () => {
  const pool = workers({ maxSize: 1 })
  const first = await pool.use((worker) => worker.request(ask('pid')))
  process.kill(first, 'SIGKILL')
  await until(() => pool.getStatus().size === 0)
  assert.equal(pool.getStatus().stats.crashed, 1)
  assert.notEqual(await pool.use((worker) => worker.pid), first)
})

describe('a worker that cannot be started', () => {
  test('rejects all waiters with the error of run()', async () => {
    const pool = workers({ command: 'no-such-program-anywhere', maxSize: 1 })
    const error = await pool.acquire().catch((reason) => reason)
    assert.equal(error.code, 'ERR_SPAWN')
    assert.match(error.message, /^Cannot start no-such-program-anywhere \(ENOENT\)/)
    assert.equal(error.cause.code, 'ENOENT')
    assert.equal(pool.getStatus().stats.failed, 1)
  })

  test('five times in a row is not tried for a while', async () => {
    const pool = workers({
      command: 'no-such-program-anywhere',
      maxSize: 1,
      acquireTimeout: Infinity,
    })
    const outcomes = await Promise.all(
      Array.from({ length: 7 }, () => pool.acquire().catch((reason) => reason)),
    )
    assert.deepEqual(
      outcomes.map(({ code }) => code),
      [...Array(5).fill('ERR_SPAWN'), 'ERR_WORKER_UNAVAILABLE', 'ERR_WORKER_UNAVAILABLE'],
    )
    const { message, retryAfter, cause } = await pool.acquire().catch((reason) => reason)
    assert.match(
      message,
      /failed too often to be started again within 30 s; the last time: Cannot start/,
    )
    assert.ok(retryAfter > 0 && retryAfter <= 30_000)
    assert.equal(cause.code, 'ERR_SPAWN')
  })

  test('or exits before it is ready', async () => {
    const failed = workers({ mode: 'dead', ready: true }).acquire()
    await assert.rejects(failed, {
      code: 'ERR_WORKER_EXITED',
      exitCode: 7,
      stderr: 'cannot live like this\n',
    })
  })

  test('or does not become ready in time', async () => {
    const failed = workers({ mode: 'mute', ready: true, readyTimeout: 50, killGrace: 50 }).acquire()
    await assert.rejects(failed, {
      code: 'ERR_WORKER_START',
      message: /wrote no line within 50 ms to say that it is ready/,
    })
  })
})

test('workers that exit during their first use count as crashed, also after a fast release', async () => {
  const pool = workers({ mode: 'dead', maxSize: 1 })
  for (const crashed of [1, 2, 3]) {
    await assert.rejects(
      pool.use((worker) => worker.request(ask('echo'))),
      { code: 'ERR_WORKER_EXITED', exitCode: 7 },
    )
    const { stats } = pool.getStatus()
    assert.deepEqual([stats.crashed, stats.recycled.unhealthy], [crashed, 0])
  }
})
