// PROCWARD_MAX_CHILDREN: `exec` and `execFile` wait for a place, `spawn` and `fork` do not.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { getGuarantees } from '../index.js'
import { noProcessList, nothingLeft } from './support/processes.mjs'

const skip = process.platform === 'linux' ? noProcessList : 'starts wait on Linux'
const root = fileURLToPath(new URL('..', import.meta.url))
/** @type {string} */
let folder

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'procward limit-'))
})
after(() => rmSync(folder, { recursive: true }))
afterEach(nothingLeft)

const START = `
  const { spawn, exec, execFile, fork } = require('child_process')
  const { promisify } = require('util')
  const { once } = require('events')
  const { existsSync, writeFileSync } = require('fs')
  const procward = require(${JSON.stringify(root)})
  const counts = () => procward.getMetrics().childProcesses
  const running = () => procward.getActiveProcesses().length
  const turn = () => new Promise(setImmediate)
  const until = async (is) => { while (!is()) await new Promise((wait) => setTimeout(wait, 5)) }
  // A child that runs until its input ends.
  const held = () => spawn('cat')
  const end = async (child) => { child.stdin.end(); await once(child, 'close') }
`

/**
 * Returns what a registered program prints.
 * @param {string} text - of an async function
 * @param {Record<string, string>} [env]
 */
async function outputOf(text, env = { PROCWARD_MAX_CHILDREN: '1' }) {
  const file = join(folder, 'program.cjs')
  writeFileSync(file, `${START}(async () => { ${text} })()`)
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...own } = process.env
  const args = ['--require', join(root, 'lib', 'register.js'), file]
  const child = spawn(process.execPath, args, {
    env: { ...own, ...env },
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (data) => {
    output += data
  })
  assert.deepEqual(await once(child, 'close'), [0, null], output)
  return output.trim().split('\n')
}

describe('a start above the limit', { skip }, () => {
  test('of exec waits, and has its pid, events and output in the usual order', async () => {
    const output = await outputOf(`
      const first = held()
      const events = []
      const child = exec('echo $0 $PWD; cat', { cwd: '/' }, (error, out, err) =>
        events.push(['callback', error, out.trim(), err]))
      for (const name of ['spawn', 'exit', 'close'])
        child.on(name, (...args) => events.push([name, ...args]))
      child.stdin.end('kept')
      process.chdir('/tmp')
      await new Promise((wait) => setTimeout(wait, 100))
      console.log(child.pid, child.exitCode, child.killed, events.length, running(), counts().waiting)
      const closed = once(child, 'close')
      const spawned = once(child, 'spawn')
      await end(first)
      await spawned
      console.log(Number.isInteger(child.pid), counts().waiting, counts().guarded)
      await closed
      console.log(JSON.stringify(events), Object.hasOwn(child, 'emit'))`)
    assert.deepEqual(output, [
      'undefined null false 0 1 1',
      'true 0 2',
      `${JSON.stringify([
        ['spawn'],
        ['exit', 0, null],
        ['callback', null, '/bin/sh /\nkept', ''],
        ['close', 0, null],
      ])} false`,
    ])
  })

  test('of promises, execFile and exec, waits in the order of the calls', async () => {
    const output = await outputOf(
      `const most = []
      const order = []
      const watch = setInterval(() => most.push(running()), 1)
      const run = promisify(execFile)
      const both = promisify(exec)
      await Promise.all(Array.from({ length: 12 }, async (_, at) => {
        const { stdout } = await (at % 2 ? run('sh', ['-c', 'sleep 0.02; echo ' + at]) : both('sleep 0.02; echo ' + at))
        order.push(Number(stdout))
      }))
      clearInterval(watch)
      await until(() => running() === 0)
      const { guarded, waiting } = counts()
      console.log(order.join(), guarded, waiting, Math.max(...most) <= 2)`,
      { PROCWARD_MAX_CHILDREN: '1' },
    )
    // A tree is listed until its warden has exited, shortly after the child.
    assert.deepEqual(output, ['0,1,2,3,4,5,6,7,8,9,10,11 12 0 true'])
  })

  test('of spawn and fork does not wait, and counts', async () => {
    const output = await outputOf(`
      const children = [held(), held(), held()]
      const forked = fork('channel', [], { execArgv: ['-e', 'process.on("message", () => process.exit())'] })
      console.log(children.every(({ pid }) => pid > 0), forked.pid > 0, counts().guarded)
      let done = false
      const child = exec('true', () => { done = true })
      // Each of these four leaves, and only the last leaves a place.
      for (const child of children) await end(child)
      await turn()
      console.log(done, child.pid)
      forked.send('end')
      await once(child, 'exit')
      console.log(child.pid > 0)`)
    assert.deepEqual(output, ['true true 4', 'false undefined', 'true'])
  })

  test('reports a command that cannot start, and passes its place on', async () => {
    const output = await outputOf(`
      const first = held()
      const none = new Promise((done) => execFile('procward-none', (error) => done(error)))
      const next = promisify(exec)('echo next')
      await end(first)
      const { code, syscall, path, spawnargs } = await none
      console.log(code, syscall, path, JSON.stringify(spawnargs))
      console.log((await next).stdout.trim())`)
    assert.deepEqual(output, ['ENOENT spawn procward-none procward-none []', 'next'])
  })

  for (const [name, code] of Object.entries({
    'kill()': `child.kill()`,
    'a timeout': ``,
    'an abort': `controller.abort()`,
  }))
    test(`is cancelled by ${name}`, async () => {
      const output = await outputOf(`
        const first = held()
        const controller = new AbortController()
        const options = ${name === 'an abort' ? '{ signal: controller.signal }' : name === 'a timeout' ? '{ timeout: 20 }' : '{}'}
        const events = []
        const outcome = new Promise((done) => { child = exec('echo > ran', options, (...args) => done(args)) })
        for (const name of ['spawn', 'exit', 'close'])
          child.on(name, (...args) => events.push([name, ...args]))
        ${code}
        const [error, out] = await outcome
        if (events.at(-1)?.[0] !== 'close') await once(child, 'close')
        console.log(error.name, error.killed, error.signal, error.code, JSON.stringify(out))
        console.log(JSON.stringify(events), child.pid, child.killed, child.kill(), counts().waiting)
        await end(first)
        console.log((await promisify(exec)('echo next')).stdout.trim(), existsSync('ran'), counts().guarded)
        var child`)
      assert.deepEqual(output, [
        name === 'an abort'
          ? 'AbortError undefined undefined ABORT_ERR ""'
          : 'Error true SIGTERM null ""',
        `${JSON.stringify([
          ['exit', null, 'SIGTERM'],
          ['close', null, 'SIGTERM'],
        ])} undefined true false 0`,
        'next false 2',
      ])
    })

  test('is cancelled while a test fakes the time', async () => {
    const output = await outputOf(`
      const first = held()
      const { mock } = require('node:test')
      mock.timers.enable({ apis: ['setImmediate'] })
      const child = exec('true')
      child.kill()
      console.log(...await once(child, 'exit'))
      mock.timers.reset()
      await end(first)`)
    assert.deepEqual(output, ['null SIGTERM'])
  })

  test('keeps the signals that do not end it', async () => {
    const output = await outputOf(`
      const first = held()
      const child = exec('cat', (error, out) => console.log(error, out))
      console.log(child.kill(0), child.kill('SIGCONT'), child.kill('SIGWINCH'))
      child.stdin.end('fine')
      await end(first)`)
    assert.deepEqual(output, ['true true true', 'null fine'])
  })

  test('falls through to Node.js at its turn, where no warden works', async () => {
    const output = await outputOf(
      `const first = held()
      const child = exec('echo $0; cat', (error, out) =>
        console.log(error, out.trim(), counts().unguarded + counts().adopted, counts().waiting))
      child.stdin.end('kept')
      console.log(child.pid)
      const spawned = once(child, 'spawn').then(() => console.log(child.pid > 0))
      await end(first)
      await spawned`,
      { PROCWARD_MAX_CHILDREN: '1', PROCWARD_WARDEN: 'off' },
    )
    assert.deepEqual(output, ['undefined', 'true', 'null /bin/sh\nkept 2 0'.split('\n')].flat())
  })

  test('keeps the program alive, and has the asynchronous context of its call', async () => {
    const output = await outputOf(`
      const { AsyncLocalStorage } = require('async_hooks')
      const storage = new AsyncLocalStorage()
      const first = spawn('sleep', ['0.1'])
      storage.run('context', () =>
        exec('true').on('spawn', () => console.log('spawn', storage.getStore()))
          .on('exit', () => console.log('exit', storage.getStore())))
      await once(first, 'exit')`)
    assert.deepEqual(output, ['spawn context', 'exit context'])
  })

  test('is terminated by shutdown()', async () => {
    const output = await outputOf(`
      held()
      const outcome = promisify(exec)('echo > ran').catch((error) => error)
      await procward.shutdown({ timeout: 20 })
      console.log((await outcome).signal, existsSync('ran'))`)
    assert.deepEqual(output, ['SIGTERM false'])
  })

  test('waits for an API of `procward/child_process` too', async () => {
    const output = await outputOf(`
      const own = require(${JSON.stringify(join(root, 'lib', 'child_process.js'))})
      const first = held()
      const child = own.execFile('echo', ['own'], (_, out) => console.log(out.trim()))
      console.log(child.pid)
      await end(first)`)
    assert.deepEqual(output, ['undefined', 'own'])
  })
})

describe('the limit', { skip }, () => {
  test('is off without the variable', async () => {
    const output = await outputOf(
      `console.log([1, 2, 3].every(() => exec('true').pid > 0), counts().waiting)`,
      {},
    )
    assert.deepEqual(output, ['true 0'])
  })

  test('is refused by getGuarantees() if malformed, and then off', async () => {
    for (const value of ['0', 'many', '-1', '1.5']) {
      process.env.PROCWARD_MAX_CHILDREN = value
      try {
        assert.throws(getGuarantees, { code: 'ERR_INVALID_CONFIG', message: new RegExp(value) })
      } finally {
        delete process.env.PROCWARD_MAX_CHILDREN
      }
    }
    const output = await outputOf(
      `process.once('warning', ({ code, message }) => console.log(code, message))
      console.log(exec('true').pid > 0, exec('true').pid > 0)`,
      {
        PROCWARD_MAX_CHILDREN: 'many',
      },
    )
    assert.equal(output[0], 'true true')
    assert.match(output[1], /^ERR_INVALID_CONFIG .*PROCWARD_MAX_CHILDREN.*many/)
    assert.equal(output.length, 2)
  })
})
