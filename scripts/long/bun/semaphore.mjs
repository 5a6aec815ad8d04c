// Limits work with a semaphore: first come first served, a full queue, a timeout.
import assert from 'node:assert/strict'
import { Semaphore } from 'procward'

const semaphore = new Semaphore(2, { maxQueue: 4 })
const releases = [await semaphore.acquire(), await semaphore.acquire()]
const order = []
const waiting = [1, 2, 3, 4].map(async (name) => {
  const release = await semaphore.acquire()
  order.push(name)
  release()
})
await assert.rejects(semaphore.acquire(), { code: 'ERR_QUEUE_FULL' })
assert.deepEqual(semaphore.getStatus(), { maxConcurrent: 2, current: 2, queued: 4, available: 0 })
for (const release of releases) release()
await Promise.all(waiting)
assert.deepEqual(order, [1, 2, 3, 4])

const only = new Semaphore(1)
await only.acquire()
await assert.rejects(only.acquire({ timeout: 1 }), { code: 'ERR_QUEUE_TIMEOUT' })
