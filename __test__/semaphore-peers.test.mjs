// What users of async-sema and p-queue rely on, as their documentation and tests publish it, in
// terms of ours.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Semaphore } from '../index.js'

/** A function for use() that runs until it is told to finish. */
function task() {
  let finish
  const finished = new Promise((resolve) => {
    finish = resolve
  })
  return { run: () => finished, finish }
}

describe('async-sema', () => {
  test('the number of waiters falls to zero with each release', async () => {
    const sema = new Semaphore(1)
    await sema.acquire()
    const waiting = () => sema.getStatus().queued
    assert.equal(waiting(), 0)
    const waiter = sema.acquire()
    assert.equal(waiting(), 1)
    sema.release()
    assert.equal(waiting(), 0)
    sema.release()
    assert.equal(waiting(), 0)
    await waiter
  })

  test('tryAcquire takes free and released slots', async () => {
    const sema = new Semaphore(2)
    await sema.acquire()
    assert.deepEqual([sema.tryAcquire(), sema.tryAcquire()], [true, false])
    sema.release()
    assert.deepEqual([sema.tryAcquire(), sema.tryAcquire()], [true, false])
  })

  test('draining: after acquiring every slot nothing is in flight', async () => {
    const sema = new Semaphore(3)
    let finished = 0
    const jobs = Array.from({ length: 9 }, () => sema.use(() => turn().then(() => finished++)))
    await Promise.all(Array.from({ length: 3 }, () => sema.acquire()))
    assert.equal(finished, 9)
    await Promise.all(jobs)
  })
})

describe('p-queue', () => {
  test('an abort does not start the next waiter early', async () => {
    const queue = new Semaphore(1)
    const first = task()
    const controller = new AbortController()
    const started = []
    const running = queue.use(first.run)
    const aborted = queue.use(() => started.push('aborted'), { signal: controller.signal })
    const waiting = queue.use(() => started.push('waiting'))
    controller.abort()
    await assert.rejects(aborted, { name: 'AbortError' })
    assert.deepEqual(started, [])
    first.finish()
    await Promise.all([running, waiting])
    assert.deepEqual(started, ['waiting'])
  })

  test('one controller aborts all waiters and later calls with its signal', async () => {
    const queue = new Semaphore(1)
    const first = task()
    const running = queue.use(first.run)
    const controller = new AbortController()
    const { signal } = controller
    const many = ['a', 'b', 'c'].map((name) => queue.use(() => name, { signal }))
    controller.abort()
    many.push(queue.use(() => 'd', { signal }))
    for (const call of many) await assert.rejects(call, { name: 'AbortError' })
    assert.deepEqual(queue.getStatus(), { maxConcurrent: 1, current: 1, queued: 0, available: 0 })
    first.finish()
    await running
  })

  test('the timeout limits the time in the queue, and not the run', async () => {
    const queue = new Semaphore(1, { queueTimeout: 5 })
    const first = task()
    const running = queue.use(first.run)
    await assert.rejects(
      queue.use(() => {}),
      { code: 'ERR_QUEUE_TIMEOUT' },
    )
    assert.equal(queue.getStatus().current, 1)
    first.finish('as if nothing had been')
    assert.equal(await running, 'as if nothing had been')
  })

  test('sync and async functions mix, and the semaphore is idle after failures', async () => {
    const queue = new Semaphore(1)
    const outcomes = await Promise.allSettled([
      queue.use(() => 'sync'),
      queue.use(() => turn('async')),
      queue.use(() => assert.fail('sync')),
      queue.use(() => turn().then(() => assert.fail('async'))),
      queue.use(() => 'last'),
    ])
    assert.deepEqual(
      outcomes.map(({ value, reason }) => value ?? `failed ${reason.message}`),
      ['sync', 'async', 'failed sync', 'failed async', 'last'],
    )
    assert.deepEqual(queue.getStatus(), { maxConcurrent: 1, current: 0, queued: 0, available: 1 })
  })
})
