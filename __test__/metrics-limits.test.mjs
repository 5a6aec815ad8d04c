// The limits of a helper's calls in the metrics: by server, within a bounded number of names.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AggregatorRegistry, Registry } from 'prom-client'
import { getMetrics, registerMetrics } from '../index.js'
import limiterModule from '../lib/limiter.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { waitReason } from '../lib/metrics/limits.js'
import serversModule from '../lib/prometheus/servers.js'
import { hostileServer } from './support/hostile.mjs'
import { complaints, missing } from './support/prometheus.mjs'

const { CallLimiter } = limiterModule
const { byServer } = serversModule

const PER_SERVER = [
  'procward_server_limit',
  'procward_server_in_use',
  'procward_server_queued',
  'procward_server_rate_limit',
  'procward_server_rate_recent',
  'procward_server_pause_seconds',
]

/** A helper with the slots of a real limiter. */
function helperOf(limiter) {
  return { getSemaphoreStatus: () => limiter.getStatus(), getActiveProcesses: () => [] }
}

/**
 * A limiter in which `full` is at its limit with a waiter, `rated` has made a call, and `paused` is
 * paused.
 */
async function busyLimiter() {
  const limiter = new CallLimiter(5, {
    maxQueue: Infinity,
    limits: { full: 2 },
    rates: { rated: { limit: 150, interval: 60_000 } },
  })
  const acquire = (server, cost = 1) => limiter.acquire({ server, cost, timeout: Infinity })
  await acquire('full', 2)
  acquire('full').catch(() => {})
  const slots = await acquire('rated')
  slots.release()
  limiter.pause('paused', 600_000)
  return limiter
}

const samplesOf = async (registry) =>
  new Map(
    [...(await registry.metrics()).matchAll(/^(procward_se\w+(?:{.*})?) (\S+)$/gm)].map(
      ([, name, value]) => [name, Number(value)],
    ),
  )

describe('the metrics of servers', () => {
  test('show slots, waiters, limits, rates and pauses', async (t) => {
    const limiter = await busyLimiter()
    t.after(() => limiter.close())
    const registry = new Registry()
    registerMetrics(registry, { helper: helperOf(limiter) })
    const samples = await samplesOf(registry)
    const pause = samples.get('procward_server_pause_seconds{server="paused"}')
    assert.ok(pause > 500 && pause <= 600, `${pause}`)
    const shown = [...samples].filter(([name, value]) => /server=|reason=/.test(name) && value > 0)
    assert.deepEqual(
      Object.fromEntries(shown.filter(([name]) => !/pause_seconds|rejected/.test(name))),
      {
        'procward_semaphore_limited{reason="server"}': 1,
        'procward_server_limit{server="full"}': 2,
        'procward_server_in_use{server="full"}': 2,
        'procward_server_queued{server="full"}': 1,
        'procward_server_rate_limit{server="rated"}': 150,
        'procward_server_rate_recent{server="rated"}': 1,
      },
    )
    assert.equal(samples.get('procward_semaphore_limited{reason="slots"}'), 0)
    assert.equal(samples.get('procward_server_queued{server="paused"}'), 0)
    assert.equal(samples.get('procward_server_limit{server="paused"}'), undefined)
    assert.equal(samples.get('procward_server_rate_limit{server="full"}'), undefined)
  })

  test('are the same in getMetrics(), in seconds', async (t) => {
    const limiter = await busyLimiter()
    t.after(() => limiter.close())
    const { limitedBy, servers } = getMetrics({ helper: helperOf(limiter) })
    assert.equal(limitedBy, 'server')
    const [full, paused, rated] = servers
    const none = { limit: null, inUse: 0, queued: 0, rate: null, pause: 0 }
    assert.deepEqual(full, { ...none, server: 'full', limit: 2, inUse: 2, queued: 1 })
    const rate = { limit: 150, interval: 60, recent: 1 }
    assert.deepEqual(rated, { ...none, server: 'rated', rate })
    assert.ok(paused.pause > 500 && paused.pause <= 600)
  })

  test('of a helper with real calls have their limits', async (t) => {
    const servers = { 'limits shown': hostileServer() }
    const limits = { 'limits shown': 2 }
    const helper = createMcpHelper({ servers, limits, transport: 'pool' })
    t.after(() => helper.shutdown())
    await helper.callToolAsync('limits shown', 'pid')
    const registry = new Registry()
    registerMetrics(registry, { helper })
    const samples = await samplesOf(registry)
    assert.equal(samples.get('procward_server_limit{server="limits shown"}'), 2)
    assert.equal(samples.get('procward_server_in_use{server="limits shown"}'), 0)
  })

  test('have no values without limits, also of a helper without these fields', async (t) => {
    const plain = createMcpHelper({ servers: {} })
    t.after(() => plain.shutdown())
    const own = {
      getSemaphoreStatus: () => ({ maxConcurrent: 3, current: 3, queued: 1, available: 0 }),
      getActiveProcesses: () => [],
    }
    for (const [helper, reason] of [
      [plain, null],
      [own, 'slots'],
    ]) {
      const registry = new Registry()
      registerMetrics(registry, { helper })
      for (const name of PER_SERVER) {
        const text = await registry.getSingleMetricAsString(name)
        assert.match(text, new RegExp(`^# HELP ${name} `))
        assert.doesNotMatch(text, new RegExp(`^${name}`, 'm'))
      }
      const metrics = getMetrics({ helper })
      assert.deepEqual([metrics.limitedBy, metrics.servers], [reason, []])
    }
  })

  test('of the workers of a cluster are summed, but not pauses and reasons', async (t) => {
    const limiter = await busyLimiter()
    t.after(() => limiter.close())
    const registry = new Registry()
    registerMetrics(registry, { helper: helperOf(limiter) })
    const worker = await registry.getMetricsAsJSON()
    const cluster = AggregatorRegistry.aggregate([worker, structuredClone(worker)])
    const [one, both] = [await samplesOf(registry), await samplesOf(cluster)]
    for (const [name, value] of one) {
      if (name.includes('pause_seconds{server="paused"}')) assert.ok(both.get(name) <= 600)
      else if (/^procward_server_|limited/.test(name))
        assert.equal(both.get(name), name.includes('limited') ? value : 2 * value, name)
    }
    assert.equal(both.get('procward_server_limit{server="full"}'), 4)
    assert.equal(both.get('procward_semaphore_limited{reason="server"}'), 1)
  })

  test('are accepted by promtool', { skip: missing('promtool') }, async (t) => {
    const limiter = await busyLimiter()
    t.after(() => limiter.close())
    const registry = new Registry()
    registerMetrics(registry, { helper: helperOf(limiter) })
    assert.equal(complaints(await registry.metrics()), '')
  })
})

describe('the names of servers', () => {
  const use = (server, more) => ({
    server,
    limit: null,
    rate: null,
    current: 1,
    queued: 2,
    pausedFor: 0,
    ...more,
  })
  const shown = { limit: null, inUse: 1, queued: 2, rateLimit: null, recent: null, pause: 0 }

  test('that callers may have invented count as other', () => {
    const servers = [
      use('invented'),
      use('asana'),
      use('limited', { limit: 1 }),
      use('rated', { rate: { limit: 5, interval: 1000, recent: 3 } }),
      use('paused', { pausedFor: 1500 }),
      use('another'),
    ]
    assert.deepEqual(Object.fromEntries(byServer(servers, new Set(['asana']))), {
      other: { ...shown, inUse: 2, queued: 4 },
      asana: shown,
      limited: { ...shown, limit: 1 },
      rated: { ...shown, rateLimit: 5, recent: 3 },
      paused: { ...shown, pause: 1.5 },
    })
  })

  test('are at most 200 and other, with everything counted once', () => {
    const servers = Array.from({ length: 1000 }, (_, at) => use(`s${at}`, { limit: 3 }))
    const uses = byServer(servers, new Set())
    assert.equal(uses.size, 201)
    assert.deepEqual(uses.get('other'), { ...shown, limit: 2400, inUse: 800, queued: 1600 })
  })

  test('lose control characters, are cut, and then count together', () => {
    const long = 'n'.repeat(200)
    const servers = [use(`a\n\u001b[31m`, { limit: 1 }), use(long, { limit: 1 })]
    servers.push(use(`${long}x`, { limit: 2 }))
    assert.deepEqual(
      [...byServer(servers, new Set())],
      [
        ['a[31m', { ...shown, limit: 1 }],
        ['n'.repeat(100), { ...shown, limit: 3, inUse: 2, queued: 4 }],
      ],
    )
  })
})

describe('the reason for waiting', () => {
  for (const [status, expected] of [
    [{ queued: 0 }, null],
    [{ queued: 1 }, 'slots'],
    [{ queued: 1, limitedBy: null }, null],
    [{ queued: 1, limitedBy: 'slots' }, 'slots'],
    [{ queued: 1, limitedBy: 'server' }, 'server'],
    [{ queued: 1, limitedBy: 'rate' }, 'rate'],
    [{ queued: 1, limitedBy: 'start' }, 'start'],
    [{ queued: 0, limitedBy: 'memory' }, 'memory'],
    [{ queued: 1, limitedBy: 'cpu' }, 'cpu'],
    [{ queued: 1, limitedBy: ['slots'] }, null],
    [{ queued: 1, limitedBy: 'hunter2' }, null],
    [{ queued: 1, limitedBy: 'constructor' }, null],
    [{ queued: 1, limitedBy: 7 }, null],
  ]) {
    test(JSON.stringify(status), () => assert.equal(waitReason(status), expected))
  }
})
