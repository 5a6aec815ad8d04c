// GET /metrics: what Prometheus reads, and that it does.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import { run, spawn } from '../index.js'
import { healthRouter } from '../lib/health.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import native from '../lib/native.js'
import { hostileServer } from './support/hostile.mjs'
import { complaints, missing, prometheus } from './support/prometheus.mjs'
import { until } from './support/until.mjs'

const PLAIN = 'text/plain; version=0.0.4; charset=utf-8'
const OPEN = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
const SECRET = 'hunter2-7b1d'
const ODD = 'ödd "näme"\\ of\na \u{1b}[31mserver'

/** @type {http.Server} */
let server
/** @type {import('../lib/mcp-helper.js').McpHelper} */
let helper
let child

before(async () => {
  const servers = {
    asked: { ...hostileServer(), env: { SECRET } },
    [ODD]: hostileServer(),
    'never called': hostileServer(),
  }
  helper = createMcpHelper({ servers, transport: 'pool' })
  await helper.callToolAsync('asked', 'pid', { secret: SECRET })
  await helper.callToolAsync('asked', 'pid')
  await helper.callToolAsync(ODD, 'pid')
  await assert.rejects(helper.callToolAsync('asked', 'delay', { ms: 60_000 }, { timeout: 1 }))
  await run(process.execPath, ['--eval', '', SECRET], { server: 'ran' })
  child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)', SECRET], {
    server: 'runs',
    env: { SECRET },
  })
  child.exited.catch(() => {})
  await once(child, 'spawn')
  server = http.createServer(healthRouter({ helper, prefix: '/api/health' })).listen(0, '127.0.0.1')
  await once(server, 'listening')
})

after(async () => {
  server.close()
  server.closeAllConnections()
  await Promise.all([helper.shutdown(), child.kill({ killGrace: 1 })])
})

const get = (path, headers = {}) =>
  fetch(`http://127.0.0.1:${server.address().port}/api/health${path}`, { headers })
const textOf = async (accept) => (await get('/metrics', { accept })).text()
const PROMETHEUS_ASKS =
  'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1'

describe('the format', () => {
  for (const [accept, type] of [
    ['*/*', PLAIN],
    ['text/plain', PLAIN],
    ['text/plain;version=0.0.4', PLAIN],
    ['application/json', PLAIN],
    ['application/openmetrics-text', OPEN],
    ['application/openmetrics-text;version=1.0.0,text/plain;q=0.5', OPEN],
    ['application/openmetrics-text;q=0.1,text/plain;q=0.5', PLAIN],
    ['application/openmetrics-text;q=0', PLAIN],
    [PROMETHEUS_ASKS, OPEN],
  ]) {
    test(`for ${accept} is ${type}`, async () => {
      const response = await get('/metrics', { accept })
      assert.deepEqual([response.status, response.headers.get('content-type')], [200, type])
      assert.equal(response.headers.get('cache-control'), 'no-store')
      assert.equal((await response.text()).endsWith('\n# EOF\n'), type === OPEN)
    })
  }

  test('HEAD has the length and no body', async () => {
    const response = await fetch(`http://127.0.0.1:${server.address().port}/api/health/metrics`, {
      method: 'HEAD',
    })
    assert.ok(Number(response.headers.get('content-length')) > 1000)
    assert.equal(await response.text(), '')
  })
})

describe('the text', () => {
  for (const accept of ['text/plain', 'application/openmetrics-text']) {
    test(`has the recorded events, as ${accept}`, async () => {
      const lines = (await textOf(accept)).split('\n')
      const has = (line) => assert.ok(lines.includes(line), `${line} in\n${lines.join('\n')}`)
      has('procward_semaphore_limit 3.0')
      has('procward_tool_call_duration_seconds_count{outcome="ok",server="asked",tool="pid"} 2')
      has(
        'procward_tool_call_duration_seconds_count{outcome="timeout",server="asked",tool="delay"} 1',
      )
      has(
        'procward_tool_call_duration_seconds_bucket{le="+Inf",outcome="ok",server="asked",tool="pid"} 2',
      )
      has('procward_child_exits_total{reason="ok",server="ran"} 1.0')
      has('procward_children{server="runs"} 1.0')
      has('procward_semaphore_rejected_total{reason="timeout"} 0.0')
      has(
        'procward_tool_call_duration_seconds_count{outcome="ok",server="ödd \\"näme\\"\\\\ ofa [31mserver",tool="pid"} 1',
      )
    })

    test(`has the failures and exits that may come at 0, as ${accept}`, async () => {
      const text = await textOf(accept)
      const values = (name, labels, given) =>
        [...text.matchAll(new RegExp(`^${name}{(.*)} (\\S+)$`, 'gm'))]
          .filter(([, found]) => found.includes(given))
          .map(([, found, value]) => [
            new RegExp(`${labels}="(\\w+)"`).exec(found)[1],
            Number(value),
          ])
      const outcomes = values(
        'procward_tool_call_duration_seconds_count',
        'outcome',
        'server="asked",tool="pid"',
      )
      const known = Object.keys(native.CallOutcome).filter((name) => /^[A-Z]/.test(name))
      assert.deepEqual(
        outcomes.map(([outcome]) => outcome).sort(),
        known
          .map((name) => name.replace(/\B[A-Z]/g, '_$&').toLowerCase())
          .filter((name) => name !== 'unknown')
          .sort(),
      )
      assert.deepEqual(
        outcomes.filter(([, count]) => count > 0),
        [['ok', 2]],
      )
      const exits = Object.fromEntries(values('procward_child_exits_total', 'reason', '"runs"'))
      for (const reason of ['ok', 'error', 'killed', 'oom', 'timeout', 'cleanup', 'shutdown'])
        assert.equal(exits[reason], 0, reason)
      assert.match(text, /^procward_pool_recycled_total{reason="evicted",server="asked"} 0/m)
      const unused = [...text.matchAll(/^(\w+){(?:.*,)?server="never called".*} (\S+)$/gm)]
      const families = new Set(unused.map(([, name]) => name.replace(/^procward_|_total$/g, '')))
      assert.deepEqual(
        [
          'calls',
          'calls_in_flight',
          'child_exits',
          'child_spawns',
          'pool_hits',
          'pool_misses',
          'pool_recycled',
          'pool_size',
          'pool_start_failures',
          'pool_waiting',
          'server_breaker_open',
        ].filter((name) => !families.has(name)),
        [],
      )
      for (const [line, , value] of unused) assert.equal(Number(value), 0, line)
      assert.match(text, /^procward_cleanup_killed_total{reason="left_over"} 0/m)
    })

    test(`has no secret, no pid and no control character, as ${accept}`, async () => {
      const text = await textOf(accept)
      assert.ok(!text.includes(SECRET) && !text.includes(process.execPath) && !/\bpid=/.test(text))
      assert.doesNotMatch(text, /[^\P{Cc}\n]/u)
    })
  }

  test('names every metric once', async () => {
    const text = await textOf('text/plain')
    const families = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
    assert.equal(new Set(families).size, families.length)
    const samples = new Set(
      [...text.matchAll(/^([a-z_]+)/gm)].map(([, name]) =>
        name.replace(/_(bucket|sum|count)$/, ''),
      ),
    )
    for (const name of samples) assert.ok(families.includes(name), name)
  })
})

test('promtool accepts the text', { skip: missing('promtool') }, async () => {
  const text = await textOf('text/plain')
  assert.equal(complaints(text), '')
  assert.notEqual(complaints(text.replaceAll('_total', '')), '', 'it does look')
})

test('Prometheus scrapes it', { skip: missing('prometheus') }, async (t) => {
  const { query, target } = await prometheus(t, server.address().port, '/api/health/metrics')
  const asked = 'procward_tool_call_duration_seconds_count{server="asked",tool="pid",outcome="ok"}'
  const [{ value }] = await until(async () => {
    const found = await query(asked)
    return found.length > 0 && found
  })
  assert.equal(value[1], '2')
  const { health, lastError } = await target()
  assert.deepEqual([health, lastError], ['up', ''])
  const quantile = await query(`histogram_quantile(0.99, ${asked.replace('_count', '_bucket')})`)
  assert.ok(Number(quantile[0].value[1]) > 0)
  const [{ metric }] = await query('procward_tool_call_duration_seconds_count{server=~".*server"}')
  assert.equal(metric.server, 'ödd "näme"\\ ofa [31mserver')
})

describe('GET /history', () => {
  test('has the interval and samples', async () => {
    const response = await get('/history')
    assert.deepEqual(
      [response.status, response.headers.get('content-type')],
      [200, 'application/json; charset=utf-8'],
    )
    const { interval, samples } = await response.json()
    assert.equal(interval, 5000)
    assert.ok(Array.isArray(samples))
  })

  for (const since of ['x', '', '1e400', 'NaN', '1;2', '9'.repeat(40)]) {
    test(`refuses since=${since}`, async () => {
      const response = await get(`/history?since=${since}`)
      assert.equal(response.status, 400)
      assert.equal((await response.json()).error.code, 'ERR_INVALID_QUERY')
    })
  }
})
