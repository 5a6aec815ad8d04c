// The timer of a semaphore's deadlines, in virtual time.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeadlineTimer } from '../lib/deadline-timer.js'

/**
 * Makes timers and a clock that are virtual; returns what passes the time.
 * @param {import('node:test').TestContext} t
 */
function virtualTime(t) {
  let now = 0
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { setTimeout, clearTimeout } = globalThis
  return {
    now: () => now,
    timers: { setTimeout, clearTimeout, now: () => now },
    pass(ms) {
      for (let passed = 0; passed < ms; passed++) {
        now++
        t.mock.timers.tick(1)
      }
    },
  }
}

test('a stream of ever shorter waiters does not put off an earlier deadline', (t) => {
  const time = virtualTime(t)
  const expirations = []
  const timer = new DeadlineTimer(() => {
    expirations.push(time.now())
    return -1
  }, time.timers)
  timer.wake(50)
  for (let shorter = 49; shorter > 39; shorter--) {
    time.pass(20)
    if (expirations.length === 0) timer.wake(shorter)
  }
  assert.deepEqual(expirations, [50])
})

test('an earlier deadline is served first, and the later deadline after it', (t) => {
  const time = virtualTime(t)
  const expirations = []
  const timer = new DeadlineTimer(() => {
    expirations.push(time.now())
    return expirations.length === 1 ? 40 : -1
  }, time.timers)
  timer.wake(50)
  timer.wake(10)
  time.pass(100)
  assert.deepEqual(expirations, [10, 50])
})

test('a deadline beyond the longest wait is checked again in between', (t) => {
  const time = virtualTime(t)
  const expirations = []
  const timer = new DeadlineTimer(() => {
    expirations.push(time.now())
    return 100_000 - time.now() || -1
  }, time.timers)
  timer.wake(100_000)
  time.pass(100_000)
  assert.deepEqual(expirations, [60_000, 100_000])
})
