// Runs a real Prometheus and Alertmanager against the Ad Ops server: first events are counted, the
// queries of docs/recipes have values, alerts rise and end. Debian's packages are installed if they
// can be. The addon has to be built.

import { execFile, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { alertmanager, missing, prometheus } from '../../__test__/support/prometheus.mjs'
import { until } from '../../__test__/support/until.mjs'
import { root } from '../steps.mjs'
import { dashboardQueries } from './prometheus/recipes.mjs'
import { Checks, Skip } from './support/checks.mjs'

const require = createRequire(import.meta.url)
const { ServerProcess } = require('../../examples/ad-ops/demo/server-process')
const { AdOpsClient } = require('../../examples/ad-ops/demo/ad-ops-client')

const PROGRAMS = /** @type {const} */ (['prometheus', 'promtool', 'prometheus-alertmanager'])
const RULES = join(root, 'docs', 'recipes', 'prometheus-rules.yml')
/** Queries that show what does not happen in a healthy server, or in a server without a fleet. */
const MAY_BE_EMPTY = / > 0$|procward_fleet_/

/** The ends of programs, in the order of their starts. @type {(() => Promise<void>)[]} */
const ends = []
const scope = { after: (/** @type {() => Promise<void>} */ end) => void ends.push(end) }

const checks = new Checks()
const programs = await checks.check('programs', install)
await checks.check('rules', checkRules, programs)
const watched = await checks.check('server', watchServer, programs)
await checks.check('first events', firstEvents, watched)
await checks.check('panels', panels, watched)
await checks.check('rules in force', rulesInForce, watched)
await checks.check('Alertmanagers', alerts, programs)
await checks.check('cluster', cluster)
for (const end of ends.reverse()) await end()
checks.finish()

function install() {
  if (process.platform !== 'linux') throw new Skip('the packages are those of Debian')
  if (PROGRAMS.some(missing) && process.getuid?.() === 0) {
    const packages = ['prometheus', 'prometheus-alertmanager']
    const options = ['install', '-y', '-qq', '--no-install-recommends']
    spawnSync('apt-get', [...options, ...packages], { stdio: 'ignore', timeout: 300_000 })
  }
  const reason = PROGRAMS.map(missing).find(Boolean)
  if (reason) throw new Skip(reason)
}

async function checkRules() {
  const { stdout } = await promisify(execFile)('promtool', ['check', 'rules', RULES])
  return /\d+ rules found/.exec(stdout)?.[0]
}

/** Starts the server and a Prometheus that has scraped it before any call. */
async function watchServer() {
  const server = await ServerProcess.start()
  scope.after(async () => void (await server.stop()))
  const port = Number(new URL(server.url).port)
  const scraper = await prometheus(scope, port, '/api/health/metrics', [RULES])
  const known = 'count(procward_calls_total{server="everything"})'
  await until(async () => (await scraper.query(known)).length > 0)
  // Each counter needs a scrape before the first event.
  await until(async () => (await scraper.query('count_over_time(up[1m]) > 4')).length > 0)
  return { ...scraper, client: new AdOpsClient(server.url, new AbortController().signal) }
}

/** @typedef {Awaited<ReturnType<typeof watchServer>>} Watched */

/** Checks that the first failure and the first kill of a server are seen. @param {Watched} given */
async function firstEvents({ client, query }) {
  const call = (/** @type {string} */ tool, args = {}) =>
    client.callTool(/** @type {any} */ ({ server: 'everything', tool, args }))
  await call('echo', { message: 'hello' })
  const refused = await call('echo').catch((/** @type {Error} */ error) => error.message)
  if (typeof refused !== 'string') throw new Error('a call without its argument was answered')
  const { pool } = await client.processHealth()
  process.kill(pool.sessions[0].pid, 'SIGKILL')
  const labels = 'server="everything"'
  const increases = [
    `procward_calls_total{${labels},outcome="ok"}`,
    `procward_calls_total{${labels},outcome=~"tool|protocol"}`,
    `procward_child_spawns_total{${labels}}`,
    `procward_child_exits_total{${labels},reason="killed"}`,
    `procward_pool_recycled_total{${labels},reason="exited"}`,
    `procward_pool_misses_total{${labels}}`,
  ]
  for (const series of increases)
    await until(async () => (await query(`sum(increase(${series}[1m])) > 0`)).length > 0)
  await call('echo', { message: 'again' })
  return `${increases.length} first events counted`
}

/** @param {Watched} given */
async function panels({ query, client }) {
  const busy = client.callTool(
    /** @type {any} */ ({
      server: 'everything',
      tool: 'trigger-long-running-operation',
      args: { duration: 3, steps: 1 },
    }),
  )
  // A rate needs two scrapes after the first answer.
  const answered = 'procward_tool_call_duration_seconds_count{outcome="ok"}'
  await until(async () => (await query(`count_over_time(${answered}[1m]) > 1`)).length > 0)
  const queries = dashboardQueries()
  const empty = []
  for (const { title, expr } of queries) {
    const found = await query(expr)
    if (found.length === 0 && !MAY_BE_EMPTY.test(expr)) empty.push(`${title}: ${expr}`)
  }
  await busy
  if (empty.length > 0) throw new Error(`no values: ${empty.join('; ')}`)
  return `${queries.length} queries have values`
}

/** @param {Watched} given */
async function rulesInForce({ rules }) {
  const all = await until(async () => {
    const found = await rules()
    return found.length > 0 && found.every(({ health }) => health !== 'unknown') && found
  })
  const bad = all.filter(({ health }) => health !== 'ok')
  if (bad.length > 0)
    throw new Error(bad.map(({ name, lastError }) => `${name}: ${lastError}`).join())
  const firing = all.filter(({ state }) => state === 'firing').map(({ name }) => name)
  if (firing.length > 0) throw new Error(`firing in a healthy server: ${firing.join()}`)
  return `${all.length} rules evaluated`
}

/** Checks that two Alertmanagers show an alert, and its end. */
async function alerts() {
  const { startAlerts } = require('../../index')
  const { createMcpHelper } = require('../../lib/mcp-helper')
  const receivers = await Promise.all([alertmanager(scope), alertmanager(scope)])
  const configPath = join(root, 'examples', 'ad-ops', 'config', 'mcporter.json')
  const helper = createMcpHelper({ configPath, transport: 'pool' })
  const watch = startAlerts({
    helper,
    rules: { processes: { threshold: 0, keep: 0 } },
    webhook: { url: receivers.map(({ url }) => url), repeat: 10_000 },
  })
  try {
    const shows = (/** @type {number} */ count) =>
      Promise.all(receivers.map((one) => until(async () => (await one.alerts()).length === count)))
    const running = helper.callToolAsync('everything', 'trigger-long-running-operation', {
      duration: 15,
      steps: 1,
    })
    await shows(1)
    await running
    await shows(0)
    const { undelivered, lastFailure } = watch.getWebhookStatus() ?? {}
    if (undelivered !== 0 || lastFailure) throw new Error(`${undelivered} lost: ${lastFailure}`)
    return 'two receivers, raised and resolved'
  } finally {
    watch.stop()
    await helper.shutdown()
  }
}

/** Checks what prom-client makes of two workers. */
async function cluster() {
  const program = join(root, 'scripts', 'long', 'prometheus', 'cluster.cjs')
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 120_000 })
  const value = (/** @type {string} */ name) =>
    Number(new RegExp(`^${name}(?:{.*})? (\\S+)$`, 'm').exec(stdout)?.[1])
  const { totalmem } = await import('node:os')
  const seen = {
    spawns: value('procward_child_spawns_total'),
    limit: value('procward_semaphore_limit'),
    build: value('procward_build_info'),
    ready: value('procward_ready'),
    oneMachine: value('procward_host_memory_bytes') <= totalmem(),
    scan: value('procward_cleanup_last_scan_timestamp_seconds') <= Date.now() / 1000,
    late: value('procward_cleanup_last_scan_duration_seconds') >= 0,
  }
  const expected = {
    spawns: 2,
    limit: 6,
    build: 1,
    ready: 1,
    oneMachine: true,
    scan: true,
    late: true,
  }
  const { deepEqual } = await import('node:assert/strict')
  deepEqual(seen, expected)
  return 'two workers summed'
}
