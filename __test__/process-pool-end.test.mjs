// The end of pools, and of programs with pools.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Worker as Thread } from 'node:worker_threads'
import { CleanupScanner, getActiveProcesses } from '../index.js'
import { assertNothingLeft, isAlive, noProcessList } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'
import { verdicts } from './support/scans.mjs'
import { until } from './support/until.mjs'
import { ask, closeWorkersAfterEach, workers } from './support/workers.mjs'

closeWorkersAfterEach()

describe('drain()', () => {
  test('serves the waiters, terminates each worker after its use, and refuses new uses', async () => {
    const pool = workers({ maxSize: 1 })
    const worker = await pool.acquire()
    const waiting = pool.use((next) => next.request(ask('echo', 'served')))
    let isDrained = false
    const drained = pool.drain().then(() => {
      isDrained = true
    })
    await assert.rejects(pool.acquire(), { code: 'ERR_CLOSED' })
    assert.equal(await worker.request(ask('echo', 1)), 1)
    assert.equal(isDrained, false)
    worker.release()
    assert.equal(await waiting, 'served')
    await drained
    assert.deepEqual([pool.getStatus().size, pool.getStatus().stats.recycled.closed], [0, 1])
    assert.deepEqual(getActiveProcesses(), [])
  })

  test('of an empty pool resolves at once, also a second time', async () => {
    const pool = workers()
    await pool.drain()
    await pool.drain()
    await pool.close()
  })
})

describe('close()', () => {
  test('terminates all workers, in use or not, and rejects the waiters', async () => {
    const pool = workers({ maxSize: 2 })
    const [used, idle] = await Promise.all([pool.acquire(), pool.acquire()])
    idle.release()
    const asked = used.request(ask('silent'))
    const another = await pool.acquire()
    const waiting = pool.acquire()
    const refused = Promise.all(
      [asked, waiting].map((work) => assert.rejects(work, { code: 'ERR_CLOSED' })),
    )
    await pool.close()
    await refused
    assert.ok(!isAlive(used.pid) && !isAlive(another.pid))
    used.release()
    another.release()
    await assert.rejects(pool.use(assert.fail), { code: 'ERR_CLOSED' })
  })

  test('kills workers that ignore the end of their input and SIGTERM, with their children', async () => {
    const pool = workers({ mode: 'stubborn', killGrace: 100 })
    const grandchild = await pool.use((worker) => worker.request(ask('grandchild')))
    const pids = [grandchild, getActiveProcesses()[0].pid]
    assert.ok(pids.every(isAlive))
    await pool.close()
    assert.deepEqual(pids.filter(isAlive), [])
  })

  test('terminates workers that are not ready yet', async () => {
    const pool = workers({ mode: 'mute', ready: true, killGrace: 100 })
    const waiting = assert.rejects(pool.acquire(), { code: 'ERR_CLOSED' })
    await until(() => getActiveProcesses().length === 1)
    await pool.close()
    await waiting
    assert.deepEqual(getActiveProcesses(), [])
  })
})

describe('a program', () => {
  const START = `
    import { ask, workers } from './__test__/support/workers.mjs'
    import { getActiveProcesses, shutdown } from 'procward'
    const pool = workers({ minWarm: 1 })
  `
  test('exits by itself while workers are idle, and terminates them', async () => {
    const { code, stdout, stderr } = await outcomeOf(`${START}
      console.log(await pool.use((worker) => worker.request(ask('echo', 'said'))))
    `)
    assert.deepEqual([code, stdout, stderr], [0, 'said', ''])
    await until(() => assertNothingLeft() ?? true)
  })

  test('stays while it waits for a worker or for a line', async () => {
    const { code, stdout, stderr } = await outcomeOf(`${START}
      const worker = await pool.acquire()
      worker.once('line', (line) => {
        console.log(line)
        worker.release()
      })
      await worker.send(ask('slow', 100))
    `)
    assert.deepEqual([code, stdout, stderr], [0, 'slow', ''])
  })

  test('has its pools drained by shutdown(), and closed after the timeout', async () => {
    const { code, stdout, stderr } = await outcomeOf(`${START}
      const told = []
      const tell = (name, work) => work.then((value) => told.push(name + ':' + value), (error) => told.push(name + ':' + error.code))
      tell('quick', pool.use((worker) => worker.request(ask('slow', 100))))
      tell('endless', pool.use((worker) => worker.request(ask('silent'))))
      while (pool.getStatus().busy < 2) await new Promise((resolve) => setTimeout(resolve, 10))
      const end = shutdown({ timeout: 3000 })
      await tell('late', pool.acquire())
      await end
      console.log(told.sort().join(' '), getActiveProcesses().length)
    `)
    assert.deepEqual([code, stderr], [0, ''])
    assert.equal(stdout, 'endless:ERR_CLOSED late:ERR_CLOSED quick:slow 0')
  })

  test('that drops its pool terminates the workers', async () => {
    const { code, stdout, stderr } = await outcomeOf(
      `${START}
      const { setTimeout: sleep } = await import('node:timers/promises')
      let forgotten = workers({ idleTimeout: Infinity })
      await forgotten.use((worker) => worker.request(ask('echo', 1)))
      await pool.close()
      console.log(getActiveProcesses().length)
      forgetAll()
      forgotten = undefined
      while (getActiveProcesses().length > 0) {
        globalThis.gc()
        await sleep(10)
      }
    `.replace('{ ask, workers }', '{ ask, forgetAll, workers }'),
      { args: ['--expose-gc'] },
    )
    assert.deepEqual([code, stdout, stderr], [0, '1', ''])
  })

  test("that terminates a thread terminates the thread's workers", async () => {
    const thread = new Thread(
      `const { ProcessPool } = require('./index.js')
       const pool = new ProcessPool({ command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'], minWarm: 2 })
       setInterval(() => {}, 1000)`,
      { eval: true },
    )
    await until(() => getActiveProcesses().length === 2)
    await thread.terminate()
    await until(() => getActiveProcesses().length === 0)
  })
})

test('the cleanup scanner spares workers of any age', { skip: noProcessList }, async () => {
  const pool = workers()
  const used = await pool.acquire()
  const idle = await pool.use((worker) => worker.pid)
  const scanner = new CleanupScanner({ scope: 'tree', maxAge: 1 })
  const found = verdicts(await scanner.cleanupAll())
  for (const pid of [used.pid, idle]) assert.equal(found.get(pid)?.reason, 'kept for the next call')
  assert.equal(await used.request(ask('echo', 1)), 1)
  used.release()
})
