import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Semaphore } from '../index.js'
import { randomFrom } from './fixtures/random.mjs'

const STEPS = 3_000

/** The contract in its plainest form: a count and an array. */
class Model {
  current = 0
  queue = []
  granted = []

  constructor(limit) {
    this.limit = limit
  }

  get status() {
    const available = Math.max(this.limit - this.current, 0)
    return {
      maxConcurrent: this.limit,
      current: this.current,
      queued: this.queue.length,
      available,
    }
  }

  admit() {
    while (this.current < this.limit && this.queue.length > 0) {
      this.current++
      this.granted.push(this.queue.shift())
    }
  }

  acquire(id, maxQueue) {
    if (this.current >= this.limit && this.queue.length >= maxQueue) return false
    this.queue.push(id)
    this.admit()
    return true
  }

  tryAcquire() {
    const free = this.current < this.limit
    if (free) this.current++
    return free
  }

  release() {
    this.current--
    this.admit()
  }
}

for (const seed of [3, 77, 4_096])
  test(`${STEPS} random operations agree with a plain model after each, seed ${seed}`, async () => {
    const random = randomFrom(seed)
    const below = (end) => Math.floor(random() * end)
    const maxQueue = 1 + below(12)
    const semaphore = new Semaphore(2, { maxQueue })
    const model = new Model(2)
    const [granted, aborted, refused] = [[], [], []]
    const expected = { aborted: [], refused: [] }
    const controllers = new Map()
    const calls = []

    const acquire = (id) => {
      const controller = random() < 0.5 ? new AbortController() : undefined
      if (controller) controllers.set(id, controller)
      const options = controller
        ? { signal: controller.signal }
        : random() < 0.5
          ? { timeout: Infinity }
          : undefined
      const call = semaphore.acquire(options)
      calls.push(
        call.then(
          () => granted.push(id),
          ({ code }) => (code === 'ABORT_ERR' ? aborted : refused).push(id),
        ),
      )
      if (!model.acquire(id, maxQueue)) expected.refused.push(id)
    }
    const abort = () => {
      const waiting = model.queue.filter((id) => controllers.has(id))
      if (waiting.length === 0) return
      const id = waiting[below(waiting.length)]
      model.queue.splice(model.queue.indexOf(id), 1)
      expected.aborted.push(id)
      controllers.get(id).abort()
    }
    const release = () => {
      if (model.current === 0)
        return assert.throws(() => semaphore.release(), { code: 'ERR_NOT_ACQUIRED' })
      model.release()
      semaphore.release()
    }
    const resize = () => {
      model.limit = 1 + below(5)
      model.admit()
      semaphore.resize(model.limit)
    }

    for (let step = 0; step < STEPS; step++) {
      const choice = random()
      if (choice < 0.4) acquire(step)
      else if (choice < 0.45) assert.equal(semaphore.tryAcquire(), model.tryAcquire())
      else if (choice < 0.55) abort()
      else if (choice < 0.9) release()
      else resize()
      assert.deepEqual(semaphore.getStatus(), model.status)
      if (random() < 0.3) await turn()
    }

    while (model.queue.length > 0) release()
    await Promise.all(calls)
    assert.deepEqual({ granted, aborted, refused }, { granted: model.granted, ...expected })
    assert.ok(granted.length > 0 && aborted.length > 0 && refused.length > 0)
  })
