// One signal for many calls of all kinds: Node.js warns of nothing, no listener stays, and an abort
// ends them all.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { afterEach, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { McpPool, ProcessPool, run, Semaphore } from '../index.js'
import signalWaiters from '../lib/signal-waiters.js'
import { hostileServer } from './support/hostile.mjs'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'
import { until } from './support/until.mjs'

const { SignalWaiters } = signalWaiters
const MANY = 12
const worker = ['--eval', 'process.stdin.resume()']

afterEach(assertNothingLeft)

/** @param {AbortSignal} signal */
const listeners = (signal) => getEventListeners(signal, 'abort').length

/**
 * So many calls of each kind.
 * @param {AbortSignal} signal
 * @param {McpPool} pool
 * @param {ProcessPool} workers
 * @param {number} ms that they take by themselves
 */
function callsOfAllKinds(signal, pool, workers, ms) {
  const semaphore = new Semaphore(1)
  semaphore.tryAcquire()
  const all = Array.from({ length: MANY }, () => [
    pool.callTool('it', 'delay', { ms }, { signal }),
    run('sleep', [String(ms / 1000)], { signal }),
    semaphore.acquire({ signal }).then((release) => release()),
    workers.use(() => new Promise((resolve) => setTimeout(resolve, ms).unref()), { signal }),
  ])
  return { all: all.flat(), free: () => semaphore.release() }
}

describe('one signal for many calls', { skip: noProcessList }, () => {
  for (const [name, end] of [
    ['that settle by themselves', 'settle'],
    ['that it aborts', 'abort'],
  ])
    test(name, async (t) => {
      const warnings = []
      const warned = ({ message }) => warnings.push(message)
      process.on('warning', warned)
      t.after(() => process.off('warning', warned))
      const pools = [1, 2].map(
        () => new McpPool({ servers: { it: { ...hostileServer(), maxInFlight: MANY } } }),
      )
      const workers = new ProcessPool({ command: process.execPath, args: worker, maxSize: 2 })
      const controller = new AbortController()
      const { signal } = controller
      const kinds = pools.map((pool) =>
        callsOfAllKinds(signal, pool, workers, end === 'abort' ? 60_000 : 100),
      )
      const settled = Promise.allSettled(kinds.flatMap(({ all }) => all))
      assert.equal(listeners(signal), 1)
      if (end === 'abort') {
        await until(() => pools.every((pool) => pool.getActiveCalls().length === MANY))
        controller.abort('all of them')
      }
      for (const { free } of kinds) free()
      for (const { status, reason } of await settled) {
        if (end === 'settle') assert.equal(status, 'fulfilled', reason?.message)
        else assert.deepEqual([reason.code, reason.cause], ['ABORT_ERR', 'all of them'])
      }
      assert.equal(listeners(signal), 0)
      await Promise.all([...pools, workers].map((pool) => pool.close()))
      await turn()
      assert.deepEqual(warnings, [])
    })
})

describe('waiters of one signal', () => {
  /** Two owners and what they were told. */
  function owners() {
    const left = []
    const [one, other] = ['one', 'other'].map(
      (name) => new SignalWaiters((ticket) => left.push(`${name} ${ticket}`)),
    )
    return { left, one, other, controller: new AbortController() }
  }

  test('leave in the order of arrival for each owner', () => {
    const { left, one, other, controller } = owners()
    for (const ticket of [3, 1, 2]) one.add(controller.signal, ticket)
    other.add(controller.signal, 1)
    one.delete(controller.signal, 1)
    assert.equal(listeners(controller.signal), 1)
    controller.abort()
    assert.deepEqual(left, ['one 3', 'one 2', 'other 1'])
    one.delete(controller.signal, 3)
    assert.equal(listeners(controller.signal), 0)
  })

  test('keep their listener until the last has left, and get a new one after that', () => {
    const { left, one, other, controller } = owners()
    const { signal } = controller
    one.add(signal, 1)
    other.add(signal, 1)
    one.delete(signal, 2)
    one.delete(signal, 1)
    assert.equal(listeners(signal), 1)
    other.delete(signal, 1)
    other.delete(signal, 1)
    assert.equal(listeners(signal), 0)
    one.add(signal, 7)
    controller.abort()
    assert.deepEqual(left, ['one 7'])
  })

  test('may leave during an abort of others', () => {
    const controller = new AbortController()
    const left = []
    const waiters = new SignalWaiters((ticket, signal) => {
      left.push(ticket)
      waiters.delete(signal, ticket + 1)
    })
    for (const ticket of [1, 2, 3]) waiters.add(controller.signal, ticket)
    controller.abort()
    assert.deepEqual(left, [1, 3])
  })
})
