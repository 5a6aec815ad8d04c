// Bugs that other queues had, by the thread that reported each. Ours must not have them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Semaphore } from '../index.js'

const IDLE = { maxConcurrent: 1, current: 0, queued: 0, available: 1 }

/** Runs until its signal is aborted, as a fetch would. @param {AbortSignal} signal */
const untilAborted = (signal) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })

test('p-queue#168: aborting the running and the waiting call at the same time does not hang the queue', async () => {
  for (const [first, second] of [
    [0, 1],
    [1, 0],
  ]) {
    const queue = new Semaphore(1)
    const controllers = [new AbortController(), new AbortController()]
    const started = []
    const calls = controllers.map(({ signal }, index) =>
      queue.use(
        () => {
          started.push(index)
          return untilAborted(signal)
        },
        { signal },
      ),
    )
    const outcomes = Promise.allSettled(calls)
    await turn()
    controllers[first].abort('stop')
    controllers[second].abort('stop')
    const [running, waiting] = await outcomes
    assert.equal(running.reason, 'stop')
    assert.equal(waiting.reason.code, 'ABORT_ERR')
    assert.deepEqual(started, [0])
    assert.deepEqual(queue.getStatus(), IDLE)
    assert.equal(await queue.use(() => 'unblocked'), 'unblocked')
  }
})

test('p-queue#168: also when both share one signal', async () => {
  const queue = new Semaphore(1)
  const controller = new AbortController()
  const { signal } = controller
  const calls = Array.from({ length: 3 }, () => queue.use(() => untilAborted(signal), { signal }))
  const outcomes = Promise.allSettled(calls)
  await turn()
  controller.abort('stop')
  assert.deepEqual(
    (await outcomes).map(({ reason }) => reason.code ?? reason),
    ['stop', 'ABORT_ERR', 'ABORT_ERR'],
  )
  assert.deepEqual(queue.getStatus(), IDLE)
})

test('p-queue#219: aborted calls leave the queue at once and do not delay the one behind them', async () => {
  const queue = new Semaphore(1, { maxQueue: 11 })
  const release = await queue.acquire()
  const controller = new AbortController()
  const started = []
  const aborted = Array.from({ length: 10 }, (_, index) =>
    queue.use(() => started.push(index), { signal: controller.signal }),
  )
  const behind = queue.use(() => started.push('behind'))
  const outcomes = Promise.allSettled(aborted)
  assert.equal(queue.getStatus().queued, 11)
  controller.abort()
  assert.equal(queue.getStatus().queued, 1)
  const inTheirPlace = Array.from({ length: 10 }, () => queue.use(() => {}))
  release()
  await behind
  assert.deepEqual(started, ['behind'])
  for (const { reason } of await outcomes) assert.equal(reason.code, 'ABORT_ERR')
  await Promise.all(inTheirPlace)
  assert.deepEqual(queue.getStatus(), IDLE)
})

test('p-queue#241: a call that is already aborted rejects although every slot is taken, and does not wait', async () => {
  const queue = new Semaphore(1)
  const release = await queue.acquire()
  const signal = AbortSignal.abort('before')
  const calls = [queue.acquire({ signal }), queue.use(() => {}, { signal, timeout: Infinity })]
  assert.equal(queue.getStatus().queued, 0)
  for (const call of calls) await assert.rejects(call, { name: 'AbortError', cause: 'before' })
  release()
  assert.deepEqual(queue.getStatus(), IDLE)
})

test('bottleneck#152: a bounded queue that fills and expires over and over is never left full with nothing running', async () => {
  const queue = new Semaphore(2, { maxQueue: 32 })
  for (let burst = 0; burst < 30; burst++) {
    const slots = await Promise.all([queue.acquire(), queue.acquire()])
    const calls = Array.from({ length: 40 }, (_, call) =>
      queue
        .use(() => turn(), { timeout: call % 2 ? 1 : Infinity })
        .then(
          () => 'ran',
          (error) => error.code,
        ),
    )
    assert.equal(queue.getStatus().queued, 32)
    await Promise.all(calls.filter((_, call) => call % 2))
    for (const release of slots) release()
    const outcomes = await Promise.all(calls)
    for (const [call, outcome] of outcomes.entries())
      assert.equal(outcome, call >= 32 ? 'ERR_QUEUE_FULL' : call % 2 ? 'ERR_QUEUE_TIMEOUT' : 'ran')
    assert.deepEqual(queue.getStatus(), { maxConcurrent: 2, current: 0, queued: 0, available: 2 })
  }
})

test('cockatiel#114: an aborted waiter does not stall those behind it when a slot comes free', async () => {
  const queue = new Semaphore(1)
  const release = await queue.acquire()
  const controller = new AbortController()
  const aborted = queue.use(() => 'never', { signal: controller.signal })
  const behind = [queue.use(() => 'first behind'), queue.use(() => 'second behind')]
  controller.abort()
  await assert.rejects(aborted, { code: 'ABORT_ERR' })
  release()
  assert.deepEqual(await Promise.all(behind), ['first behind', 'second behind'])
  assert.deepEqual(queue.getStatus(), IDLE)
})

test('cockatiel#114: also when the abort and the release come in one tick, in either order', async () => {
  for (const order of ['abort, release', 'release, abort']) {
    const queue = new Semaphore(1)
    const release = await queue.acquire()
    const controller = new AbortController()
    const outcomes = Promise.allSettled([
      queue.use(() => 'ran', { signal: controller.signal }),
      queue.use(() => 'behind'),
    ])
    for (const step of order.split(', ')) step === 'abort' ? controller.abort() : release()
    assert.equal((await outcomes)[1].value, 'behind')
    assert.deepEqual(queue.getStatus(), IDLE)
  }
})

test('async-sema: releasing twice does not raise the limit', async () => {
  const queue = new Semaphore(1)
  const release = await queue.acquire()
  release()
  for (let again = 0; again < 2; again++) {
    release()
    assert.throws(() => queue.release(), { code: 'ERR_NOT_ACQUIRED' })
  }
  let running = 0
  const together = await Promise.all(
    Array.from({ length: 5 }, () =>
      queue.use(async () => {
        const seen = ++running
        await turn()
        running--
        return seen
      }),
    ),
  )
  assert.deepEqual(together, [1, 1, 1, 1, 1])
  assert.deepEqual(queue.getStatus(), IDLE)
})
