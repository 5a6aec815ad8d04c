// Costs, and the control of a whole queue: pause, resume, clear, drain, onIdle, maxQueue: 0.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Semaphore } from '../index.js'
import { outcomeOf } from './support/program.mjs'

/** Calls `acquire(cost)` for each cost, and notes the order of the grants. */
function acquireAll(semaphore, costs) {
  const granted = []
  for (const [at, cost] of costs.entries()) {
    const grant = () => granted.push(at)
    semaphore.acquire({ cost }).then(grant, ({ code }) => assert.equal(code, 'ERR_CLOSED'))
  }
  return granted
}

describe('cost', () => {
  test('takes that many slots, and the release function gives them back', async () => {
    const semaphore = new Semaphore(5)
    const release = await semaphore.acquire({ cost: 3 })
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 5,
      current: 3,
      queued: 0,
      available: 2,
    })
    const used = await semaphore.use(() => semaphore.getStatus().current, { cost: 2 })
    assert.equal(used, 5)
    assert.equal(semaphore.getStatus().current, 3)
    release()
    release()
    assert.equal(semaphore.getStatus().current, 0)
  })

  test('is given back when the function throws', async () => {
    const semaphore = new Semaphore(4)
    const fails = semaphore.use(() => assert.fail('fails'), { cost: 4 })
    await assert.rejects(fails, { message: 'fails' })
    assert.equal(semaphore.getStatus().available, 4)
  })

  test('of a waiter at the head holds back later waiters and tryAcquire()', async () => {
    const semaphore = new Semaphore(3)
    const release = await semaphore.acquire({ cost: 2 })
    const granted = acquireAll(semaphore, [2, 1, 1])
    assert.equal(semaphore.tryAcquire(), false)
    await turn()
    assert.deepEqual(granted, [])
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 3,
      current: 2,
      queued: 3,
      available: 1,
    })
    release()
    await turn()
    assert.deepEqual(granted, [0, 1])
    semaphore.close()
  })

  test('lets the others in when the waiter at the head leaves', async () => {
    const leaves = {
      timeout: () => ({ cost: 3, timeout: 5 }),
      abort: () => ({ cost: 3, signal: AbortSignal.timeout(5) }),
    }
    for (const options of Object.values(leaves)) {
      const semaphore = new Semaphore(3)
      await semaphore.acquire()
      const head = assert.rejects(semaphore.acquire(options()))
      const behind = semaphore.acquire({ timeout: Infinity })
      assert.equal(semaphore.getStatus().queued, 2)
      await head
      await behind
      assert.equal(semaphore.getStatus().current, 2)
    }
  })

  test('of a waiter that timed out leaves no timer behind when the others get in', async () => {
    const program = `
      import { Semaphore } from 'procward'
      const semaphore = new Semaphore(3)
      semaphore.tryAcquire()
      const head = semaphore.acquire({ cost: 3, timeout: 5 }).catch(({ code }) => code)
      await semaphore.acquire({ timeout: Infinity })
      await new Promise(setImmediate)
      const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
      console.log(await head, timers.length)`
    assert.equal((await outcomeOf(program)).stdout, 'ERR_QUEUE_TIMEOUT 0')
  })

  test('above maxConcurrent rejects at once, and after resize() the waiter is told', async () => {
    const semaphore = new Semaphore(3)
    const tooMuch = (max, cost) => ({
      code: 'ERR_INVALID_CONFIG',
      message: `cost must be at most maxConcurrent (${max}), got ${cost}`,
    })
    await assert.rejects(semaphore.acquire({ cost: 4 }), tooMuch(3, 4))
    await semaphore.acquire()
    const heavy = assert.rejects(semaphore.acquire({ cost: 3 }), tooMuch(2, 3))
    const light = semaphore.acquire()
    semaphore.resize(2)
    await heavy
    await light
    semaphore.resize(4)
    await semaphore.acquire({ cost: 2 })
    assert.equal(semaphore.getStatus().current, 4)
  })

  test('a release too many throws, and gives back what is held', async () => {
    const semaphore = new Semaphore(3)
    const release = await semaphore.acquire({ cost: 3 })
    semaphore.release()
    assert.throws(release, {
      code: 'ERR_NOT_ACQUIRED',
      message: 'Semaphore release without a matching acquire: 2 of 3 slots are held',
    })
    assert.equal(semaphore.getStatus().available, 3)
  })
})

describe('pause and resume', () => {
  test('no slot is granted in between', async () => {
    const semaphore = new Semaphore(2)
    const release = await semaphore.acquire()
    semaphore.pause()
    assert.equal(semaphore.tryAcquire(), false)
    const granted = acquireAll(semaphore, [1, 1])
    release()
    semaphore.resize(3)
    await turn()
    assert.deepEqual(granted, [])
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 3,
      current: 0,
      queued: 2,
      available: 3,
    })
    semaphore.resume()
    await turn()
    assert.deepEqual(granted, [0, 1])
    assert.equal(semaphore.tryAcquire(), true)
  })

  test('timeouts go on while paused', async () => {
    const semaphore = new Semaphore(1)
    semaphore.pause()
    await assert.rejects(semaphore.acquire({ timeout: 5 }), { code: 'ERR_QUEUE_TIMEOUT' })
  })

  test('resume() does not reopen a closed semaphore', async () => {
    const semaphore = new Semaphore(1)
    semaphore.pause()
    semaphore.close()
    semaphore.resume()
    assert.equal(semaphore.tryAcquire(), false)
    await assert.rejects(semaphore.acquire(), { code: 'ERR_CLOSED' })
  })
})

describe('clear', () => {
  test('rejects the waiters with the reason, and no later call', async () => {
    for (const reason of [new Error('full house'), 'a text', null, 0]) {
      const semaphore = new Semaphore(1)
      const release = await semaphore.acquire()
      const waiters = [semaphore.acquire(), semaphore.use(() => assert.fail('ran'))]
      const settled = Promise.allSettled(waiters)
      semaphore.clear(reason)
      assert.deepEqual(
        (await settled).map((outcome) => outcome.reason),
        [reason, reason],
      )
      assert.equal(semaphore.getStatus().current, 1)
      const next = semaphore.acquire()
      release()
      await next
    }
  })

  test('has a coded error of its own, one for each waiter', async () => {
    const semaphore = new Semaphore(1)
    await semaphore.acquire()
    const settled = Promise.allSettled([semaphore.acquire(), semaphore.acquire()])
    semaphore.clear()
    const [one, other] = (await settled).map(({ reason }) => reason)
    assert.deepEqual([one.code, one.message], ['ERR_CLEARED', 'Semaphore queue was cleared'])
    assert.notEqual(one, other)
  })
})

describe('onIdle and drain', () => {
  test('onIdle() resolves at once when nothing is held', async () => {
    await new Semaphore(1).onIdle()
  })

  test('onIdle() resolves after the last release, however often it is called', async () => {
    const semaphore = new Semaphore(1)
    const order = []
    const uses = [1, 2].map((at) => semaphore.use(() => turn().then(() => order.push(at))))
    const idle = [semaphore.onIdle(), semaphore.onIdle()].map((call) =>
      call.then(() => order.push('idle')),
    )
    await Promise.all([...uses, ...idle])
    assert.deepEqual(order, [1, 2, 'idle', 'idle'])
  })

  test('onIdle() resolves when the last waiter of a paused semaphore leaves', async () => {
    for (const leave of ['clear', 'close']) {
      const semaphore = new Semaphore(1)
      semaphore.pause()
      const waiter = assert.rejects(semaphore.acquire())
      const idle = semaphore.onIdle()
      semaphore[leave]()
      await Promise.all([waiter, idle])
    }
    const semaphore = new Semaphore(1)
    semaphore.pause()
    const late = assert.rejects(semaphore.acquire({ timeout: 5 }))
    await semaphore.onIdle()
    await late
  })

  test('drain() serves the waiters, refuses later calls and resolves at the end', async () => {
    const semaphore = new Semaphore(1)
    const release = await semaphore.acquire()
    const order = []
    const waiters = [1, 2].map((at) => semaphore.use(() => order.push(at)))
    const drained = semaphore.drain().then(() => order.push('drained'))
    await assert.rejects(semaphore.acquire(), { code: 'ERR_CLOSED' })
    await assert.rejects(
      semaphore.use(() => assert.fail('ran')),
      { code: 'ERR_CLOSED' },
    )
    assert.equal(semaphore.tryAcquire(), false)
    release()
    await Promise.all([...waiters, drained])
    assert.deepEqual(order, [1, 2, 'drained'])
    semaphore.resize(5)
    assert.equal(semaphore.tryAcquire(), false)
    await semaphore.drain()
  })

  test('a promise of onIdle() keeps no process alive', async () => {
    const program = `
      import { Semaphore } from 'procward'
      const semaphore = new Semaphore(1)
      semaphore.tryAcquire()
      semaphore.drain().then(() => console.log('drained'))`
    const { code, stdout } = await outcomeOf(program)
    assert.deepEqual({ code, stdout }, { code: 0, stdout: '' })
  })
})

describe('maxQueue: 0', () => {
  const BUSY = {
    code: 'ERR_QUEUE_FULL',
    message: 'Semaphore has no free slot; raise maxQueue or call less at once',
  }

  test('refuses at once when no slot is free', async () => {
    const semaphore = new Semaphore(2, { maxQueue: 0 })
    const release = await semaphore.acquire()
    await semaphore.acquire({ timeout: 5 })
    await assert.rejects(semaphore.acquire(), BUSY)
    await assert.rejects(
      semaphore.use(() => assert.fail('ran'), { timeout: Infinity }),
      BUSY,
    )
    release()
    assert.equal(await semaphore.use(() => 'free'), 'free')
  })

  test('refuses while paused, and a cost that does not fit', async () => {
    const semaphore = new Semaphore(2, { maxQueue: 0 })
    semaphore.pause()
    await assert.rejects(semaphore.acquire(), BUSY)
    semaphore.resume()
    await semaphore.acquire()
    await assert.rejects(semaphore.acquire({ cost: 2 }), BUSY)
    await semaphore.acquire()
  })
})
