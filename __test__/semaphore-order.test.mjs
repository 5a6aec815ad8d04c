import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Semaphore } from '../index.js'

const WAYS = { plain: undefined, 'with a timeout': { timeout: 10_000 }, 'with a signal': {} }

/** The options for one way to ask, a fresh signal each time. @param {string} way */
const optionsOf = (way) =>
  way === 'with a signal' ? { signal: new AbortController().signal } : WAYS[way]

describe('first come, first served', () => {
  test('a hundred waiters start in the order of their calls', async () => {
    const semaphore = new Semaphore(3)
    const started = []
    const calls = Array.from({ length: 100 }, (_, index) =>
      semaphore.use(async () => {
        started.push(index)
        for (let turns = index % 4; turns > 0; turns--) await turn()
      }),
    )
    await Promise.all(calls)
    assert.deepEqual(
      started,
      calls.map((_, index) => index),
    )
  })

  test('a call after a release stays behind earlier waiters', async () => {
    const semaphore = new Semaphore(1)
    semaphore.tryAcquire()
    const order = []
    const early = semaphore.acquire().then(() => order.push('early'))
    semaphore.release()
    const late = semaphore.acquire().then(() => order.push('late'))
    assert.equal(semaphore.getStatus().queued, 1)
    await early
    semaphore.release()
    await late
    assert.deepEqual(order, ['early', 'late'])
  })

  test('async contexts are those of the callers, not of the releasing code', async () => {
    const storage = new AsyncLocalStorage()
    const semaphore = new Semaphore(1)
    const release = await semaphore.acquire()
    const calls = ['a', 'b', 'c'].map((id) =>
      storage.run(id, () => semaphore.use(() => storage.getStore(), optionsOf('with a signal'))),
    )
    storage.run('releaser', release)
    assert.deepEqual(await Promise.all(calls), ['a', 'b', 'c'])
  })
})

describe('slots granted in one tick are taken up in that order, for any kind of call', () => {
  for (const first of Object.keys(WAYS))
    for (const second of Object.keys(WAYS)) {
      const pair = `${first}, then ${second}`

      test(`free slots: ${pair}`, async () => {
        const semaphore = new Semaphore(2)
        const started = []
        const calls = [first, second].map((way, index) =>
          semaphore.use(() => started.push(index), optionsOf(way)),
        )
        await Promise.all(calls)
        assert.deepEqual(started, [0, 1])
      })

      test(`waiters granted together by resize: ${pair}`, async () => {
        const semaphore = new Semaphore(1)
        semaphore.tryAcquire()
        const started = []
        const calls = [first, second].map((way, index) =>
          semaphore.use(() => started.push(index), optionsOf(way)),
        )
        semaphore.resize(3)
        await Promise.all(calls)
        assert.deepEqual(started, [0, 1])
      })

      test(`a waiter and then a newcomer: ${pair}`, async () => {
        const semaphore = new Semaphore(2)
        semaphore.tryAcquire()
        semaphore.tryAcquire()
        const started = []
        const waiter = semaphore.acquire(optionsOf(first)).then(() => started.push('waiter'))
        semaphore.release()
        semaphore.release()
        const newcomer = semaphore.acquire(optionsOf(second)).then(() => started.push('newcomer'))
        await Promise.all([waiter, newcomer])
        assert.deepEqual(started, ['waiter', 'newcomer'])
      })
    }
})

describe('resize', () => {
  test('growing grants slots to as many waiters as fit, in order', async () => {
    const semaphore = new Semaphore(1)
    semaphore.tryAcquire()
    const order = []
    const waiters = ['a', 'b', 'c'].map((name) => semaphore.acquire().then(() => order.push(name)))
    semaphore.resize(3)
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 3,
      current: 3,
      queued: 1,
      available: 0,
    })
    await turn()
    assert.deepEqual(order, ['a', 'b'])
    semaphore.release()
    await Promise.all(waiters)
    assert.deepEqual(order, ['a', 'b', 'c'])
  })

  test('shrinking revokes no slot and grants none until enough are released', async () => {
    const semaphore = new Semaphore(3)
    for (let slot = 0; slot < 3; slot++) semaphore.tryAcquire()
    const waiter = semaphore.acquire()
    semaphore.resize(1)
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 1,
      current: 3,
      queued: 1,
      available: 0,
    })
    semaphore.release()
    semaphore.release()
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 1,
      current: 1,
      queued: 1,
      available: 0,
    })
    semaphore.release()
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 1,
      current: 1,
      queued: 0,
      available: 0,
    })
    const release = await waiter
    release()
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 1,
      current: 0,
      queued: 0,
      available: 1,
    })
  })

  test('shrinking while idle counts at once', () => {
    const semaphore = new Semaphore(5)
    semaphore.resize(1)
    assert.deepEqual([semaphore.tryAcquire(), semaphore.tryAcquire()], [true, false])
  })
})
