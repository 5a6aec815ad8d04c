// The limit on a helper's calls: order, limits, rates and pauses of servers, from JavaScript.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import limiterModule from '../lib/limiter.js'

const { CallLimiter } = limiterModule

/** @param {number} limit @param {object} [options] */
function limiterOf(limit, options) {
  return new CallLimiter(limit, { maxQueue: Infinity, limits: {}, rates: {}, ...options })
}

/** @param {string} server @param {object} [options] */
const request = (server, options) => ({ server, cost: 1, timeout: Infinity, ...options })

/** Waits for calls, and notes their names in the order in which they get their slots. */
function starter(limiter) {
  const order = []
  const held = new Map()
  return {
    order,
    async call(name, server, options) {
      const slots = await limiter.acquire(request(server, options))
      held.set(name, slots)
      order.push(name)
    },
    release: (name) => held.get(name).release(),
  }
}

describe('the limit of a server', () => {
  test('is kept, and a full server stops no other', async () => {
    const limiter = limiterOf(3, { limits: { slow: 1 } })
    const { call, release, order } = starter(limiter)
    await call('slow 1', 'slow')
    const waiting = call('slow 2', 'slow')
    await call('other 1', 'other')
    assert.deepEqual(order, ['slow 1', 'other 1'])
    assert.deepEqual(limiter.getStatus(), {
      ...{ maxConcurrent: 3, current: 2, queued: 1, available: 1, limitedBy: 'server' },
      servers: [
        { server: 'other', limit: null, rate: null, current: 1, queued: 0, pausedFor: 0 },
        { server: 'slow', limit: 1, rate: null, current: 1, queued: 1, pausedFor: 0 },
      ],
    })
    release('slow 1')
    await waiting
    assert.deepEqual(order, ['slow 1', 'other 1', 'slow 2'])
  })

  test('a call that costs more than a limit is refused at once', async () => {
    const limiter = limiterOf(3, { limits: { slow: 2 } })
    await assert.rejects(limiter.acquire(request('other', { cost: 4 })), {
      code: 'ERR_INVALID_CONFIG',
      message: 'cost must be at most maxConcurrent (3), got 4',
    })
    await assert.rejects(limiter.acquire(request('slow', { cost: 3 })), {
      code: 'ERR_INVALID_CONFIG',
      message: "cost must be at most limits['slow'] (2), got 3",
    })
    assert.equal(limiter.getStatus().current, 0)
  })

  test('is kept for servers with the names of members of every object', async () => {
    const rates = { constructor: { limit: 1, interval: 60_000 } }
    const limiter = limiterOf(3, { limits: { toString: 1 }, rates })
    await limiter.acquire(request('toString'))
    const { servers } = limiter.getStatus()
    assert.deepEqual(
      servers.map(({ server, limit, rate }) => [server, limit, rate?.limit]),
      [
        ['constructor', null, 1],
        ['toString', 1, undefined],
      ],
    )
  })

  test('is named by the error of a call that it kept out', async () => {
    const limiter = limiterOf(3, { maxQueue: 1, limits: { slow: 1 } })
    await limiter.acquire(request('slow'))
    const late = limiter.acquire(request('slow', { timeout: 20 }))
    await assert.rejects(limiter.acquire(request('slow')), {
      code: 'ERR_QUEUE_FULL',
      message: /raise maxQueue or call less at once; the server's limit is 1$/,
    })
    await assert.rejects(late, {
      code: 'ERR_QUEUE_TIMEOUT',
      message: "Semaphore acquire timeout (0.02s); the server's limit is 1",
    })
  })

  test('is no reason to raise the overall limit', async () => {
    const limiter = limiterOf(1, { limits: { slow: 1 } })
    const slots = await limiter.acquire(request('slow'))
    const waiting = limiter.acquire(request('slow'))
    assert.equal(limiter.waitsForSlots(), false)
    const other = limiter.acquire(request('other'))
    assert.equal(limiter.waitsForSlots(), true)
    slots.release()
    ;(await waiting).release()
    ;(await other).release()
    assert.equal(limiter.waitsForSlots(), false)
  })

  test('a heavy call at the head is not overtaken by a light one', async () => {
    const limiter = limiterOf(3)
    const { call, release, order } = starter(limiter)
    await call('first', 'a', { cost: 2 })
    const waiting = [call('heavy', 'b', { cost: 2 }), call('light', 'c')]
    await sleep(5)
    assert.deepEqual(order, ['first'])
    release('first')
    await Promise.all(waiting)
    assert.deepEqual(order, ['first', 'heavy', 'light'])
  })
})

describe('a waiter', () => {
  test('that times out, is aborted or is closed leaves no trace', async () => {
    const limiter = limiterOf(1)
    const first = await limiter.acquire(request('a'))
    const controller = new AbortController()
    const aborted = limiter.acquire(request('a', { signal: controller.signal }))
    const late = limiter.acquire(request('b', { timeout: 5 }))
    controller.abort('enough')
    await assert.rejects(aborted, { code: 'ABORT_ERR', cause: 'enough' })
    await assert.rejects(late, {
      code: 'ERR_QUEUE_TIMEOUT',
      message: 'Semaphore acquire timeout (0.005s)',
    })
    assert.equal(limiter.getStatus().queued, 0)
    const closed = limiter.acquire(request('c'))
    limiter.close()
    await assert.rejects(closed, { code: 'ERR_CLOSED' })
    await assert.rejects(limiter.acquire(request('c')), { code: 'ERR_CLOSED' })
    first.release()
    first.release()
    assert.equal(limiter.getStatus().current, 0)
  })

  test('that is aborted after its grant gives its slot to the next', async () => {
    const limiter = limiterOf(1)
    const first = await limiter.acquire(request('a'))
    const controller = new AbortController()
    const second = limiter.acquire(request('a', { signal: controller.signal }))
    const third = limiter.acquire(request('a'))
    first.release()
    controller.abort()
    await assert.rejects(second, { code: 'ABORT_ERR' })
    ;(await third).release()
    assert.equal(limiter.getStatus().current, 0)
  })

  test('is refused when the queue is full, unless a slot is free', async () => {
    const limiter = limiterOf(1, { maxQueue: 0 })
    assert.equal(limiter.isQueueFull(), false)
    const slots = await limiter.acquire(request('a'))
    assert.equal(limiter.isQueueFull(), true)
    await assert.rejects(limiter.acquire(request('a')), { code: 'ERR_QUEUE_FULL' })
    slots.release()
    await limiter.acquire(request('b'))
  })

  test('times out on the clock that a test advances', async (t) => {
    const limiter = limiterOf(1)
    await limiter.acquire(request('a'))
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const waiting = limiter.acquire(request('a', { timeout: 60_000 }))
    const outcome = assert.rejects(waiting, { code: 'ERR_QUEUE_TIMEOUT' })
    t.mock.timers.tick(60_000)
    await outcome
    t.mock.timers.reset()
    const real = limiter.acquire(request('a', { timeout: 5 }))
    await assert.rejects(real, { code: 'ERR_QUEUE_TIMEOUT' })
  })

  test('a raised limit lets waiters start', async () => {
    const limiter = limiterOf(1)
    await limiter.acquire(request('a'))
    const waiting = limiter.acquire(request('a'))
    limiter.resize(2)
    await waiting
    assert.equal(limiter.getStatus().maxConcurrent, 2)
  })
})

describe('the rate of a server', () => {
  test('is never exceeded by four eager callers, wherever the interval is laid', async () => {
    const [limit, interval] = [50, 200]
    const limiter = limiterOf(4, { rates: { busy: { limit, interval } } })
    const sent = []
    const caller = async () => {
      while (sent.length < 3 * limit) {
        const slots = await limiter.acquire(request('busy'))
        sent.push(performance.now())
        slots.onSent()
        slots.release()
      }
    }
    await Promise.all([caller(), caller(), caller(), caller()])
    for (let at = limit; at < sent.length; at++) {
      const span = sent[at] - sent[at - limit]
      assert.ok(span > interval, `${limit + 1} calls within ${span} ms`)
    }
  })

  test('counts a call that waits for its server from the time when the call is sent', async () => {
    const limiter = limiterOf(4, { rates: { slow: { limit: 1, interval: 50 } } })
    const first = await limiter.acquire(request('slow'))
    await sleep(60)
    const second = limiter.acquire(request('slow'))
    assert.equal(limiter.getStatus().limitedBy, 'rate')
    const sent = performance.now()
    first.onSent()
    ;(await second).release()
    assert.ok(performance.now() - sent > 50)
  })

  test('counts a call that was never noted as sent from its end', async () => {
    const limiter = limiterOf(4, { rates: { slow: { limit: 1, interval: 30 } } })
    const first = await limiter.acquire(request('slow'))
    await sleep(40)
    const second = limiter.acquire(request('slow'))
    const released = performance.now()
    first.release()
    await second
    assert.ok(performance.now() - released > 30)
  })

  test('counts a call that was sent again once more', async () => {
    const limiter = limiterOf(4, { rates: { slow: { limit: 3, interval: 60_000 } } })
    const slots = await limiter.acquire(request('slow'))
    slots.onSent()
    slots.onSent()
    slots.release()
    slots.onSent()
    const [slow] = limiter.getStatus().servers
    assert.equal(slow.rate.recent, 2)
  })

  test('of another server holds nothing', async () => {
    const limiter = limiterOf(4, { rates: { slow: { limit: 1, interval: 60_000 } } })
    const slots = await limiter.acquire(request('slow'))
    slots.onSent()
    const waiting = limiter.acquire(request('slow', { timeout: 20 }))
    const other = await limiter.acquire(request('other'))
    assert.equal(other.onSent, undefined)
    const [busy] = limiter.getStatus().servers.filter(({ server }) => server === 'slow')
    assert.deepEqual(busy.rate, { limit: 1, interval: 60_000, recent: 1 })
    await assert.rejects(waiting, { code: 'ERR_QUEUE_TIMEOUT' })
  })
})

describe('a call that gives its slots back', () => {
  test('takes them again in its old place, when its server may start', async () => {
    const limiter = limiterOf(2)
    const order = []
    const asked = ['first', 'second'].map(() => request('broken'))
    const slots = await Promise.all(asked.map((one) => limiter.acquire(one)))
    const take = (name, one) => limiter.acquire(one).then(() => order.push(name))
    const third = take('third', request('broken'))
    limiter.holdStarts('broken', 60_000)
    for (const each of slots) each.giveBack()
    const again = [take('second', asked[1]), take('first', asked[0])]
    await take('healthy', request('healthy'))
    const { current, queued, limitedBy } = limiter.getStatus()
    assert.deepEqual([current, queued, limitedBy], [1, 3, 'start'])
    assert.deepEqual(limiter.waitReasons(), new Map([['broken', 'start']]))
    limiter.holdStarts('broken', 0)
    await again[1]
    assert.deepEqual(order, ['healthy', 'first'])
    limiter.resize(4)
    await Promise.all([...again, third])
    assert.deepEqual(order, ['healthy', 'first', 'second', 'third'])
  })

  test('counts in no rate, and gives further slots back', async () => {
    const limiter = limiterOf(2, { rates: { broken: { limit: 1, interval: 60_000 } } })
    let given = 0
    const slots = await limiter.acquire(request('broken'))
    await slots.add(async () => ({ release: () => given++ }))
    slots.giveBack()
    slots.release()
    assert.deepEqual([given, limiter.getStatus().servers[0].rate.recent], [1, 0])
    await limiter.acquire(request('broken'))
  })
})

describe('a pause', () => {
  test('holds one server, shows, and ends by itself', async () => {
    const limiter = limiterOf(4)
    limiter.pause('tired', 300)
    const began = performance.now()
    const waiting = limiter.acquire(request('tired'))
    await limiter.acquire(request('other'))
    await assert.rejects(limiter.acquire(request('tired', { timeout: 5 })), {
      code: 'ERR_QUEUE_TIMEOUT',
      message:
        /^Semaphore acquire timeout \(0\.005s\); the server asked to be left alone for another/,
    })
    const { limitedBy, servers } = limiter.getStatus()
    assert.equal(limitedBy, 'rate')
    assert.ok(servers.find(({ server }) => server === 'tired').pausedFor > 0)
    await waiting
    assert.ok(performance.now() - began >= 299)
    assert.equal(limiter.getStatus().limitedBy, undefined)
  })
})
