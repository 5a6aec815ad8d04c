import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { describe, test } from 'node:test'
import { getActiveProcesses, ProcessPool } from '../index.js'
import { isAlive } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'
import { until } from './support/until.mjs'
import { ask, closeWorkersAfterEach, workers } from './support/workers.mjs'

closeWorkersAfterEach()

describe('use()', () => {
  test('returns the result of fn, and reuses the worker', async () => {
    const pool = workers()
    const pids = []
    for (let use = 1; use <= 3; use++) {
      const [pid, uses] = await pool.use(async (worker) => {
        assert.equal(worker.pid, await worker.request(ask('pid')))
        return [worker.pid, await worker.request(ask('uses'))]
      })
      assert.equal(uses, use, 'it kept its state')
      pids.push(pid)
    }
    assert.equal(new Set(pids).size, 1)
    const { stats } = pool.getStatus()
    assert.deepEqual([stats.created, stats.reused, stats.crashed], [1, 2, 0])
  })

  test('accepts functions without a promise', async () => {
    assert.equal(await workers().use((worker) => typeof worker.pid), 'number')
  })

  test('leases at most maxSize workers at once, and serves the waiters in order', async () => {
    const pool = workers({ maxSize: 2 })
    const order = []
    let most = 0
    const use = async (at) =>
      pool.use(async (worker) => {
        order.push(at)
        most = Math.max(most, pool.getStatus().busy)
        return worker.request(ask('echo', at))
      })
    const all = Array.from({ length: 20 }, (_, at) => use(at))
    assert.ok(pool.getStatus().queued >= 18, 'two may have been served meanwhile')
    assert.deepEqual(
      await Promise.all(all),
      Array.from({ length: 20 }, (_, at) => at),
    )
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    )
    assert.equal(most, 2)
    const { size, queued, stats } = pool.getStatus()
    assert.deepEqual([size, queued, stats.created], [2, 0, 2])
  })
})

describe('maxQueue', () => {
  const full = (waiting) => ({
    code: 'ERR_QUEUE_FULL',
    message: new RegExp(`^Process pool ${waiting}; raise maxQueue`),
  })

  test('refuses only the excess caller, and at once', async () => {
    const pool = workers({ maxSize: 1, maxQueue: 1 })
    const worker = await pool.acquire()
    const waiter = pool.acquire()
    await assert.rejects(pool.acquire(), full('queue is full \\(1 waiting\\)'))
    await assert.rejects(
      pool.use(() => assert.fail('ran')),
      { code: 'ERR_QUEUE_FULL' },
    )
    assert.equal(pool.getStatus().queued, 1)
    worker.release()
    ;(await waiter).release()
    assert.equal(await pool.use((again) => again.request(ask('echo', 'again'))), 'again')
  })

  test('0 refuses every caller without a worker, but not one that a worker starts for', async () => {
    const pool = workers({ maxSize: 2, maxQueue: 0 })
    const pids = await Promise.all([pool.acquire(), pool.acquire()])
    assert.equal(new Set(pids.map(({ pid }) => pid)).size, 2)
    await assert.rejects(pool.acquire(), full('has no free worker'))
    pids[0].release()
    const again = await pool.acquire()
    assert.equal(again.pid, pids[0].pid)
    again.release()
    pids[1].release()
  })

  test('counts a worker that ends as taken, and no caller that left', async () => {
    const pool = workers({ maxSize: 1, maxQueue: 1 })
    const worker = await pool.acquire()
    const controller = new AbortController()
    const aborted = pool.acquire({ signal: controller.signal })
    controller.abort()
    await assert.rejects(aborted, { code: 'ABORT_ERR' })
    const late = pool.acquire({ timeout: 1 })
    await assert.rejects(late, { code: 'ERR_QUEUE_TIMEOUT' })
    worker.destroy()
    const next = pool.acquire()
    assert.equal(pool.getStatus().ending, 1)
    await assert.rejects(pool.acquire(), { code: 'ERR_QUEUE_FULL' })
    ;(await next).release()
  })
})

describe('acquire() and release()', () => {
  test('pass a worker on to the next waiter', async () => {
    const pool = workers({ maxSize: 1 })
    const first = await pool.acquire()
    const second = pool.acquire()
    assert.deepEqual([pool.getStatus().busy, pool.getStatus().queued], [1, 1])
    first.release()
    const worker = await second
    assert.equal(worker.pid, first.pid)
    assert.notEqual(worker, first, 'a use of its own')
    pool.release(worker)
    assert.equal(pool.getStatus().idle, 1)
  })

  test('a released worker cannot be used or released again', async () => {
    const pool = workers()
    const worker = await pool.acquire()
    worker.release()
    const released = { code: 'ERR_NOT_ACQUIRED' }
    assert.throws(() => worker.release(), released)
    assert.throws(() => worker.destroy(), released)
    assert.throws(() => pool.release(worker), released)
    for (const use of [worker.send(1), worker.request(1), worker.receive()])
      await assert.rejects(use, released)
    const next = await pool.acquire()
    assert.throws(() => worker.release(), released, 'not even for the next user')
    assert.equal(pool.getStatus().busy, 1)
    next.release()
  })

  test('refuse workers of other pools', async () => {
    const [pool, other] = [workers(), workers()]
    const worker = await pool.acquire()
    assert.throws(() => other.release(worker), { code: 'ERR_NOT_ACQUIRED' })
    for (const stranger of [
      undefined,
      null,
      {},
      new EventEmitter(),
      { pid: worker.pid, release() {} },
    ]) {
      assert.throws(() => pool.release(stranger), { code: 'ERR_INVALID_ARG_TYPE' })
    }
    pool.release(worker)
  })

  test('time out and can be aborted, and leave the queue at once', async () => {
    const pool = workers({ maxSize: 1, acquireTimeout: 20 })
    const worker = await pool.acquire({ timeout: Infinity })
    const controller = new AbortController()
    const aborted = pool.acquire({ signal: controller.signal, timeout: Infinity })
    await assert.rejects(pool.acquire(), {
      code: 'ERR_QUEUE_TIMEOUT',
      message: 'Process pool acquire timeout (0.02s)',
    })
    await assert.rejects(pool.use(assert.fail, { acquireTimeout: 10 }), {
      code: 'ERR_QUEUE_TIMEOUT',
    })
    controller.abort('enough')
    await assert.rejects(aborted, { name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' })
    await assert.rejects(pool.acquire({ signal: controller.signal }), { code: 'ABORT_ERR' })
    await until(() => pool.getStatus().queued === 0)
    worker.release()
    assert.equal(pool.getStatus().idle, 1)
  })

  test('a worker granted at the moment of the abort goes to the next waiter', async () => {
    const pool = workers({ maxSize: 1 })
    for (let round = 0; round < 20; round++) {
      const worker = await pool.acquire()
      const controller = new AbortController()
      const aborted = pool.acquire({ signal: controller.signal })
      worker.release()
      controller.abort()
      await assert.rejects(aborted, { code: 'ABORT_ERR' })
      assert.equal(await pool.use((next) => next.pid), worker.pid)
    }
  })
})

describe('a worker', () => {
  test('has the directory, environment and label that it was given', async () => {
    const cwd = realpathSync(tmpdir())
    const pool = workers({ cwd, env: { COLOUR: 'blue', HOME: undefined }, server: 'painter' })
    const worker = await pool.acquire()
    assert.equal(await worker.request(ask('cwd')), cwd)
    assert.equal(await worker.request(ask('env', 'COLOUR')), 'blue')
    assert.equal(await worker.request(ask('env', 'HOME')), null)
    const [{ pid, server, tool }] = getActiveProcesses()
    assert.deepEqual({ pid, server, tool }, { pid: worker.pid, server: 'painter', tool: null })
    worker.release()
    assert.equal(getActiveProcesses().length, 1, 'an idle one runs too')
  })

  test('takes strings as they are and values as JSON; its lines are strings', async () => {
    const pool = workers({ json: false })
    const worker = await pool.acquire()
    assert.equal(await worker.request(JSON.stringify(ask('echo', 'ä"'))), '"ä\\""')
    assert.equal(await worker.request(ask('echo', [1, { a: null }])), '[1,{"a":null}]')
    worker.release()
    const mirror = workers({ json: false, args: ['-e', 'process.stdin.pipe(process.stdout)'] })
    await mirror.use(async (worker) => {
      assert.equal(await worker.request('ä\u2028\u2029"'), 'ä\u2028\u2029"')
    })
  })

  test('with json, everything is a value: strings, null, false', async () => {
    const worker = await workers().acquire()
    for (const value of [
      'text',
      '',
      'two\nlines',
      0,
      false,
      null,
      [],
      {},
      { a: [1, 'ß', '\u{1f600}'] },
      // The worker reads lines with readline.
      { 'a\u2028': 'b\u2029\\\u2028' },
    ]) {
      assert.deepEqual(await worker.request(ask('echo', value)), value)
    }
    worker.release()
  })

  test('answers in order, for any number of requests at once', async () => {
    const worker = await workers().acquire()
    const values = Array.from({ length: 200 }, (_, at) => at)
    assert.deepEqual(await Promise.all(values.map((at) => worker.request(ask('echo', at)))), values)
    worker.release()
  })

  test('send() and receive() are the two halves of request()', async () => {
    const worker = await workers().acquire()
    await worker.send(ask('twice', 'x'))
    assert.deepEqual([await worker.receive(), await worker.receive()], ['x', 'x'])
    worker.release()
  })

  test('emits lines and stderr as they come', async () => {
    const worker = await workers().acquire()
    const lines = []
    worker.on('line', (line) => lines.push(line))
    const complaint = once(worker, 'errorLine')
    assert.equal(await worker.request(ask('complain', 'too hot')), 'complained')
    assert.deepEqual(await complaint, ['too hot'])
    await worker.send(ask('twice', 'x'))
    await until(() => lines.length === 3)
    assert.deepEqual(lines, ['complained', 'x', 'x'])
    worker.release()
  })

  test('a listener that throws is an uncaught exception, and no line is lost', async () => {
    const { code, stdout, stderr } = await outcomeOf(`
      import { ask, workers } from './__test__/support/workers.mjs'
      process.once('uncaughtException', (error) => console.log('uncaught', error.message))
      const worker = await workers().acquire()
      worker.once('line', () => {
        throw new Error('listener')
      })
      console.log(await worker.request(ask('echo', 1)))
      worker.release()
    `)
    assert.deepEqual(
      { code, stdout: stdout.split('\n').sort(), stderr },
      { code: 0, stdout: ['1', 'uncaught listener'], stderr: '' },
    )
  })

  test('is paused while its lines are not read, and no line is lost', async () => {
    const worker = await workers({ json: false }).acquire()
    const count = 300_000
    await worker.send(ask('many', count))
    for (let at = 0; at < count; at++) assert.equal(await worker.receive(), String(at))
    worker.release()
  })

  test('with a ready line is waited for, and no use receives that line', async () => {
    const pool = workers({ mode: 'ready', json: false, ready: true })
    assert.equal(await pool.use((worker) => worker.request(ask('echo', 1))), '1')
    const early = workers({ mode: 'ready', json: false })
    const worker = await early.acquire()
    assert.equal(
      await worker.receive(),
      'ready',
      'otherwise it is a line like any other, for the first user',
    )
    assert.equal(await worker.request(ask('echo', 1)), '1')
    worker.release()
  })
})

describe('recycling', () => {
  test('terminates a worker after its last use', async () => {
    const pool = workers({ maxUses: 2 })
    const pids = []
    for (let use = 0; use < 4; use++)
      pids.push(await pool.use((worker) => worker.request(ask('pid'))))
    assert.equal(pids[0], pids[1])
    assert.notEqual(pids[1], pids[2])
    assert.equal(pids[2], pids[3])
    await until(() => pool.getStatus().size === 0)
    assert.equal(pool.getStatus().stats.recycled.uses, 2)
    assert.ok(!isAlive(pids[0]))
  })

  test('terminates a worker that is idle for too long or too old', async () => {
    const pools = [
      workers({ idleTimeout: 30 }),
      workers({ maxLifetime: 30, idleTimeout: Infinity }),
    ]
    for (const pool of pools) await pool.use((worker) => worker.request(ask('pid')))
    await until(() => pools.every((pool) => pool.getStatus().size === 0))
    assert.deepEqual(
      pools.map((pool) => pool.getStatus().stats.recycled),
      [
        { idle: 1, uses: 0, lifetime: 0, unhealthy: 0, closed: 0 },
        { idle: 0, uses: 0, lifetime: 1, unhealthy: 0, closed: 0 },
      ],
    )
  })

  test('keeps minWarm workers from the beginning', async () => {
    const pool = workers({ minWarm: 2, idleTimeout: 20, maxSize: 3 })
    await until(() => pool.getStatus().idle === 2)
    const used = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()])
    assert.equal(pool.getStatus().size, 3)
    for (const worker of used) worker.release()
    await until(() => pool.getStatus().size === 2)
    assert.equal(pool.getStatus().stats.recycled.idle, 1)
  })
})

test('PROCESS_POOL_SIZE is the default size', () => {
  process.env.PROCESS_POOL_SIZE = '7'
  try {
    assert.equal(new ProcessPool({ command: 'true' }).getStatus().maxSize, 7)
    assert.equal(new ProcessPool({ command: 'true', maxSize: 2 }).getStatus().maxSize, 2)
    process.env.PROCESS_POOL_SIZE = 'many'
    assert.throws(() => new ProcessPool({ command: 'true' }), {
      code: 'ERR_INVALID_CONFIG',
      message: /PROCESS_POOL_SIZE.*many/,
    })
  } finally {
    delete process.env.PROCESS_POOL_SIZE
  }
  assert.equal(new ProcessPool({ command: 'true' }).getStatus().maxSize, 5)
})
