import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { McpPool, off, on, once, registerMetrics, startAlerts } from 'procward'
import { getProcessHealth, healthRouter } from 'procward/health'
import { deadAddress } from './support/receivers.mjs'
import { look, startClock, stopClock, watched } from './support/watched.mjs'

const MANY = '6 active processes detected (recommended max: 5)'
const root = fileURLToPath(new URL('..', import.meta.url))

before(stopClock)
after(startClock)

/** What the listeners heard while `act` ran. @param {() => void} act */
function heard(act) {
  const events = []
  const onAlert = ({ name, level }) => events.push(`+${name} ${level}`)
  const onResolve = ({ name }) => events.push(`-${name}`)
  on('alert', onAlert)
  on('resolve', onResolve)
  try {
    act(events)
  } finally {
    off('alert', onAlert)
    off('resolve', onResolve)
  }
  return events
}

/**
 * A router stays, and so does its watch: the next test is to hear nothing of it.
 * @param {ReturnType<typeof watched>['state']} state
 */
function calmDown(state) {
  Object.assign(state, { processes: 0, queued: 0 })
  look(20)
}

/** What a router answers at /processes. @param {ReturnType<typeof healthRouter>} router */
function answer(router, accept = '*/*') {
  let body
  const response = { setHeader() {}, end: (text) => (body = JSON.parse(text)) }
  router({ url: '/processes', method: 'GET', headers: { accept } }, response)
  return body
}

test('an alert is raised, shown and resolved', () => {
  const { state, ...source } = watched()
  const watch = startAlerts(source)
  const events = heard((events) => {
    state.processes = 6
    look()
    const since = Date.now()
    const alert = {
      name: 'processes',
      level: 'warning',
      message: MANY,
      since,
      value: 6,
      threshold: 5,
    }
    assert.deepEqual(watch.getActive(), [alert])
    assert.deepEqual(getProcessHealth(source).alerts, [alert])
    state.processes = 2
    look(3)
    assert.deepEqual(events, ['+processes warning'])
    look()
    assert.deepEqual(watch.getActive(), [])
  })
  assert.deepEqual(events, ['+processes warning', '-processes'])
  watch.stop()
})

test('the single alert stays unchanged beside the list', () => {
  const { state, ...source } = watched()
  const router = healthRouter(source)
  state.processes = 6
  const { alert, alerts } = answer(router)
  assert.deepEqual(alert, { level: 'warning', message: MANY })
  const [{ name, level, message, since }] = alerts
  assert.deepEqual(
    [name, level, message, since],
    ['processes', 'warning', MANY, Date.now()],
    'at once',
  )
  look()
  state.processes = 0
  const after = answer(router)
  assert.equal(after.alert, null)
  assert.deepEqual(
    after.alerts.map(({ name, value }) => [name, value]),
    [['processes', 0]],
    'few for 15 s, and only then enough',
  )
  const health = answer(router, 'application/health+json')
  assert.deepEqual([health.status, health.output], ['warn', after.alerts[0].message])
  calmDown(state)
  assert.equal(answer(router, 'application/health+json').status, 'pass')
})

test('a router is watched by the default rules, with its own maximum', () => {
  const { state, ...source } = watched()
  const router = healthRouter({ ...source, recommendedMax: 8 })
  const events = heard(() => {
    state.processes = 8
    look()
    state.processes = 9
    look()
  })
  assert.deepEqual(events, ['+processes warning'])
  assert.match(
    answer(router).alerts[0].message,
    /^9 active processes detected \(recommended max: 8\)$/,
  )
  calmDown(state)
})

test("startAlerts() takes precedence over a router's rules until it is stopped", () => {
  const { state, ...source } = watched()
  const router = healthRouter(source)
  const watch = startAlerts({
    ...source,
    rules: { processes: false, queue: { threshold: 0, for: 0, level: 'critical' } },
  })
  const events = heard(() => {
    state.processes = 6
    state.queued = 1
    look()
    watch.stop()
    watch.stop()
    look()
  })
  assert.deepEqual(events, ['+queue critical', '+processes warning'])
  assert.deepEqual(watch.getActive(), [], 'it is no longer in charge')
  assert.deepEqual(
    answer(router)
      .alerts.map(({ name }) => name)
      .sort(),
    ['processes', 'queue'],
  )
  calmDown(state)
})

test('a second startAlerts() replaces the rules, and active alerts continue', () => {
  const { state, ...source } = watched()
  const first = startAlerts(source)
  let second
  const events = heard(() => {
    state.processes = 6
    look()
    second = startAlerts({ ...source, rules: { processes: { level: 'critical' } } })
    look()
    first.stop()
    look()
    second.stop()
    look(10)
  })
  assert.deepEqual(events, ['+processes warning'], 'raised once, without a resolution after stop()')
  assert.deepEqual([first.getActive(), second.getActive()], [[], []])
  assert.deepEqual(
    getProcessHealth(source).alerts.map(({ level }) => level),
    ['warning'],
    'by the default rules again',
  )
})

test('each helper has its own alerts', () => {
  const [one, other] = [watched(), watched()]
  const watches = [one, other].map(({ helper, cleanup }) => startAlerts({ helper, cleanup }))
  one.state.processes = 6
  look()
  assert.deepEqual(
    watches.map((watch) => watch.getActive().length),
    [1, 0],
  )
  for (const watch of watches) watch.stop()
})

test('a helper that fails for a while is read again', () => {
  const { state, helper, cleanup } = watched()
  const { getActiveProcesses } = helper
  const watch = startAlerts({ helper, cleanup })
  helper.getActiveProcesses = () => {
    throw new Error('not now')
  }
  look(2)
  helper.getActiveProcesses = getActiveProcesses
  state.processes = 6
  look()
  assert.equal(watch.getActive().length, 1)
  watch.stop()
})

test('a listener of once() is called once, and none after off()', () => {
  const { state, ...source } = watched()
  const watch = startAlerts({ ...source, rules: { processes: { keep: 0 } } })
  const calls = []
  const always = () => calls.push('always')
  const never = () => calls.push('never')
  on('alert', always)
  once('alert', () => calls.push('once'))
  on('alert', never)
  once('alert', never)
  off('alert', never)
  off('alert', never)
  for (const processes of [6, 0, 6]) {
    state.processes = processes
    look()
  }
  assert.deepEqual(calls, ['always', 'once', 'always'])
  off('alert', always)
  watch.stop()
})

test('calls that fail and are slow raise alerts', async () => {
  const { helper, cleanup } = watched()
  const verbatim = {
    command: process.execPath,
    args: [fileURLToPath(new URL('fixtures/verbatim-server.mjs', import.meta.url))],
  }
  const pool = new McpPool({ servers: { verbatim } })
  const watch = startAlerts({ helper, cleanup, rules: { slowTool: { threshold: 0, for: 0 } } })
  look()
  for (let at = 0; at < 10; at++) {
    const error = at < 3 ? { code: 1, message: 'no' } : undefined
    const call = pool.callTool('verbatim', 'answer', { result: {}, error })
    if (error) await assert.rejects(call, { code: 'ERR_MCP' })
    else await call
  }
  look()
  const alerts = new Map(watch.getActive().map((alert) => [alert.name, alert]))
  assert.deepEqual([...alerts.keys()].sort(), ['failures', 'slowTool'])
  assert.equal(
    alerts.get('failures').message,
    '30% of 10 calls failed within 300 s (threshold: 25%)',
  )
  assert.match(alerts.get('slowTool').message, /^verbatim\.answer took /)
  watch.stop()
  await pool.close()
})

test('the metrics contain the active alerts', async () => {
  const { state, helper, cleanup } = watched()
  const metrics = new Map()
  registerMetrics(
    { registerMetric: (metric) => metrics.set(metric.name, metric) },
    { helper, cleanup },
  )
  const watch = startAlerts({ helper, cleanup })
  state.processes = 6
  look()
  await new Promise((resolve) => setImmediate(resolve))
  const { type, values } = await metrics.get('procward_alerts_active').get()
  assert.equal(type, 'gauge')
  assert.deepEqual(values, [{ labels: { name: 'processes', level: 'warning' }, value: 1 }])
  watch.stop()
})

test('no alert contains a part of a command line', () => {
  const { state, ...source } = watched()
  const watch = startAlerts(source)
  state.processes = 6
  state.queued = 9
  look(20)
  const told = JSON.stringify([watch.getActive(), getProcessHealth(source)])
  assert.equal(watch.getActive().length, 2)
  assert.doesNotMatch(told, /hunter2|api-key/)
  watch.stop()
})

describe('a program', () => {
  /**
   * What a program prints that has these names at hand.
   * @param {string} program
   * @param {string[]} [options]
   */
  async function printed(program, ...options) {
    const source = `
      const { mock } = require('node:test')
      const procward = require('procward')
      const { look, startClock, stopClock, watched } = require('./__test__/support/watched.mjs')
      const print = (value) => console.log(JSON.stringify(value))
      ${program}`
    const args = ['--experimental-require-module', '--no-warnings', ...options, '-e', source]
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
      cwd: root,
      timeout: 30_000,
    })
    assert.equal(stderr, '')
    return stdout
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  }

  test('exits while its alerts are watched', async () => {
    const lines = await printed(`
      procward.startAlerts({ webhook: { url: 'https://example.invalid/' } })
      procward.on('alert', print)
      require('procward/health').healthRouter()
      print('started')`)
    assert.deepEqual(lines, ['started'])
  })

  test('exits while an alert waits for its next delivery', async () => {
    const url = await deadAddress()
    const lines = await printed(`
      stopClock()
      const { state, ...source } = watched()
      const watch = procward.startAlerts({ ...source, webhook: { url: '${url}' } })
      state.processes = 6
      look()
      startClock()
      const wait = setInterval(() => {
        const { queued, lastFailure } = watch.getWebhookStatus()
        if (lastFailure === null) return
        clearInterval(wait)
        print([queued, lastFailure])
      }, 10)`)
    assert.deepEqual(lines, [[1, 'it could not be reached (ECONNREFUSED)']])
  })

  test('that only listens gets alerts of the default helper', async () => {
    const lines = await printed(`
      stopClock()
      const helper = require('procward/mcp-helper')
      procward.on('alert', ({ message }) => print(message))
      helper.getActiveProcesses = () => Array(6).fill({})
      look()`)
    assert.deepEqual(lines, [MANY])
  })

  test('that listens and has its own helper gets alerts of that helper only', async () => {
    const lines = await printed(`
      stopClock()
      require('procward/mcp-helper').getActiveProcesses = () => Array(6).fill({})
      procward.on('alert', ({ value }) => print(value))
      const { state, ...source } = watched()
      const watch = procward.startAlerts(source)
      state.processes = 7
      look(2)
      watch.stop()
      look()`)
    assert.deepEqual(lines, [7, 6])
  })

  test('gets no alert after shutdown()', async () => {
    const lines = await printed(`
      stopClock()
      const { state, ...source } = watched()
      procward.on('alert', ({ value }) => print(value))
      const watch = procward.startAlerts(source)
      require('procward/health').healthRouter(source)
      procward.shutdown().then(() => {
        state.processes = 6
        look(3)
        procward.startAlerts(source)
        look(3)
        print(watch.getActive())
      })`)
    assert.deepEqual(lines, [[]])
  })

  test('with a listener that throws gets the error, and the other listeners get the alert', async () => {
    const lines = await printed(`
      stopClock()
      process.on('uncaughtException', ({ message }) => print(message))
      const { state, ...source } = watched()
      procward.on('alert', () => { throw new Error('mine') })
      procward.on('alert', ({ value }) => print(value))
      procward.startAlerts(source)
      state.processes = 6
      look()`)
    assert.deepEqual(lines, [6, 'mine'])
  })

  test('that makes many routers keeps no router that it has dropped', async () => {
    const lines = await printed(
      `
      const { healthRouter } = require('procward/health')
      const helpers = []
      for (let at = 0; at < 100; at++) {
        const { helper, cleanup } = watched()
        healthRouter({ helper, cleanup })
        helpers.push(new WeakRef(helper))
      }
      const left = () => helpers.filter((helper) => helper.deref()).length
      const turn = (turns) => {
        gc()
        if (left() <= 1 || turns === 0) print(left() <= 1)
        else setTimeout(turn, 10, turns - 1)
      }
      setTimeout(turn, 10, 200)`,
      '--expose-gc',
    )
    assert.deepEqual(lines, [true])
  })
})
