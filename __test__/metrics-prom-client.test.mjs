// procward's metrics in a registry of prom-client.

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { AggregatorRegistry, Counter, Registry } from 'prom-client'
import { CleanupScanner, McpPool, registerMetrics, run } from '../index.js'
import { healthRouter } from '../lib/health.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { hostileServer } from './support/hostile.mjs'
import { complaints, missing } from './support/prometheus.mjs'

before(async () => {
  await run(process.execPath, ['--eval', ''], { server: 'ran' })
  const pool = new McpPool({ servers: { asked: hostileServer() } })
  await pool.callTool('asked', 'pid')
  await pool.close()
})

/** What the route answers, without a server. @param {string} accept */
function routeText(accept) {
  return new Promise((resolve) => {
    const response = { setHeader() {}, end: resolve }
    healthRouter()(
      { url: '/metrics', method: 'GET', headers: { accept, host: 'localhost' } },
      response,
    )
  })
}

/**
 * The samples, as `name{labels}` with labels in order, and their values as numbers.
 * @param {string} text
 */
function samples(text) {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const [, name, labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line)
      const sorted = labels
        .split(',')
        .map((label) => label.replace(/^le="(.*)"$/, (_, le) => `le="${Number(le) || le}"`))
      return [`${name}{${sorted.sort()}}`, Number(value)]
    }),
  )
}

for (const [name, type, accept] of [
  ["Prometheus's format", Registry.PROMETHEUS_CONTENT_TYPE, 'text/plain'],
  ['OpenMetrics', Registry.OPENMETRICS_CONTENT_TYPE, 'application/openmetrics-text'],
]) {
  describe(`as ${name}`, () => {
    test('a registry has the metrics of GET /metrics beside its own', async () => {
      const registry = new Registry(type)
      new Counter({ name: 'own_total', help: 'The own one.', registers: [registry] }).inc(3)
      registerMetrics(registry)
      const [theirs, ours] = [samples(await registry.metrics()), samples(await routeText(accept))]
      assert.equal(theirs.get('own_total{}'), 3)
      theirs.delete('own_total{}')
      assert.deepEqual([...theirs.keys()].sort(), [...ours.keys()].sort())
      for (const [sample, value] of ours) {
        if (!sample.includes('memory')) assert.equal(theirs.get(sample), value, sample)
      }
    })

    test('collects the values each time', async () => {
      const registry = new Registry(type)
      registerMetrics(registry)
      const spawns = async () =>
        samples(await registry.metrics()).get(`procward_child_spawns_total{server="${name}"}`)
      assert.equal(await spawns(), undefined)
      await run(process.execPath, ['--eval', ''], { server: name })
      assert.equal(await spawns(), 1)
    })
  })
}

test('promtool accepts the output', { skip: missing('promtool') }, async () => {
  const registry = new Registry()
  registerMetrics(registry)
  assert.equal(complaints(await registry.metrics()), '')
})

test('a given helper is the source', async (t) => {
  const helper = createMcpHelper({ servers: {}, maxConcurrent: 17 })
  t.after(() => helper.shutdown())
  const registry = new Registry()
  registerMetrics(registry, { helper })
  assert.match(await registry.metrics(), /^procward_semaphore_limit 17$/m)
})

test("the metrics have the registry's default labels", async () => {
  const registry = new Registry()
  registry.setDefaultLabels({ app: 'x' })
  registerMetrics(registry)
  assert.match(await registry.metrics(), /^procward_semaphore_limit\{app="x"\} 3$/m)
})

test('the registry gives JSON and single metrics', async () => {
  const registry = new Registry()
  registerMetrics(registry)
  const json = await registry.getMetricsAsJSON()
  assert.ok(
    json.some(({ name, values }) => name === 'procward_child_spawns_total' && values.length > 0),
  )
  assert.match(
    await registry.getSingleMetricAsString('procward_semaphore_limit'),
    /^procward_semaphore_limit 3$/m,
  )
  registry.resetMetrics()
  registry.clear()
  registerMetrics(registry)
})

test('a second registration in one registry is refused and changes nothing', async () => {
  const registry = new Registry()
  registerMetrics(registry)
  const before = registry.getMetricsAsArray().length
  assert.throws(() => registerMetrics(registry), /already been registered/)
  assert.equal(registry.getMetricsAsArray().length, before)
})

for (const [what, ...params] of [
  ['no registry', undefined],
  ['something else', {}],
  ['an unknown option', new Registry(), { prefix: 'x_' }],
]) {
  test(`${what} is refused`, () =>
    assert.throws(() => registerMetrics(...params), { code: 'ERR_INVALID_CONFIG' }))
}

test('a family that has no values yet shows them later', async () => {
  const registry = new Registry()
  const cleanup = new CleanupScanner({ scope: 'tracked' })
  registerMetrics(registry, { cleanup })
  const value = /^procward_cleanup_last_scan_timestamp_seconds \d/m
  assert.doesNotMatch(await registry.metrics(), value)
  await cleanup.cleanupAll({ dryRun: true })
  assert.match(await registry.metrics(), value)
})

test('the workers of a cluster are summed, but not the values that they share', async (t) => {
  const cleanup = new CleanupScanner()
  t.after(() => cleanup.stop())
  await cleanup.cleanupAll({ dryRun: true })
  const registry = new Registry()
  registerMetrics(registry, { cleanup })
  const worker = await registry.getMetricsAsJSON()
  const scan = 'procward_cleanup_last_scan_timestamp_seconds'
  const later = structuredClone(worker)
  for (const { name, values } of later) {
    if (name === 'procward_host_memory_available_bytes') values[0].value = 7
    if (name === scan) values[0].value += 10
  }
  const cluster = AggregatorRegistry.aggregate([worker, later])
  const valuesOf = (json, wanted) => json.find(({ name }) => name === wanted).values
  const both = await cluster.getMetricsAsJSON()
  const value = (json, name) => valuesOf(json, name)[0].value
  assert.equal(value(both, 'procward_semaphore_limit'), 6)
  assert.equal(value(both, 'procward_host_memory_available_bytes'), 7)
  assert.equal(value(both, scan), value(worker, scan) + 10)
  for (const name of ['procward_build_info', 'procward_host_memory_bytes'])
    assert.deepEqual(value(both, name), value(worker, name), name)
  const count = (json) => valuesOf(json, 'procward_tool_call_duration_seconds').at(-1).value
  assert.equal(count(both), 2 * count(worker))
})
