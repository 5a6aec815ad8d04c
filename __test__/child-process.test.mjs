// `procward/child_process` does what Node.js's own module does, with a warden and without one.

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import node from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { getActiveProcesses, getMetrics, shutdown } from 'procward'
import * as named from 'procward/child_process'
import { exec, execFile, fork, spawn } from 'procward/child_process'
import { SCENARIOS } from './support/child-scenarios.mjs'
import { isAlive, kill, noProcessList, nothingLeft, parentOf } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'
import { until } from './support/until.mjs'
import { withWarden } from './support/warden.mjs'

const skip = process.platform === 'linux' ? false : 'children are guarded on Linux'
const ours = /** @type {any} */ ({ ...named, ...named.default })

const nameOf = (pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()

const childCounts = () => getMetrics().childProcesses

for (const warden of ['on', 'off'])
  describe(`as Node.js, with wardens ${warden}`, { skip }, () => {
    withWarden(warden)
    afterEach(nothingLeft)

    for (const [name, scenario] of Object.entries(SCENARIOS))
      test(name, async () => {
        const expected = await scenario(node)
        const { guarded } = childCounts()
        assert.deepEqual(await scenario(ours), expected)
        if (warden === 'off') assert.equal(childCounts().guarded, guarded)
      })

    test('events belong to the asynchronous context of the start', async () => {
      const storage = new AsyncLocalStorage()
      const child = storage.run('context', () => spawn('true'))
      const seen = await new Promise((resolve) =>
        storage.run('context', () => child.on('exit', () => resolve(storage.getStore()))),
      )
      assert.equal(seen, 'context')
    })
  })

test('a child is guarded in a folder that was removed', { skip }, async () => {
  const here = process.cwd()
  const removed = mkdtempSync(join(tmpdir(), 'procward-removed-'))
  process.chdir(removed)
  rmSync(removed, { recursive: true })
  try {
    const { guarded } = childCounts()
    assert.deepEqual(await once(spawn('true'), 'exit'), [0, null])
    assert.equal(childCounts().guarded, guarded + 1)
  } finally {
    process.chdir(here)
  }
})

test('has the names, the functions and the class of Node.js', () => {
  const names = Object.keys(node).filter((name) => name !== '_forkChild')
  assert.deepEqual(Object.keys(named.default).sort(), names.sort())
  for (const name of ['exec', 'execFile', 'fork', 'spawn']) {
    assert.equal(ours[name].name, name)
    assert.equal(ours[name].length, node[name].length, name)
    assert.notEqual(ours[name], node[name], name)
  }
  for (const name of ['ChildProcess', 'execFileSync', 'execSync', 'spawnSync'])
    assert.equal(ours[name], node[name], name)
})

describe('below a warden', { skip: skip || noProcessList }, () => {
  afterEach(nothingLeft)

  test('children of all four functions are listed and counted', async () => {
    const { guarded } = childCounts()
    const children = [
      spawn('sleep', ['100']),
      exec('sleep 100; true'),
      execFile('sleep', ['100']),
      promisify(exec)('sleep 100; true'),
      fork('100', { execPath: 'sleep', execArgv: [] }),
    ]
    const all = children.map((child) => ('child' in child ? child.child : child))
    children[3].catch(() => {})
    assert.deepEqual(
      getActiveProcesses().map(({ pid, server, tool }) => ({ pid, server, tool })),
      all.map(({ pid }) => ({ pid, server: null, tool: null })),
    )
    assert.equal(childCounts().guarded - guarded, 5)
    for (const child of all) child.kill()
    await Promise.all(all.map((child) => once(child, 'close')))
    await until(() => getActiveProcesses().length === 0)
  })

  test('nothing of Node.js stays changed for other code', async () => {
    const { guarded } = childCounts()
    const child = node.spawn('true')
    assert.deepEqual(getActiveProcesses(), [])
    await once(child, 'close')
    assert.equal(childCounts().guarded, guarded)
  })

  test('kill() ends the rest of the tree too', async () => {
    const child = spawn('sh', ['-c', 'sh -c "trap : TERM; sleep 100; sleep 100" & echo $!; wait'])
    const [data] = await once(child.stdout, 'data')
    child.kill()
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM'])
    await until(() => !isAlive(Number(data)))
    await until(() => getActiveProcesses().length === 0)
  })

  test('kill() with another signal than an ending one leaves the rest of the tree', async () => {
    const child = spawn('sh', ['-c', 'sleep 100 >/dev/null & echo $!; wait'])
    const [data] = await once(child.stdout, 'data')
    assert.equal(child.kill('SIGUSR1'), true)
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGUSR1'])
    assert.equal(child.kill(), false)
    // Longer than the rest of a tree has when its end was asked for.
    await sleep(2500)
    assert.ok(isAlive(Number(data)))
    kill(Number(data))
    await until(() => getActiveProcesses().length === 0)
  })

  test('a child that was let go keeps its warden until the child exits', async () => {
    const child = spawn('sh', ['-c', 'sleep 100 >/dev/null & echo $!; read end'], {
      detached: true,
    })
    const [data] = await once(child.stdout, 'data')
    child.unref()
    const warden = parentOf(child.pid)
    assert.equal(nameOf(warden), 'procward-warden')
    await sleep(300)
    assert.ok(isAlive(warden))
    child.stdin.end('\n')
    await once(child, 'exit')
    await until(() => !isAlive(warden))
    assert.ok(isAlive(Number(data)))
    kill(Number(data))
  })

  test("more descriptors than the server has do not overwrite the warden's program", async () => {
    const program = () =>
      readdirSync('/proc/self/fd').flatMap((fd) => {
        const file = `/proc/self/fd/${fd}`
        return existsSync(file) && /procward-warden/.test(readlinkSync(file)) ? [fd] : []
      })
    await once(spawn('true'), 'close')
    const before = program()
    const many = Math.max(...readdirSync('/proc/self/fd').map(Number)) + 20
    const child = spawn('true', { stdio: Array(many).fill(0) })
    assert.deepEqual(await once(child, 'close'), [0, null])
    assert.deepEqual(program(), before)
  })

  test('what a command leaves behind lives on until the server dies', async () => {
    const child = spawn('sh', ['-c', 'sleep 100 >/dev/null 2>&1 & echo $!'])
    const [data] = await once(child.stdout, 'data')
    await once(child, 'close')
    assert.ok(isAlive(Number(data)))
    kill(Number(data))
    await until(() => getActiveProcesses().length === 0)
  })

  test('an exited child and its handle are collected', async () => {
    const { code, stdout, stderr } = await outcomeOf(
      `import { spawn } from 'procward/child_process'
       import { once } from 'node:events'
       let collected = 0
       const registry = new FinalizationRegistry(() => collected++)
       async function use() {
         const child = spawn('true')
         registry.register(child)
         await once(child, 'close')
       }
       for (let round = 0; round < 20; round++) await use()
       for (let round = 0; round < 100 && collected < 19; round++) {
         gc()
         await new Promise((resolve) => setTimeout(resolve, 20))
       }
       console.log(collected >= 19)`,
      { args: ['--expose-gc'] },
    )
    assert.deepEqual([code, stdout, stderr], [0, 'true', ''])
  })

  test('a running child holds the event loop, ref() and unref() as in Node.js', async () => {
    const program = (/** @type {string} */ call) =>
      outcomeOf(
        `import { spawn } from 'procward/child_process'
         const child = spawn('sleep', ['0.2'], { stdio: 'ignore' })
         child.on('exit', (code) => console.log('exit', code))
         ${call}`,
      )
    const outputs = await Promise.all(
      ['', 'child.unref()', 'child.unref(); child.ref(); child.ref()'].map(program),
    )
    assert.deepEqual(
      outputs.map(({ code, stdout }) => [code, stdout]),
      [
        [0, 'exit 0'],
        [0, ''],
        [0, 'exit 0'],
      ],
    )
  })
})

test('a child without a guard is counted and published', { skip }, async () => {
  process.env.PROCWARD_WARDEN = 'off'
  const { warden } = childCounts().fallbacks
  /** @type {any[]} */
  const messages = []
  const listener = (/** @type {unknown} */ message) => messages.push(message)
  subscribe('procward:unguarded', listener)
  try {
    const child = spawn('true')
    assert.equal(childCounts().fallbacks.warden, warden + 1)
    const [{ time, ...message }] = messages
    assert.deepEqual(message, {
      pid: child.pid,
      server: null,
      reason: 'warden',
      adopted: true,
    })
    assert.ok(Math.abs(Date.now() - time) < 60_000)
    // A command that cannot start is Node.js's to report, and no child.
    const none = spawn('procward-no-such-command')
    await Promise.all([once(child, 'close'), once(none, 'error')])
    assert.equal(childCounts().fallbacks.warden, warden + 1)
  } finally {
    unsubscribe('procward:unguarded', listener)
    delete process.env.PROCWARD_WARDEN
  }
})

test('a failing addon never keeps a child from starting', { skip }, async () => {
  const { stdout, stderr } = await outcomeOf(
    `process.env.NAPI_RS_NATIVE_LIBRARY_PATH = '/procward-none.node'
     const { subscribe } = await import('node:diagnostics_channel')
     const { exec } = await import('procward/child_process')
     subscribe('procward:unguarded', ({ reason }) => console.log(reason))
     exec('echo fine', (_, text) => console.log(text.trim()))`,
  )
  assert.deepEqual([stdout, stderr], ['addon\nfine', ''])
})

test('shutdown() terminates the children', { skip: skip || noProcessList }, async () => {
  const child = spawn('sleep', ['100'])
  await shutdown({ timeout: 1 })
  await until(() => !isAlive(Number(child.pid)))
  await nothingLeft()
})
