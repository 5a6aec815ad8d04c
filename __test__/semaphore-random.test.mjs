import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { Semaphore } from '../index.js'
import { randomFrom } from './fixtures/random.mjs'

const CALLS = 10_000
const LIMIT = 3

/**
 * Counts the runs under way, notes the order of starts, and ends each in a way of its own.
 * @param {() => number} random
 */
function workload(random) {
  const seen = { starts: [], most: 0, running: 0 }
  const job = (index) => {
    seen.starts.push(index)
    seen.most = Math.max(seen.most, ++seen.running)
    const end = (fails) => {
      seen.running--
      if (fails) throw new RangeError(`job ${index}`)
      return index
    }
    const [kind, fails] = [random(), random() < 0.3]
    if (kind < 0.3) return end(fails)
    if (kind < 0.5) return Promise.resolve().then(() => end(fails))
    return (kind < 0.98 ? turn() : sleep(1)).then(() => end(fails))
  }
  return { seen, job }
}

for (const seed of [1, 2_026, 987_654_321])
  test(`${CALLS} calls with random throws, aborts and timeouts, seed ${seed}`, async () => {
    const random = randomFrom(seed)
    const { seen, job } = workload(random)
    const semaphore = new Semaphore(LIMIT)
    const live = []
    const abortSome = (chance) => {
      while (live.length > 0 && random() < chance)
        live.splice(Math.floor(random() * live.length), 1)[0].abort('chance')
    }
    const call = async (index) => {
      const options = random() < 0.3 ? undefined : {}
      if (options && random() < 0.4)
        options.timeout = random() < 0.2 ? Infinity : 1 + Math.floor(random() * 20)
      const controller = options && random() < 0.4 ? new AbortController() : undefined
      if (controller) options.signal = controller.signal
      if (controller && random() < 0.05) controller.abort('before')
      else if (controller) live.push(controller)
      const result = semaphore.use(() => job(index), options)
      abortSome(0.1)
      const outcome = await result.then(
        (value) => (value === index ? 'returned' : `returned ${value}`),
        (error) =>
          error instanceof RangeError && error.message === `job ${index}` ? 'threw' : error.code,
      )
      abortSome(0.2)
      return outcome
    }

    // The slots are taken at first, so that the shortest timeouts do run out.
    for (let slot = 0; slot < LIMIT; slot++) semaphore.tryAcquire()
    const calls = Array.from({ length: 200 }, (_, index) => call(index))
    await sleep(30)
    for (let slot = 0; slot < LIMIT; slot++) semaphore.release()
    while (calls.length < CALLS) {
      const wave = Math.min(CALLS - calls.length, 1 + Math.floor(random() * 40))
      for (let left = wave; left > 0; left--) calls.push(call(calls.length))
      await (random() < 0.1 ? sleep(1) : turn())
    }
    const outcomes = await Promise.all(calls)

    assert.equal(seen.most, LIMIT)
    assert.equal(seen.running, 0)
    assert.deepEqual(
      seen.starts,
      [...outcomes.keys()].filter(
        (index) => outcomes[index] === 'returned' || outcomes[index] === 'threw',
      ),
    )
    assert.deepEqual([...new Set(outcomes)].sort(), [
      'ABORT_ERR',
      'ERR_QUEUE_TIMEOUT',
      'returned',
      'threw',
    ])
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: LIMIT,
      current: 0,
      queued: 0,
      available: LIMIT,
    })
  })
