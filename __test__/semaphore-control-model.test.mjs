// Random operations of all kinds on a semaphore, compared with a plain model after each. Time is
// virtual.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Semaphore } from '../index.js'
import { randomFrom } from './fixtures/random.mjs'

const SEEDS = 50
const STEPS = 400
const CLEARED = new Error('the reason of clear()')

/** The contract in its plainest form: counts, an array, and an outcome for each caller. */
class Model {
  current = 0
  now = 0
  queue = []
  outcomes = new Map()
  granted = []
  isPaused = false
  isClosed = false
  /** The calls of `onIdle()` and `drain()`, and whether they have resolved. */
  idlers = []

  constructor(limit, maxQueue) {
    Object.assign(this, { limit, maxQueue })
  }

  get status() {
    const { limit, current, queue } = this
    const available = Math.max(limit - current, 0)
    return { maxConcurrent: limit, current, queued: queue.length, available }
  }

  get isOpen() {
    return !this.isPaused && !this.isClosed && this.queue.length === 0
  }

  acquire(id, cost, timeout) {
    if (this.isOpen && this.current + cost <= this.limit) this.grant({ id, cost })
    else if (this.isClosed) this.outcomes.set(id, 'ERR_CLOSED')
    else if (cost > this.limit) this.outcomes.set(id, 'ERR_INVALID_CONFIG')
    else if (this.queue.length >= this.maxQueue) this.outcomes.set(id, 'ERR_QUEUE_FULL')
    else this.queue.push({ id, cost, deadline: this.now + timeout })
  }

  tryAcquire() {
    const free = this.isOpen && this.current < this.limit
    if (free) this.current++
    return free
  }

  grant({ id, cost }) {
    this.current += cost
    this.granted.push(id)
    this.outcomes.set(id, 'granted')
  }

  release(cost) {
    this.current -= cost
    this.settle()
  }

  resize(limit) {
    this.limit = limit
    for (const waiter of this.queue.filter(({ cost }) => cost > limit))
      this.reject(waiter, 'ERR_INVALID_CONFIG')
    this.settle()
  }

  /** Passes time: the earliest deadline first. */
  advance(ms) {
    const until = this.now + ms
    for (;;) {
      const due = this.queue.filter(({ deadline }) => deadline <= until)
      if (due.length === 0) break
      const first = due.reduce((one, other) => (other.deadline < one.deadline ? other : one))
      this.reject(first, 'ERR_QUEUE_TIMEOUT')
      this.settle()
    }
    this.now = until
  }

  reject(waiter, outcome) {
    this.queue.splice(this.queue.indexOf(waiter), 1)
    this.outcomes.set(waiter.id, outcome)
  }

  rejectAll(outcome) {
    while (this.queue.length > 0) this.reject(this.queue[0], outcome)
    this.settle()
  }

  settle() {
    while (
      !this.isPaused &&
      this.queue.length > 0 &&
      this.current + this.queue[0].cost <= this.limit
    )
      this.grant(this.queue.shift())
    this.noteIdle()
  }

  noteIdle() {
    if (this.current > 0 || this.queue.length > 0) return
    for (const idler of this.idlers) idler.resolves = true
  }
}

/** The outcomes of all seeds, so that no kind of operation goes untested. */
const seen = new Set()

for (let seed = 1; seed <= SEEDS; seed++)
  test(`${STEPS} random operations agree with the model, seed ${seed}`, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const random = randomFrom(seed)
    const below = (end) => Math.floor(random() * end)
    const maxQueue = random() < 0.2 ? Infinity : below(9)
    const limit = 1 + below(4)
    const semaphore = new Semaphore(limit, { maxQueue })
    const model = new Model(limit, maxQueue)
    const [granted, outcomes, controllers, releases] = [[], new Map(), new Map(), new Map()]
    const idlers = []
    /** Slots without a release function, from tryAcquire(). */
    let bare = 0

    const acquire = (id) => {
      const cost = random() < 0.4 ? 1 : 1 + below(6)
      const timeout = random() < 0.5 ? Infinity : 1 + below(60)
      const controller = random() < 0.3 ? new AbortController() : undefined
      const isPlain = cost === 1 && timeout === Infinity && controller === undefined
      const usual = isPlain && random() < 0.5
      if (controller) controllers.set(id, controller)
      const options = usual ? undefined : { cost, timeout, signal: controller?.signal }
      const settled = (outcome) => outcomes.set(id, outcome)
      const failed = (error) => settled(error === CLEARED ? 'reason' : error.code)
      const held = (release) => {
        granted.push(id)
        settled('granted')
        releases.set(id, { cost, release })
      }
      if (id % 2 === 0) semaphore.acquire(options).then(held, failed)
      else semaphore.use(() => new Promise((resolve) => held(resolve)), options).catch(failed)
      // The default timeout is 60 s, which no seed's clock reaches.
      model.acquire(id, cost, usual ? Infinity : timeout)
    }
    const release = () => {
      const ids = [...releases.keys()]
      if (bare > 0 && random() < 0.5) {
        bare--
        semaphore.release()
        model.release(1)
      } else if (ids.length > 0) {
        const id = ids[below(ids.length)]
        const { cost, release } = releases.get(id)
        releases.delete(id)
        release()
        release()
        return { cost }
      }
    }
    const operations = [
      [35, (step) => acquire(step)],
      [
        6,
        () => {
          const free = semaphore.tryAcquire()
          assert.equal(free, model.tryAcquire())
          if (free) bare++
        },
      ],
      [
        8,
        () => {
          const waiting = model.queue.filter(({ id }) => controllers.has(id))
          if (waiting.length === 0) return
          const waiter = waiting[below(waiting.length)]
          model.reject(waiter, 'ABORT_ERR')
          model.settle()
          controllers.get(waiter.id).abort()
        },
      ],
      [
        25,
        async () => {
          const released = release()
          if (!released) return
          // The end of a use() is noticed in a microtask.
          await turn()
          model.release(released.cost)
        },
      ],
      [
        5,
        () => {
          const maxConcurrent = 1 + below(6)
          semaphore.resize(maxConcurrent)
          model.resize(maxConcurrent)
        },
      ],
      [
        8,
        () => {
          const ms = 1 + below(30)
          t.mock.timers.tick(ms)
          model.advance(ms)
        },
      ],
      [
        3,
        () => {
          semaphore.pause()
          model.isPaused = true
        },
      ],
      [
        6,
        () => {
          semaphore.resume()
          model.isPaused = false
          model.settle()
        },
      ],
      [
        1,
        () => {
          const reason = random() < 0.5 ? CLEARED : undefined
          semaphore.clear(reason)
          model.rejectAll(reason ? 'reason' : 'ERR_CLEARED')
        },
      ],
      [4, () => idle(semaphore.onIdle())],
    ]
    const idle = (promise) => {
      const idler = { resolves: false }
      promise.then(() => (idler.resolves = true))
      idlers.push(idler)
      model.idlers.push({ resolves: false })
      model.noteIdle()
    }
    const agree = async () => {
      await turn()
      assert.deepEqual(semaphore.getStatus(), model.status)
      // A caller of acquire() goes on a microtask later than a function of use() begins.
      for (const kind of [0, 1]) {
        const ofKind = (id) => id % 2 === kind
        assert.deepEqual(granted.filter(ofKind), model.granted.filter(ofKind))
      }
      assert.deepEqual(new Map([...outcomes].sort(byId)), new Map([...model.outcomes].sort(byId)))
      assert.deepEqual(idlers, model.idlers)
    }

    for (let step = 0; step < STEPS; step++) {
      await chosen(operations, random())(step)
      assert.deepEqual(semaphore.getStatus(), model.status)
      if (random() < 0.4) await agree()
    }

    idle(semaphore.drain())
    model.isClosed = true
    acquire(STEPS)
    await agree()
    semaphore.resume()
    model.isPaused = false
    model.settle()
    await agree()
    while (model.current > 0) {
      const released = release()
      await turn()
      if (released) model.release(released.cost)
      await agree()
    }
    assert.ok(idlers.every(({ resolves }) => resolves))
    for (const outcome of outcomes.values()) seen.add(outcome)
  })

test('the seeds have met every outcome', () => {
  assert.deepEqual([...seen].sort(), [
    'ABORT_ERR',
    'ERR_CLEARED',
    'ERR_CLOSED',
    'ERR_INVALID_CONFIG',
    'ERR_QUEUE_FULL',
    'ERR_QUEUE_TIMEOUT',
    'granted',
    'reason',
  ])
})

/**
 * Chooses an operation by its weight.
 * @template T
 * @param {[number, T][]} operations
 * @param {number} chance from 0 to 1
 */
function chosen(operations, chance) {
  let left = chance * operations.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, operation] of operations) {
    left -= weight
    if (left < 0) return operation
  }
  return operations[0][1]
}

function byId([one], [other]) {
  return one - other
}
