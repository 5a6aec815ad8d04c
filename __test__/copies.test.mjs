// Two copies of the package in one process, and worker threads: each has limits of its own, and
// none keeps the event loop of another alive.

import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { outcomeOf } from './support/program.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** A process that outlives every test, should nothing end it. */
const SLEEPER = `process.execPath, [${JSON.stringify(join(ROOT, '__test__', 'fixtures', 'sleeper.mjs'))}]`
let copy

before(() => {
  copy = mkdtempSync(join(tmpdir(), 'procward-copy-'))
  const addons = readdirSync(ROOT).filter((name) => name.endsWith('.node'))
  // A second path to one file would be the same addon, so the files are copied.
  for (const name of ['package.json', 'index.js', 'binding.js', 'lib', ...addons])
    cpSync(join(ROOT, name), join(copy, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction')
})
after(() => rmSync(copy, { recursive: true, force: true }))

/** Loads the package by its name as `first`, and the copy as `second`. */
const load = () => `
  import { once } from 'node:events'
  import { createRequire } from 'node:module'
  const first = createRequire(import.meta.url)('procward')
  const second = createRequire(import.meta.url)(${JSON.stringify(copy)})
`

/** Runs the program to its end; returns what it printed, as JSON of one line each. */
async function printedBy(program) {
  const { code, signal, stdout, stderr } = await outcomeOf(program)
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  return stdout.split('\n').map((line) => JSON.parse(line))
}

describe('two copies in one thread', () => {
  test('list the processes of their own, and each ends its own at shutdown()', async () => {
    const program = `${load()}
      const [one, other] = [first, second].map(({ spawn }) => spawn(${SLEEPER}))
      const code = (child) => child.exited.then(() => 'exited', ({ code }) => code)
      await Promise.all([one, other].map((child) => once(child, 'line')))
      const lists = [first, second].map(({ getActiveProcesses }) =>
        getActiveProcesses().map(({ pid }) => pid))
      console.log(JSON.stringify([lists[0].join() === String(one.pid), lists[1].join() === String(other.pid)]))
      await first.shutdown({ timeout: 1, killGrace: 1 })
      console.log(JSON.stringify([await code(one), second.getActiveProcesses().length]))
      await second.shutdown({ timeout: 1, killGrace: 1 })
      console.log(JSON.stringify([await code(other), second.getActiveProcesses().length]))`
    assert.deepEqual(await printedBy(program), [
      [true, true],
      ['ERR_CLOSED', 1],
      ['ERR_CLOSED', 0],
    ])
  })

  test('have helpers with limits of their own, which keep nothing alive', async () => {
    const program = `${load()}
      const require = createRequire(import.meta.url)
      const helpers = ['procward/mcp-helper', ${JSON.stringify(join(copy, 'lib', 'mcp-helper.js'))}].map(require)
      for (const { getSemaphoreStatus } of helpers) getSemaphoreStatus()
      first.on('alert', () => {})
      second.startAlerts({})
      second.cleanup.start()
      const semaphores = [first, second].map(({ Semaphore }) => new Semaphore(1))
      semaphores[0].tryAcquire()
      semaphores[0].pause()
      console.log(JSON.stringify(semaphores.map((semaphore) => semaphore.tryAcquire())))
      console.log(JSON.stringify([first.Semaphore === second.Semaphore]))
      await second.run(process.execPath, ['-e', ''])`
    assert.deepEqual(await printedBy(program), [[false, true], [false]])
  })

  test('a scan of one spares the processes of the other', async () => {
    const program = `${load()}
      const child = second.spawn(${SLEEPER})
      const scanner = new first.CleanupScanner({ maxAge: 1, scope: 'tree' })
      // The scanner judges no process in its first second.
      await new Promise((resolve) => setTimeout(resolve, 1500))
      const { killed, skipped } = await scanner.cleanupAll()
      const isChild = ({ pid }) => pid === child.pid
      console.log(JSON.stringify([killed.some(isChild), skipped.find(isChild).code]))
      child.exited.catch(() => {})
      await child.kill()`
    assert.deepEqual(await printedBy(program), [[false, 'other_instance']])
  })
})

describe('worker threads', () => {
  /** A thread that waits for a slot for ever, and for a process. */
  const busy = (path) => `
    const { parentPort } = require('node:worker_threads')
    const { Semaphore, spawn } = require(${JSON.stringify(path)})
    const semaphore = new Semaphore(1)
    semaphore.tryAcquire()
    semaphore.acquire({ timeout: Infinity })
    const child = spawn(${SLEEPER})
    child.exited.catch(() => {})
    child.once('spawn', (pid) => parentPort.postMessage(pid))`
  /** A thread that uses everything, and has no work left. */
  const finished = (path) => `
    const { parentPort } = require('node:worker_threads')
    const { Semaphore, ProcessPool, cleanup, getActiveProcesses, on, run } =
      require(${JSON.stringify(path)})
    const main = async () => {
      on('alert', () => {})
      cleanup.start()
      const semaphore = new Semaphore(1)
      await semaphore.use(() => run(process.execPath, ['-e', '']))
      parentPort.postMessage([getActiveProcesses().length, semaphore.tryAcquire()])
    }
    main()`
  /** Starts a busy thread, then another to its end; then ends the first. */
  const threads = (first, second) => `
    import { once } from 'node:events'
    import { Worker } from 'node:worker_threads'
    const thread = (program) => new Worker(program, { eval: true, execArgv: [] })
    const waiting = thread(${JSON.stringify(busy(first))})
    const [pid] = await once(waiting, 'message')
    const other = thread(${JSON.stringify(finished(second))})
    // A thread that ends at once gives its message and its exit in one turn.
    const exited = once(other, 'exit')
    const [seen] = await once(other, 'message')
    const [code] = await exited
    console.log(JSON.stringify([...seen, code]))
    await waiting.terminate()
    console.log(JSON.stringify([typeof pid]))`

  test('share the list of processes, but no limit, and end without one another', async () => {
    const printed = await printedBy(threads(ROOT, ROOT))
    assert.deepEqual(printed, [[1, true, 0], ['number']])
  })

  test('with a copy each share nothing', async () => {
    const printed = await printedBy(threads(ROOT, copy))
    assert.deepEqual(printed, [[0, true, 0], ['number']])
  })

  test('a busy thread does not keep the main thread from ending', async () => {
    const program = `
      import { once } from 'node:events'
      import { Worker } from 'node:worker_threads'
      import { Semaphore } from 'procward'
      const waiting = new Worker(${JSON.stringify(busy(ROOT))}, { eval: true, execArgv: [] })
      await once(waiting, 'message')
      waiting.unref()
      const semaphore = new Semaphore(1)
      console.log(JSON.stringify([await semaphore.use(() => 'done')]))`
    assert.deepEqual(await printedBy(program), [['done']])
  })
})
