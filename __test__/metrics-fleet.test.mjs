// The place in a fleet in the metrics: with a real Redis, and the same for a whole cluster.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { AggregatorRegistry, Registry } from 'prom-client'
import { registerMetrics } from '../index.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { fleet, inMode } from './support/fleet.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { noRedis, startRedis } from './support/redis.mjs'
import { until } from './support/until.mjs'

const { helperOf, holding, text } = fleet()

after(assertNothingLeft)

/** The metrics of a helper in a registry of their own. */
function registryOf(helper) {
  const registry = new Registry()
  registerMetrics(registry, { helper })
  return registry
}

/** The values of the fleet, without the prefix of their names. */
async function fleetValues(registry) {
  const found = (await registry.metrics()).matchAll(/^procward_fleet_(\w+(?:{.*})?) (\S+)$/gm)
  return Object.fromEntries([...found].map(([, name, value]) => [name, Number(value)]))
}

/** The values of the mode. */
const modes = (now) =>
  Object.fromEntries(
    ['connecting', 'fleet', 'local', 'unreachable'].map((mode) => [
      `mode{mode="${mode}"}`,
      Number(mode === now),
    ]),
  )

test('have no values without a fleet', async (t) => {
  const helper = createMcpHelper({ servers: {} })
  t.after(() => helper.shutdown())
  assert.deepEqual(await fleetValues(registryOf(helper)), {})
})

test('tell what Redis said last, and count from 0', { skip: noRedis() }, async (t) => {
  const redis = await startRedis(t)
  const options = { maxConcurrent: 2, onUnreachable: 'refuse' }
  const [one, other] = [helperOf(t, redis.url, options), helperOf(t, redis.url, options)]
  const registry = registryOf(one)
  const none = { lost_total: 0, refused_total: 0 }
  const before = await fleetValues(registry)
  assert.deepEqual([before.lost_total, before.refused_total], [0, 0])
  await inMode('fleet', one, other)
  const held = [await holding(other, 'one'), await holding(other, 'two')]
  const waiting = text(one, 'one')
  const values = await until(async () => {
    const values = await fleetValues(registry)
    return values.queued === 1 && values
  })
  const use = { processes: 2, limit: 2, in_use: 2, queued: 1 }
  assert.deepEqual(values, { ...modes('fleet'), ...use, grace_seconds: 0, ...none })
  for (const call of held) await call.end()
  await waiting

  const commands = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await info())[1])
  const info = () => redis.command('INFO', 'commandstats')
  const asked = await commands()
  for (let count = 0; count < 500; count++) await fleetValues(registry)
  // There are heartbeats meanwhile, but a scrape asks for nothing.
  assert.ok((await commands()) - asked < 250)

  const losing = await holding(one, 'one')
  await redis.kill()
  await inMode('unreachable', one)
  await assert.rejects(losing.call, { code: 'ERR_LEASE_LOST' })
  await assert.rejects(text(one, 'one'), { code: 'ERR_LIMIT_UNAVAILABLE' })
  const { processes, ...away } = await fleetValues(registry)
  assert.equal(processes, 2)
  const counted = { lost_total: 1, refused_total: 1 }
  assert.deepEqual(away, { ...modes('unreachable'), grace_seconds: 0, ...counted })
})

test('of the workers of a cluster are summed only where they count events', async () => {
  const use = { limit: 7, inUse: 5, waiting: 3 }
  const fleet = { mode: 'fleet', address: 'redis://r', processes: 2, share: null, reason: null }
  const rate = { limit: 6, interval: 1000, recent: 1 }
  const rated = { server: 'rated', limit: 4, rate, current: 1, queued: 0, pausedFor: 0 }
  const status = {
    ...{ maxConcurrent: 7, current: 1, queued: 0, available: 6, servers: [rated] },
    fleet: { ...fleet, graceLeft: 1500, lost: 2, refused: 1, host: 'h', pid: 1, use },
  }
  const helper = { getSemaphoreStatus: () => status, getActiveProcesses: () => [] }
  const worker = await registryOf(helper).getMetricsAsJSON()
  const cluster = AggregatorRegistry.aggregate([worker, structuredClone(worker)])
  const counted = { lost_total: 4, refused_total: 2 }
  assert.deepEqual(await fleetValues(cluster), {
    ...modes('fleet'),
    ...{ processes: 2, limit: 7, in_use: 5, queued: 3, grace_seconds: 1.5, ...counted },
  })
  const both = await cluster.metrics()
  assert.match(both, /^procward_semaphore_limit 7$/m)
  assert.match(both, /^procward_server_limit\{server="rated"\} 4$/m)
  assert.match(both, /^procward_server_rate_limit\{server="rated"\} 6$/m)
  assert.match(both, /^procward_semaphore_in_use 2$/m)
})
