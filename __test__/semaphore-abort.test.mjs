import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Semaphore } from '../index.js'

const ABORTED = { name: 'AbortError', code: 'ABORT_ERR' }

/** @param {number} [limit] @param {ConstructorParameters<typeof Semaphore>[1]} [options] */
function fullSemaphore(limit = 1, options) {
  const semaphore = new Semaphore(limit, options)
  while (semaphore.tryAcquire());
  return semaphore
}

/** @param {AbortSignal} signal */
const listeners = (signal) => getEventListeners(signal, 'abort').length

describe('the error is the usual AbortError with the reason as cause', () => {
  const reasons = [
    new Error('shutdown'),
    new RangeError('other'),
    'text',
    '',
    0,
    false,
    null,
    { why: 'object' },
  ]
  for (const reason of reasons)
    test(String(reason) || 'empty text', async () => {
      const semaphore = fullSemaphore()
      const controller = new AbortController()
      const waiters = [
        semaphore.acquire({ signal: controller.signal }),
        semaphore.use(() => {}, { signal: controller.signal }),
      ]
      controller.abort(reason)
      waiters.push(semaphore.acquire({ signal: controller.signal }))
      for (const outcome of await Promise.allSettled(waiters)) {
        assert.ok(outcome.reason instanceof Error)
        assert.deepEqual({ name: outcome.reason.name, code: outcome.reason.code }, ABORTED)
        assert.ok('cause' in outcome.reason)
        assert.equal(outcome.reason.cause, reason)
      }
    })

  test("without a reason, the cause is the signal's default", async () => {
    const signal = AbortSignal.abort()
    await assert.rejects(new Semaphore().acquire({ signal }), { ...ABORTED, cause: signal.reason })
  })

  test('a signal of AbortSignal.timeout or .any works as well', async () => {
    const semaphore = fullSemaphore()
    const timeout = AbortSignal.timeout(10)
    const expired = await semaphore.acquire({ signal: timeout }).catch((error) => error)
    assert.deepEqual([expired.code, expired.cause.name], ['ABORT_ERR', 'TimeoutError'])
    assert.equal(expired.cause, timeout.reason)
    const controller = new AbortController()
    const waiter = semaphore.acquire({
      signal: AbortSignal.any([controller.signal, new AbortController().signal]),
    })
    controller.abort('any')
    await assert.rejects(waiter, { ...ABORTED, cause: 'any' })
  })
})

describe('a call is aborted', () => {
  test('before the call: rejects at once, although a slot is free, and takes no slot', async () => {
    const semaphore = new Semaphore(1)
    let ran = false
    const signal = AbortSignal.abort()
    await assert.rejects(semaphore.acquire({ signal }), ABORTED)
    await assert.rejects(
      semaphore.use(() => (ran = true), { signal }),
      ABORTED,
    )
    assert.equal(ran, false)
    assert.equal(listeners(signal), 0)
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 1,
      current: 0,
      queued: 0,
      available: 1,
    })
  })

  test('in the queue: leaves it within abort(), and the others keep their order', async () => {
    const semaphore = fullSemaphore()
    const controllers = Array.from({ length: 6 }, () => new AbortController())
    const order = []
    const calls = controllers.map(({ signal }, index) =>
      semaphore.use(() => order.push(index), { signal }),
    )
    const outcomes = Promise.allSettled(calls)
    for (const index of [0, 3, 5]) controllers[index].abort()
    assert.equal(semaphore.getStatus().queued, 3)
    semaphore.release()
    const statuses = (await outcomes).map((outcome) => outcome.reason?.code ?? 'ran')
    assert.deepEqual(statuses, ['ABORT_ERR', 'ran', 'ran', 'ABORT_ERR', 'ran', 'ABORT_ERR'])
    assert.deepEqual(order, [1, 2, 4])
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 1,
      current: 0,
      queued: 0,
      available: 1,
    })
  })

  test('after its grant: nothing changes, because the running function handles the signal', async () => {
    const semaphore = new Semaphore(1)
    const controller = new AbortController()
    const result = semaphore.use(
      async () => {
        controller.abort()
        await turn()
        return semaphore.getStatus().current
      },
      { signal: controller.signal },
    )
    assert.equal(await result, 1)
    assert.equal(semaphore.getStatus().current, 0)
  })

  test('with a timeout: the first of both settles it', async () => {
    const semaphore = fullSemaphore()
    const controller = new AbortController()
    const hasty = semaphore.acquire({ timeout: 5, signal: controller.signal })
    const patient = semaphore.acquire({ timeout: 10_000, signal: controller.signal })
    await assert.rejects(hasty, { code: 'ERR_QUEUE_TIMEOUT' })
    controller.abort()
    await assert.rejects(patient, ABORTED)
    assert.equal(semaphore.getStatus().queued, 0)
  })
})

describe('an abort before the grant is taken up neither passes on the slot nor loses it', () => {
  for (const way of [
    'a release just before abort()',
    "an earlier listener's release within abort()",
  ])
    test(way, async () => {
      const semaphore = fullSemaphore()
      const controller = new AbortController()
      if (way.startsWith('an earlier'))
        controller.signal.addEventListener('abort', () => semaphore.release())
      let ran = false
      const outcomes = Promise.allSettled([
        semaphore.use(() => (ran = true), { signal: controller.signal }),
        semaphore.use(() => 'behind it'),
      ])
      if (way.startsWith('a release')) semaphore.release()
      controller.abort()
      const [aborted, behind] = await outcomes
      assert.deepEqual(semaphore.getStatus(), {
        maxConcurrent: 1,
        current: 0,
        queued: 0,
        available: 1,
      })
      assert.equal(behind.value, 'behind it')
      assert.equal(aborted.reason?.code, 'ABORT_ERR')
      assert.equal(ran, false)
    })
})

test('aborting a refused call, at once or later, leaves the waiters alone', async () => {
  const full = fullSemaphore(1, { maxQueue: 1 })
  const closed = fullSemaphore()
  closed.close()
  const waiter = full.acquire()
  for (const semaphore of [full, closed]) {
    const controller = new AbortController()
    const refused = semaphore.acquire({ signal: controller.signal })
    assert.equal(listeners(controller.signal), 0)
    controller.abort()
    const code = semaphore === full ? 'ERR_QUEUE_FULL' : 'ERR_CLOSED'
    await assert.rejects(refused, { code })
  }
  assert.equal(full.getStatus().queued, 1)
  full.release()
  const release = await waiter
  release()
})

describe('the abort listener is removed when the wait ends', () => {
  const endings = {
    granted: (semaphore) => semaphore.release(),
    'granted by resize': (semaphore) => semaphore.resize(2),
    closed: (semaphore) => semaphore.close(),
    aborted: (_, controller) => controller.abort(),
    'timed out': () => {},
  }
  for (const [ending, end] of Object.entries(endings))
    test(ending, async () => {
      const semaphore = fullSemaphore()
      const controller = new AbortController()
      const timeout = ending === 'timed out' ? 5 : 10_000
      const waiter = semaphore.acquire({ signal: controller.signal, timeout })
      assert.equal(listeners(controller.signal), 1)
      end(semaphore, controller)
      await Promise.allSettled([waiter])
      assert.equal(listeners(controller.signal), 0)
    })

  test('after the last waiter with that signal, because they share one listener', async () => {
    const semaphore = fullSemaphore()
    const controller = new AbortController()
    const { signal } = controller
    const rejected = []
    const waiters = Array.from({ length: 1000 }, (_, index) =>
      semaphore.acquire({ signal }).catch(() => rejected.push(index)),
    )
    assert.equal(listeners(signal), 1)
    for (let granted = 0; granted < 10; granted++) semaphore.release()
    await waiters[9]
    assert.equal(listeners(signal), 1)
    controller.abort()
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 1,
      current: 1,
      queued: 0,
      available: 0,
    })
    await Promise.all(waiters)
    assert.deepEqual(
      rejected,
      [...waiters.keys()].filter((index) => index >= 10),
    )
    assert.equal(listeners(signal), 0)
  })

  test('and a signal used again gets a new listener', async () => {
    const semaphore = fullSemaphore()
    const controller = new AbortController()
    const { signal } = controller
    const first = semaphore.acquire({ signal })
    semaphore.release()
    await first
    assert.equal(listeners(signal), 0)
    const second = semaphore.acquire({ signal })
    assert.equal(listeners(signal), 1)
    controller.abort()
    await assert.rejects(second, ABORTED)
  })

  test('and a free slot needs no listener', async () => {
    const { signal } = new AbortController()
    await new Semaphore().acquire({ signal })
    assert.equal(listeners(signal), 0)
  })
})
