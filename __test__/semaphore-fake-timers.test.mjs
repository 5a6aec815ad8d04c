// Waits for a slot under the fake timers of a test: node:test, and a clock like Sinon's.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Semaphore } from '../index.js'

const TIMED_OUT = { code: 'ERR_QUEUE_TIMEOUT', message: 'Semaphore acquire timeout (60s)' }

/** A clock like that of Sinon, Jest and Vitest; with `fakesNow`, also of `performance.now()`. */
function sinonLike({ fakesNow }) {
  const { setTimeout, clearTimeout } = globalThis
  const performanceNow = performance.now
  const timers = new Map()
  let [now, last] = [0, 0]
  const fake = Object.assign(
    (callback, delay) => {
      timers.set(++last, { callback, due: now + delay })
      return last
    },
    { clock: {}, [promisify.custom]: setTimeout[promisify.custom] },
  )
  Object.assign(globalThis, { setTimeout: fake, clearTimeout: (id) => timers.delete(id) })
  if (fakesNow) performance.now = () => now
  return {
    advance(ms) {
      now += ms
      for (const [id, { callback, due }] of timers) {
        if (due > now) continue
        timers.delete(id)
        callback()
      }
    },
    count: () => timers.size,
    restore() {
      Object.assign(globalThis, { setTimeout, clearTimeout })
      performance.now = performanceNow
    },
  }
}

/** @param {import('node:test').TestContext} t */
function nodeTest(t) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  return { advance: (ms) => t.mock.timers.tick(ms), restore: () => t.mock.timers.reset() }
}

const CLOCKS = {
  'node:test': nodeTest,
  'a clock like Sinon’s': () => sinonLike({ fakesNow: false }),
  'a clock that fakes performance.now() too': () => sinonLike({ fakesNow: true }),
}

/** Settles as the promise does; fails after two seconds of real time. */
async function soon(promise) {
  const late = AbortSignal.timeout(2000)
  return Promise.race([
    promise,
    new Promise((_, reject) =>
      late.addEventListener('abort', () => reject(new Error('still waiting after 2 s'))),
    ),
  ])
}

for (const [name, install] of Object.entries(CLOCKS))
  describe(`under ${name}`, { concurrency: false }, () => {
    test('a waiter times out when the test advances the clock, and not before', async (t) => {
      const clock = install(t)
      t.after(clock.restore)
      const semaphore = new Semaphore(1)
      await semaphore.acquire()
      let isSettled = false
      const waiter = semaphore.acquire().finally(() => (isSettled = true))
      clock.advance(59_999)
      await turn()
      assert.equal(isSettled, false)
      clock.advance(1)
      await assert.rejects(waiter, TIMED_OUT)
      assert.equal(semaphore.getStatus().queued, 0)
    })

    test('waiters that came at different times time out at different times', async (t) => {
      const clock = install(t)
      t.after(clock.restore)
      const semaphore = new Semaphore(1)
      await semaphore.acquire()
      const first = assert.rejects(semaphore.acquire({ timeout: 100 }), { code: TIMED_OUT.code })
      clock.advance(60)
      const second = assert.rejects(semaphore.acquire({ timeout: 100 }), { code: TIMED_OUT.code })
      clock.advance(40)
      await first
      assert.equal(semaphore.getStatus().queued, 1)
      clock.advance(60)
      await second
    })

    test('a waiter gets its slot, and its timer is cancelled', async (t) => {
      const clock = install(t)
      t.after(clock.restore)
      const semaphore = new Semaphore(1)
      const release = await semaphore.acquire()
      const waiter = semaphore.acquire()
      release()
      await waiter
      assert.equal(clock.count?.() ?? 0, 0)
      clock.advance(60_000)
      assert.equal(semaphore.getStatus().current, 1)
    })

    test('a waiter without a timeout waits for ever', async (t) => {
      const clock = install(t)
      t.after(clock.restore)
      const semaphore = new Semaphore(1)
      await semaphore.acquire()
      const waiter = semaphore.acquire({ timeout: Infinity })
      clock.advance(10_000_000)
      assert.equal(semaphore.getStatus().queued, 1)
      semaphore.release()
      await waiter
    })

    test('waiters after the fake timers time out in real time', async (t) => {
      const clock = install(t)
      const semaphore = new Semaphore(1)
      await semaphore.acquire()
      const abandoned = assert.rejects(semaphore.acquire({ timeout: 50 }), { code: 'ERR_CLOSED' })
      clock.restore()
      await soon(assert.rejects(semaphore.acquire({ timeout: 100 }), { code: TIMED_OUT.code }))
      semaphore.close()
      await abandoned
    })

    test('waiters from before the fake timers time out in real time', async (t) => {
      const semaphore = new Semaphore(1)
      await semaphore.acquire()
      const waiters = [30, 60].map((timeout) =>
        assert.rejects(semaphore.acquire({ timeout }), { code: TIMED_OUT.code }),
      )
      const clock = install(t)
      t.after(clock.restore)
      const faked = assert.rejects(semaphore.acquire({ timeout: 10 }), { code: TIMED_OUT.code })
      await soon(Promise.all(waiters))
      assert.equal(semaphore.getStatus().queued, 1)
      clock.advance(10)
      await faked
    })
  })

test('fake timers from before the package was loaded are fake timers too', () => {
  const program = `
    const { mock } = require('node:test')
    mock.timers.enable({ apis: ['setTimeout'] })
    const { Semaphore } = require(${JSON.stringify(new URL('../index.js', import.meta.url).pathname)})
    const semaphore = new Semaphore(1)
    semaphore.tryAcquire()
    semaphore.acquire().catch(({ code }) => {
      console.log(code)
      mock.timers.reset()
      setTimeout(() => {}, 1000)
      semaphore.acquire({ timeout: 50 }).catch(({ code }) => process.exit(console.log(code)))
    })
    mock.timers.tick(60_000)`
  const { stdout } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' })
  assert.equal(stdout, 'ERR_QUEUE_TIMEOUT\nERR_QUEUE_TIMEOUT\n')
})
