// What users of p-limit rely on, as its documentation and tests publish it, in terms of ours.

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Semaphore } from '../index.js'

test('results stand in the order of the calls, however long each took', async () => {
  const limit = new Semaphore(3)
  const inputs = [4, 3, 2, 1, 0]
  const calls = inputs.map((turns, index) =>
    limit.use(async () => {
      for (let left = turns; left > 0; left--) await turn()
      return index * 10
    }),
  )
  assert.deepEqual(await Promise.all(calls), [0, 10, 20, 30, 40])
})

test('a function never runs within the call to use()', async () => {
  const limit = new Semaphore(3)
  let value = 'at the call'
  const calls = [undefined, { timeout: 1000 }].map((options) => limit.use(() => value, options))
  assert.equal(limit.getStatus().current, 2, 'yet its slot is counted at once')
  value = 'later'
  assert.deepEqual(await Promise.all(calls), ['later', 'later'])
})

test('a function that throws at once rejects, and the next one runs', async () => {
  const limit = new Semaphore(1)
  const error = new Error('sync')
  const thrower = limit.use(() => {
    throw error
  })
  const next = limit.use(() => 'ran')
  await assert.rejects(thrower, error)
  assert.equal(await next, 'ran')
})

test('an error reaches its own caller only', async () => {
  const limit = new Semaphore(1)
  const error = new Error('second')
  const calls = [
    limit.use(turn),
    limit.use(() => turn().then(() => Promise.reject(error))),
    limit.use(turn),
  ]
  const outcomes = await Promise.allSettled(calls)
  assert.deepEqual(
    outcomes.map((outcome) => outcome.reason),
    [undefined, error, undefined],
  )
})

test('active and pending counts follow each call', async () => {
  const limit = new Semaphore(5)
  const gates = []
  const calls = Array.from({ length: 8 }, (_, index) =>
    limit.use(() => new Promise((open) => gates.push(() => open(index)))),
  )
  const counts = () => [limit.getStatus().current, limit.getStatus().queued]
  assert.deepEqual(counts(), [5, 3])
  await turn()
  for (const open of gates.splice(0)) open()
  await Promise.all(calls.slice(0, 5))
  assert.deepEqual(counts(), [3, 0])
  for (const open of gates) open()
  await Promise.all(calls)
  assert.deepEqual(counts(), [0, 0])
})

test('a new limit, higher or lower, holds for all later starts', async () => {
  for (const [before, after, expected] of [
    [4, 2, [1, 2, 3, 4, 2, 2, 2, 2, 2, 2]],
    [2, 4, [1, 2, 3, 4, 4, 4, 4, 4, 4, 4]],
  ]) {
    const limit = new Semaphore(before)
    const atStart = []
    let running = 0
    const job = async () => {
      atStart.push(++running)
      for (let left = 3; left > 0; left--) await turn()
      running--
    }
    const calls = Array.from({ length: 10 }, () => limit.use(job))
    await turn()
    limit.resize(after)
    await Promise.all(calls)
    assert.deepEqual(atStart, expected)
  }
})

test('each function keeps the async context of its call', async () => {
  const storage = new AsyncLocalStorage()
  const limit = new Semaphore(2)
  const idAfterAwait = async () => {
    await null
    return storage.getStore()
  }
  const ids = Array.from({ length: 100 }, (_, id) => id)
  assert.deepEqual(
    await Promise.all(ids.map((id) => storage.run(id, () => limit.use(idAfterAwait)))),
    ids,
  )
})
