// docs/recipes: every metric and label value exists, and promtool accepts the rules.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Registry } from 'prom-client'
import { registerMetrics } from '../index.js'
import { dashboardQueries } from '../scripts/long/prometheus/recipes.mjs'
import { missing } from './support/prometheus.mjs'

const RULES = fileURLToPath(new URL('../docs/recipes/prometheus-rules.yml', import.meta.url))
const documentation = readFileSync(new URL('../docs/metrics.md', import.meta.url), 'utf8')

/** The names of all metrics, as queries use them. */
async function metricNames() {
  const registry = new Registry()
  registerMetrics(registry)
  const metrics = await registry.getMetricsAsJSON()
  return new Set(
    metrics.flatMap(({ name, type }) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
    ),
  )
}

/** @param {string} text */
const namesIn = (text) => new Set(text.match(/\bprocward_\w+/g))

test('the queries of the dashboard and the rules name metrics that exist', async () => {
  const known = await metricNames()
  const queries = dashboardQueries().map(({ expr }) => expr)
  const used = new Set([...namesIn(queries.join('\n')), ...namesIn(readFileSync(RULES, 'utf8'))])
  assert.ok(used.size > 20)
  assert.deepEqual(
    [...used].filter((name) => !known.has(name)),
    [],
  )
})

test('the dashboard has the eight panels', () => {
  const titles = new Set(dashboardQueries().map(({ title }) => title))
  assert.deepEqual(
    [...titles],
    [
      'Calls per second',
      'Share of failed calls',
      'Latency, 95th percentile',
      'Slots',
      'Children',
      'Crashes and restarts',
      'Sessions',
      'Cleanup',
    ],
  )
})

test('every metric is documented, and no other', async () => {
  const known = [...(await metricNames())].map((name) => name.replace(/_(bucket|sum|count)$/, ''))
  const rows = documentation.matchAll(/^\| `(procward_\w+)/gm)
  assert.deepEqual(
    [...new Set([...rows].map(([, name]) => name))].sort(),
    [...new Set(known)].sort(),
  )
})

test('promtool accepts the rules', { skip: missing('promtool') }, () => {
  assert.match(
    execFileSync('promtool', ['check', 'rules', RULES], { encoding: 'utf8' }),
    /SUCCESS: 21 rules found/,
  )
})
