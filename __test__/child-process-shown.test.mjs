// The children of a registered server, in its lists, figures and alerts and on the command line.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { getGuarantees, getMetrics } from '../index.js'
import { documentOf, procward } from './support/cli.mjs'
import { isAlive, kill, noProcessList, nothingLeft } from './support/processes.mjs'
import { until } from './support/until.mjs'

const skip = process.platform === 'linux' ? noProcessList : 'children are guarded on Linux'
const root = fileURLToPath(new URL('..', import.meta.url))
const PACKAGE = '@scope/starts'

/** A server with three children: of a package, of its own, and a detached one that is let go. */
const SERVER = `
  const { spawn } = require('child_process')
  const { healthRouter } = require(${JSON.stringify(join(root, 'lib', 'health.js'))})
  const options = { detached: true, stdio: 'ignore' }
  const children = [
    require(${JSON.stringify(PACKAGE)})(),
    spawn('sleep', ['100']),
    spawn('sleep', ['100'], options),
  ]
  children[2].unref()
  process.env.PROCWARD_WARDEN = 'off'
  const unguarded = spawn('true')
  delete process.env.PROCWARD_WARDEN
  const router = healthRouter({ prefix: '/api/health', recommendedMax: 2 })
  unguarded.on('close', () =>
    require('http').createServer(router).listen(0, '127.0.0.1', function () {
      console.log(JSON.stringify({
        url: 'http://127.0.0.1:' + this.address().port + '/api/health',
        pids: children.map(({ pid }) => pid),
      }))
    }))`

describe('the children of a registered server', { skip }, () => {
  /** @type {string} */
  let folder
  /** @type {import('node:child_process').ChildProcess} */
  let server
  let url = ''
  /** @type {number[]} */
  let pids = []

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'procward shown-'))
    const starts = join(folder, 'node_modules', PACKAGE)
    mkdirSync(starts, { recursive: true })
    const code = `module.exports = () => require('child_process').spawn('sleep', ['100'])`
    writeFileSync(join(starts, 'index.js'), code)
    writeFileSync(join(folder, 'server.cjs'), SERVER)
    const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env
    const args = ['--require', join(root, 'lib', 'register.js'), join(folder, 'server.cjs')]
    server = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(
      createInterface({ input: /** @type {any} */ (server.stdout) }),
      'line',
    )
    ;({ url, pids } = JSON.parse(line))
  })
  after(async () => {
    server.kill('SIGKILL')
    await until(() => !isAlive(pids[0]) && !isAlive(pids[1]))
    kill(pids[2])
    await until(() => !isAlive(pids[2]))
    rmSync(folder, { recursive: true })
    await nothingLeft()
  })

  const get = async (/** @type {string} */ path) => (await fetch(`${url}${path}`)).json()

  test('are active processes, with the calling package as server', async () => {
    const { activeProcesses, alert } = await get('/processes')
    const listed = activeProcesses.processes.map(({ pid, server, tool }) => [pid, server, tool])
    assert.deepEqual(listed, [
      [pids[0], PACKAGE, null],
      [pids[1], null, null],
      [pids[2], null, null],
    ])
    assert.equal(activeProcesses.count, 3)
    assert.equal(alert.message, '3 active processes detected (recommended max: 2)')
  })

  test('are in the metrics', async () => {
    const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n')
    for (const line of [
      'procward_child_process_spawns_total{guard="warden"} 3.0',
      'procward_child_process_spawns_total{guard="adopted"} 1.0',
      'procward_child_process_spawns_total{guard="none"} 0.0',
      'procward_child_process_fallbacks_total{reason="warden"} 1.0',
      'procward_child_process_fallbacks_total{reason="platform"} 0.0',
      'procward_child_process_released_total 1.0',
      'procward_child_process_waiting 0.0',
      `procward_children{server="${PACKAGE}"} 1.0`,
      'procward_children{server=""} 2.0',
    ])
      assert.ok(lines.includes(line), `${line} in\n${lines.join('\n')}`)
  })

  test('are in the data of the dashboard', async () => {
    const response = await fetch(`${url}/events`)
    const reader = /** @type {any} */ (response.body)
      .pipeThrough(new TextDecoderStream())
      .getReader()
    let text = ''
    while (!/^data: .*\n\n/m.test(text)) text += (await reader.read()).value
    await reader.cancel()
    const [, data] = /** @type {any} */ (/^data: (.*)$/m.exec(text))
    const { health, sample, metrics } = JSON.parse(data)
    assert.equal(sample.processes, 3)
    assert.deepEqual(
      health.activeProcesses.processes.map(({ pid }) => pid),
      pids,
    )
    assert.deepEqual(metrics.childProcesses.guarded, 3)
  })

  test('are in ps and top', async () => {
    for (const args of [
      ['ps', '--json', '--url', url],
      ['top', '--count', '1', '--json', '--url', url],
    ]) {
      const { processes } = documentOf(await procward(args))
      const of = new Map(processes.map((row) => [row.pid, row]))
      for (const [at, pid] of pids.entries()) {
        const { state, owner, server: name } = of.get(pid)
        // The scanner spares the detached child, so its owner is not looked up.
        const expected = at === 2 ? null : server.pid
        assert.deepEqual([state, owner, name], ['owned', expected, at === 0 ? PACKAGE : null])
      }
    }
    const { stdout } = await procward(['ps', '--url', url])
    assert.match(stdout, new RegExp(`^ *${pids[0]} .* owned .* ${PACKAGE} `, 'm'))
  })
})

test('getGuarantees() has the guard of these children', { skip }, () => {
  const { childProcesses, level } = getGuarantees()
  assert.deepEqual([childProcesses.guard, childProcesses.level], ['warden', level])
  assert.match(childProcesses.weaker.join('\n'), /unref.*\n.*spawnSync/)
  process.env.PROCWARD_REGISTER = 'all'
  try {
    assert.doesNotMatch(getGuarantees().childProcesses.weaker.join('\n'), /unref/)
  } finally {
    delete process.env.PROCWARD_REGISTER
  }
})

test('a helper that starts its processes with child_process lists them once', {
  skip,
}, async () => {
  const { spawn } = await import('procward/child_process')
  const { getProcessHealth } = await import('../lib/health.js')
  const child = spawn('sleep', ['100'])
  const own = { pid: child.pid, server: 'asana-v2', tool: 'list', startTime: 1, duration: 1 }
  const helper = {
    getSemaphoreStatus: () => ({ maxConcurrent: 3, current: 1, queued: 0, available: 2 }),
    getActiveProcesses: () => [own],
  }
  const { processes, count } = getProcessHealth({ helper }).activeProcesses
  assert.deepEqual([processes, count], [[own], 1])
  const closed = once(child, 'close')
  child.kill()
  await closed
  await until(() => getMetrics().children.every(({ count }) => count === 0))
})
