import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Semaphore } from '../index.js'

const TIMED_OUT = { name: 'Error', code: 'ERR_QUEUE_TIMEOUT' }

/** @param {ConstructorParameters<typeof Semaphore>[1]} [options] */
function fullSemaphore(options) {
  const semaphore = new Semaphore(1, options)
  semaphore.tryAcquire()
  return semaphore
}

describe('the message names the real timeout in seconds', () => {
  const cases = [
    [1, '0.001s'],
    [7, '0.007s'],
    [20, '0.02s'],
    [333, '0.333s'],
    [1000, '1s'],
    [1500, '1.5s'],
  ]
  for (const [timeout, text] of cases)
    test(`${timeout} ms is ${text}`, { concurrency: true }, async () => {
      const message = `Semaphore acquire timeout (${text})`
      const semaphores = [fullSemaphore(), fullSemaphore({ queueTimeout: timeout })]
      await Promise.all([
        assert.rejects(semaphores[0].acquire({ timeout }), { ...TIMED_OUT, message }),
        assert.rejects(
          semaphores[1].use(() => {}),
          { ...TIMED_OUT, message },
        ),
      ])
    })
})

test('without options a waiter waits a minute', (t) => {
  const setTimer = t.mock.method(globalThis, 'setTimeout')
  const semaphore = fullSemaphore()
  const waiter = semaphore.acquire()
  assert.deepEqual(
    setTimer.mock.calls.map((call) => call.arguments[1]),
    [60_000],
  )
  semaphore.release()
  return waiter
})

test('waiters are rejected in the order of their deadlines, not of their arrival', async () => {
  const semaphore = fullSemaphore({ queueTimeout: 350 })
  const order = []
  const waiters = [250, 50, undefined, 150].map((timeout) =>
    assert.rejects(semaphore.acquire({ timeout }), TIMED_OUT).then(() => order.push(timeout)),
  )
  const patient = semaphore.acquire({ timeout: Infinity })
  await Promise.all(waiters)
  assert.deepEqual(order, [50, 150, 250, undefined])
  assert.equal(semaphore.getStatus().queued, 1)
  semaphore.release()
  await patient
})

test('equal timeouts expire in the order of arrival', async () => {
  const semaphore = fullSemaphore({ queueTimeout: 20 })
  const order = []
  const waiters = Array.from({ length: 50 }, (_, index) =>
    assert.rejects(semaphore.acquire(), TIMED_OUT).then(() => order.push(index)),
  )
  await Promise.all(waiters)
  assert.deepEqual(
    order,
    waiters.map((_, index) => index),
  )
})

test('a timed-out waiter has left the queue, is never run, and costs no slot', async () => {
  const semaphore = fullSemaphore()
  let ran = false
  const hasty = semaphore.use(() => (ran = true), { timeout: 10 })
  const patient = semaphore.use(() => 'patient', { timeout: Infinity })
  await assert.rejects(hasty, TIMED_OUT)
  assert.deepEqual(semaphore.getStatus(), { maxConcurrent: 1, current: 1, queued: 1, available: 0 })
  semaphore.release()
  assert.equal(await patient, 'patient')
  assert.equal(ran, false)
  assert.deepEqual(semaphore.getStatus(), { maxConcurrent: 1, current: 0, queued: 0, available: 1 })
})

test('a call’s own timeout counts instead of the semaphore’s, longer or shorter', async () => {
  const impatient = fullSemaphore({ queueTimeout: 10 })
  const patient = fullSemaphore({ queueTimeout: Infinity })
  const calls = [impatient.acquire({ timeout: Infinity }), patient.acquire()]
  await Promise.all([
    assert.rejects(impatient.acquire(), TIMED_OUT),
    assert.rejects(patient.acquire({ timeout: 10 }), TIMED_OUT),
  ])
  for (const semaphore of [impatient, patient]) assert.equal(semaphore.getStatus().queued, 1)
  for (const semaphore of [impatient, patient]) semaphore.release()
  await Promise.all(calls)
})

test('the timeout limits the wait only: a running function may take longer', async () => {
  const semaphore = new Semaphore(1, { queueTimeout: 5 })
  assert.equal(await semaphore.use(() => sleep(40, 'finished'), { timeout: 5 }), 'finished')
})

test('a slot granted in time stays granted when the deadline passes', async () => {
  const semaphore = fullSemaphore()
  const granted = semaphore.acquire({ timeout: 20 })
  semaphore.release()
  const release = await granted
  const later = semaphore.acquire({ timeout: 60 })
  await assert.rejects(later, TIMED_OUT)
  assert.deepEqual(semaphore.getStatus(), { maxConcurrent: 1, current: 1, queued: 0, available: 0 })
  release()
  assert.equal(semaphore.getStatus().available, 1)
})

test('a timer that fires early, or for an aborted waiter, still serves the next', async () => {
  const semaphore = fullSemaphore()
  const controller = new AbortController()
  const gone = semaphore.acquire({ timeout: 10, signal: controller.signal })
  const next = semaphore.acquire({ timeout: 40 })
  controller.abort()
  await assert.rejects(gone, { code: 'ABORT_ERR' })
  await assert.rejects(next, TIMED_OUT)
  await assert.rejects(semaphore.acquire({ timeout: 5 }), TIMED_OUT)
})
