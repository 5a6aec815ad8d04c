import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { Semaphore } from '../index.js'
import { realTimers } from '../lib/deadline-timer.js'
import { collectUntil } from './support/garbage.mjs'

const { waitQueueCreate, waitQueueFree } = createRequire(import.meta.url)('../binding.js')

/**
 * The highest of the handles that `count` more semaphores would get: those given back are used
 * first, in no order.
 */
function highestOf(count) {
  const handles = Array.from({ length: count }, waitQueueCreate)
  for (const handle of handles) waitQueueFree(handle)
  return Math.max(...handles)
}

test('an unreferenced semaphore frees its native part', async () => {
  const count = 10_000
  const before = highestOf(1)
  for (let made = 0; made < count; made++) new Semaphore().tryAcquire()
  assert.ok(highestOf(1) >= before + count / 2, 'the handle tells how many there are')
  assert.ok(await collectUntil(() => highestOf(count) < before + count + 100))
})

test('a semaphore with a waiter stays until the waiter is settled', async () => {
  const waiter = (() => {
    const semaphore = new Semaphore(1)
    semaphore.tryAcquire()
    return semaphore.acquire({ timeout: 50 })
  })()
  const rejected = assert.rejects(waiter, { code: 'ERR_QUEUE_TIMEOUT' })
  await collectUntil(() => false)
  await rejected
})

test('a signal that only the waiter references still aborts it', async () => {
  const semaphore = new Semaphore(1)
  semaphore.tryAcquire()
  const rejected = assert.rejects(semaphore.acquire({ signal: AbortSignal.timeout(50) }), {
    code: 'ABORT_ERR',
  })
  await collectUntil(() => false)
  await rejected
})

test('the release function alone keeps its semaphore', async () => {
  const [release, reference] = await (async () => {
    const semaphore = new Semaphore(1)
    return [await semaphore.acquire(), new WeakRef(semaphore)]
  })()
  assert.equal(await collectUntil(() => reference.deref() === undefined), false)
  release()
  assert.equal(reference.deref()?.getStatus().current, 0)
})

for (const queueTimeout of [60_000, Infinity])
  test(`a waiter's timeout of ${queueTimeout} keeps an idle semaphore for a minute at most`, async (t) => {
    // The timer of deadlines is real under fake timers too.
    let elapse
    t.mock.method(realTimers, 'setTimeout', (callback) => {
      elapse = callback
      return { ref() {}, unref() {} }
    })
    const reference = await (async () => {
      const semaphore = new Semaphore(1, { queueTimeout })
      const release = await semaphore.acquire()
      const waiter = semaphore.acquire()
      release()
      await waiter.then((next) => next())
      return new WeakRef(semaphore)
    })()
    elapse()
    elapse = undefined
    t.mock.reset()
    assert.ok(await collectUntil(() => reference.deref() === undefined))
  })
