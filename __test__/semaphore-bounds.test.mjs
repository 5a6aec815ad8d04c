import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Semaphore } from '../index.js'

/** @param {ConstructorParameters<typeof Semaphore>[1]} [options] */
function fullSemaphore(options) {
  const semaphore = new Semaphore(1, options)
  semaphore.tryAcquire()
  return semaphore
}

describe('maxQueue', () => {
  const FULL = {
    name: 'Error',
    code: 'ERR_QUEUE_FULL',
    message: /^Semaphore queue is full \(2 waiting\).*maxQueue/,
  }

  test('refuses only the excess call, and at once', async () => {
    const semaphore = fullSemaphore({ maxQueue: 2 })
    const waiters = [semaphore.acquire(), semaphore.acquire()]
    let ran = false
    await assert.rejects(semaphore.acquire(), FULL)
    await assert.rejects(semaphore.acquire({ timeout: 1 }), FULL)
    await assert.rejects(
      semaphore.use(() => (ran = true)),
      FULL,
    )
    assert.equal(ran, false)
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 1,
      current: 1,
      queued: 2,
      available: 0,
    })
    for (const waiter of waiters) {
      semaphore.release()
      await waiter
    }
  })

  test('bounds the waiters only: free slots are granted as before', async () => {
    const semaphore = new Semaphore(2, { maxQueue: 1 })
    await Promise.all([semaphore.acquire(), semaphore.acquire({})])
    const waiter = semaphore.acquire()
    await assert.rejects(semaphore.acquire(), { code: 'ERR_QUEUE_FULL' })
    semaphore.release()
    await waiter
  })

  const departures = {
    'is granted': (semaphore) => semaphore.release(),
    'is aborted': (_, controller) => controller.abort(),
    'is let in by resize': (semaphore) => semaphore.resize(2),
    'times out': () => {},
  }
  for (const [departure, leave] of Object.entries(departures))
    test(`accepts a waiter again when a waiter ${departure}`, async () => {
      const semaphore = fullSemaphore({ maxQueue: 1 })
      const controller = new AbortController()
      const timeout = departure === 'times out' ? 5 : 10_000
      const first = semaphore.acquire({ signal: controller.signal, timeout })
      await assert.rejects(semaphore.acquire(), { code: 'ERR_QUEUE_FULL' })
      leave(semaphore, controller)
      await Promise.allSettled([first])
      const second = semaphore.acquire()
      assert.equal(semaphore.getStatus().queued, 1)
      semaphore.release()
      await second
    })
})

describe('close', () => {
  const CLOSED = { name: 'Error', code: 'ERR_CLOSED', message: 'Semaphore is closed' }

  test('rejects every waiter in order, and all later calls', async () => {
    const semaphore = fullSemaphore()
    const order = []
    let ran = false
    const { signal } = new AbortController()
    const waiters = [
      semaphore.acquire(),
      semaphore.acquire({ timeout: Infinity }),
      semaphore.use(() => (ran = true)),
      semaphore.acquire(),
    ].map((waiter, index) => assert.rejects(waiter, CLOSED).then(() => order.push(index)))
    semaphore.close()
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 1,
      current: 1,
      queued: 0,
      available: 0,
    })
    await Promise.all(waiters)
    assert.deepEqual(order, [0, 1, 2, 3])
    for (const options of [undefined, {}, { timeout: 5 }, { signal }]) {
      await assert.rejects(semaphore.acquire(options), CLOSED)
      await assert.rejects(
        semaphore.use(() => (ran = true), options),
        CLOSED,
      )
    }
    assert.equal(ran, false)
  })

  test('held slots are released, and not granted again', async () => {
    const semaphore = new Semaphore(2)
    let finish
    const running = semaphore.use(() => new Promise((resolve) => (finish = resolve)))
    const release = await semaphore.acquire()
    semaphore.close()
    assert.equal(semaphore.getStatus().current, 2)
    release()
    assert.equal(semaphore.getStatus().current, 1)
    assert.equal(semaphore.tryAcquire(), false)
    finish('drained')
    assert.equal(await running, 'drained')
    assert.equal(semaphore.getStatus().current, 0)
    assert.throws(() => semaphore.release(), { code: 'ERR_NOT_ACQUIRED' })
    await assert.rejects(semaphore.acquire(), CLOSED)
  })

  test('has no effect the second time, and resize does not reopen the semaphore', async () => {
    const semaphore = new Semaphore(1)
    semaphore.close()
    semaphore.close()
    semaphore.resize(5)
    assert.equal(semaphore.tryAcquire(), false)
    await assert.rejects(semaphore.acquire(), CLOSED)
  })

  test('an aborted signal takes precedence over a closed semaphore', async () => {
    const semaphore = new Semaphore(1)
    semaphore.close()
    await assert.rejects(semaphore.acquire({ signal: AbortSignal.abort() }), { code: 'ABORT_ERR' })
  })
})

describe('a hundred thousand waiters', () => {
  const COUNT = 100_000

  /**
   * How many waiters ended with which code.
   * @param {Semaphore} semaphore
   * @param {() => void} [end]
   */
  async function outcomesOf(semaphore, end) {
    const waiters = Array.from({ length: COUNT }, () => semaphore.acquire())
    assert.equal(semaphore.getStatus().queued, COUNT)
    const outcomes = Promise.allSettled(waiters)
    end?.()
    const codes = new Map()
    for (const { reason } of await outcomes)
      codes.set(reason?.code, (codes.get(reason?.code) ?? 0) + 1)
    return Object.fromEntries(codes)
  }

  test('are all rejected by close()', async () => {
    const semaphore = fullSemaphore()
    assert.deepEqual(await outcomesOf(semaphore, () => semaphore.close()), { ERR_CLOSED: COUNT })
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 1,
      current: 1,
      queued: 0,
      available: 0,
    })
  })

  test('all time out, and leave the slot usable', async () => {
    const semaphore = fullSemaphore({ queueTimeout: 10 })
    assert.deepEqual(await outcomesOf(semaphore), { ERR_QUEUE_TIMEOUT: COUNT })
    semaphore.release()
    assert.equal(await semaphore.use(() => 'still works'), 'still works')
  })

  test('are all granted a slot by resize()', async () => {
    const semaphore = fullSemaphore()
    assert.deepEqual(await outcomesOf(semaphore, () => semaphore.resize(COUNT + 1)), {
      undefined: COUNT,
    })
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: COUNT + 1,
      current: COUNT + 1,
      queued: 0,
      available: 0,
    })
  })
})
