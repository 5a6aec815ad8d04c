'use strict'

// The tests of waits under the fake timers of a tester. The same file runs in Jest and in Vitest.

const assert = require('node:assert/strict')

const real = { setTimeout, setImmediate, performance: performance.now.bind(performance) }
const TIMED_OUT = { code: 'ERR_QUEUE_TIMEOUT' }
/** Ms that a real wait may take. No measurement, only an end to waiting. */
const LATEST = 10_000

/**
 * @typedef {{ useFakeTimers(settings: object): unknown, useRealTimers(): unknown,
 *   advanceTimersByTime(ms: number): unknown, advanceTimersByTimeAsync(ms: number):
 *   Promise<unknown>, getTimerCount(): number }} Timers
 *   `jest` and `vi` have these functions in common.
 */

/**
 * @param {{ timers: Timers, test(name: string, body: () => Promise<void>, timeout: number): void,
 *   Semaphore: typeof import('../../../index').Semaphore, settings: { options: object,
 *   isLegacy?: boolean, leavesTimeouts?: boolean }, isFaked: boolean }} tester
 *   `leavesTimeouts`: these settings do not fake `setTimeout`; `isFaked`: the timers are fake now
 */
function suite({ timers, test, Semaphore, settings, isFaked }) {
  const { options, isLegacy = false, leavesTimeouts = false } = settings
  const fake = () => void timers.useFakeTimers(options)
  const advance = async (/** @type {number} */ ms) => {
    if (isLegacy) timers.advanceTimersByTime(ms)
    else await timers.advanceTimersByTimeAsync(ms)
    await turn()
  }
  /** Runs a test that begins and ends with real timers. */
  const check = (/** @type {string} */ name, /** @type {() => Promise<void>} */ body) =>
    test(
      name,
      async () => {
        try {
          await body()
        } finally {
          timers.useRealTimers()
        }
      },
      2 * LATEST,
    )

  if (isFaked && !leavesTimeouts)
    check('a waiter under the fake timers from before the package', async () => {
      const waiter = assert.rejects(full(Semaphore).acquire(), TIMED_OUT)
      await advance(60_000)
      await soon(waiter)
    })
  else timers.useRealTimers()

  check('real waiters time out in real time', async () => {
    await timesOutInRealTime(full(Semaphore), 50)
  })

  check('real waiters after fake timers time out in real time', async () => {
    const semaphore = full(Semaphore)
    fake()
    const abandoned = assert.rejects(semaphore.acquire({ timeout: 60_000 }), { code: 'ERR_CLOSED' })
    timers.useRealTimers()
    await timesOutInRealTime(semaphore, 50)
    semaphore.close()
    await abandoned
  })

  check('waiters from before the fake timers time out in real time', async () => {
    const semaphore = full(Semaphore)
    const waiters = [20, 40].map((ms) =>
      assert.rejects(semaphore.acquire({ timeout: ms }), TIMED_OUT),
    )
    fake()
    await soon(Promise.all(waiters))
    assert.equal(semaphore.getStatus().queued, 0)
  })

  if (leavesTimeouts) {
    check('waiters time out in real time, however far the faked clock is', async () => {
      const semaphore = full(Semaphore)
      fake()
      const long = assert.rejects(semaphore.acquire({ timeout: 50_000 }), { code: 'ERR_CLOSED' })
      await advance(3_600_000)
      assert.equal(semaphore.getStatus().queued, 1)
      await timesOutInRealTime(semaphore, 50)
      semaphore.close()
      await long
    })
    return
  }

  check('a waiter times out when the clock is advanced, and not before', async () => {
    const semaphore = full(Semaphore)
    fake()
    let isSettled = false
    const waiter = semaphore.acquire().finally(() => {
      isSettled = true
    })
    waiter.catch(() => {})
    await advance(59_999)
    assert.equal(isSettled, false)
    await advance(1)
    await assert.rejects(waiter, { ...TIMED_OUT, message: 'Semaphore acquire timeout (60s)' })
    assert.equal(semaphore.getStatus().queued, 0)
  })

  check('the clock is advanced synchronously', async () => {
    const semaphore = full(Semaphore)
    fake()
    const waiter = assert.rejects(semaphore.acquire({ timeout: 100 }), TIMED_OUT)
    timers.advanceTimersByTime(100)
    assert.equal(semaphore.getStatus().queued, 0)
    await waiter
  })

  check('a waiter that costs much times out, and those behind get their slots', async () => {
    const semaphore = new Semaphore(2)
    semaphore.tryAcquire()
    fake()
    const heavy = assert.rejects(semaphore.acquire({ cost: 2, timeout: 100 }), TIMED_OUT)
    const light = semaphore.acquire()
    await advance(100)
    await heavy
    await light
    assert.equal(timers.getTimerCount(), 0)
  })

  check('a granted waiter leaves no timer behind', async () => {
    const semaphore = full(Semaphore)
    fake()
    const waiter = semaphore.acquire()
    assert.equal(timers.getTimerCount(), 1)
    semaphore.release()
    await waiter
    await turn()
    assert.equal(timers.getTimerCount(), 0)
    await advance(60_000)
    assert.equal(semaphore.getStatus().current, 1)
  })

  check('timeouts go on while the semaphore is paused', async () => {
    const semaphore = new Semaphore(1)
    semaphore.pause()
    fake()
    const waiter = assert.rejects(semaphore.acquire({ timeout: 100 }), TIMED_OUT)
    await advance(100)
    await waiter
  })

  check('real timers in between, and fake ones again', async () => {
    const semaphore = full(Semaphore)
    fake()
    const first = assert.rejects(semaphore.acquire({ timeout: 100 }), TIMED_OUT)
    await advance(100)
    await first
    timers.useRealTimers()
    await timesOutInRealTime(semaphore, 30)
    fake()
    const last = assert.rejects(semaphore.acquire({ timeout: 100 }), TIMED_OUT)
    await advance(99)
    assert.equal(semaphore.getStatus().queued, 1)
    await advance(1)
    await last
  })

  check('a waiter of the fake clock and a real one', async () => {
    const semaphore = full(Semaphore)
    const long = semaphore.acquire({ timeout: 60_000 })
    fake()
    const short = assert.rejects(semaphore.acquire({ timeout: 100 }), TIMED_OUT)
    await advance(60_000)
    await short
    assert.equal(semaphore.getStatus().queued, 1)
    semaphore.release()
    await long
  })
}

/** Makes a semaphore without a free slot. @param {typeof import('../../../index').Semaphore} Of */
function full(Of) {
  const semaphore = new Of(1)
  semaphore.tryAcquire()
  return semaphore
}

/** @param {import('../../../index').Semaphore} semaphore @param {number} timeout */
async function timesOutInRealTime(semaphore, timeout) {
  const began = real.performance()
  await soon(assert.rejects(semaphore.acquire({ timeout }), TIMED_OUT))
  // Timers of Node.js may fire a millisecond early.
  assert.ok(real.performance() - began >= timeout - 1)
}

/** Settles as the promise does, within a bound of real time. @param {Promise<unknown>} promise */
function soon(promise) {
  return Promise.race([
    promise,
    new Promise((_, reject) => {
      real.setTimeout(() => reject(new Error(`still waiting after ${LATEST} ms`)), LATEST).unref()
    }),
  ])
}

function turn() {
  return new Promise((resolve) => real.setImmediate(resolve))
}

module.exports = { suite }
