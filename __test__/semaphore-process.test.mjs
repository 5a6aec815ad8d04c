import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/**
 * What a program prints, as it would be written by a user of the package, which finds itself by
 * name. Rejects when it fails, or does not end by itself; the time is no measurement, only an end
 * to waiting.
 * @param {string} program
 */
async function outputOf(program) {
  const options = { cwd: ROOT, timeout: 120_000, killSignal: /** @type {const} */ ('SIGKILL') }
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', program],
    options,
  )
  assert.equal(stderr, '')
  return stdout.trim()
}

test('import and require give the same class by name', async () => {
  const program = `
    import procward, { Semaphore } from 'procward'
    import { createRequire } from 'node:module'
    const required = createRequire(import.meta.url)('procward')
    console.log(typeof Semaphore, Semaphore === procward.Semaphore, Semaphore === required.Semaphore)`
  assert.equal(await outputOf(program), 'function true true')
})

describe('a waiter keeps the process alive', () => {
  test('until its timeout, and then rejects', async () => {
    const program = `
      import { Semaphore } from 'procward'
      const semaphore = new Semaphore(1)
      await semaphore.acquire()
      semaphore.acquire({ timeout: 50 }).catch(({ code }) => console.log(code))`
    assert.equal(await outputOf(program), 'ERR_QUEUE_TIMEOUT')
  })

  const LIMITLESS = '{ timeout: Infinity }'
  const asked = {
    'without a timeout': `const waiter = semaphore.acquire(${LIMITLESS})`,
    'with a signal': 'const waiter = semaphore.acquire({ signal: new AbortController().signal })',
    'after a wait that timed out': `
      await semaphore.acquire({ timeout: 5 }).catch(() => {})
      const waiter = semaphore.acquire()`,
    'after a timer was left behind': `
      const before = semaphore.acquire()
      semaphore.release()
      await before
      const waiter = semaphore.acquire()`,
    'while one before it is granted its slot': `
      semaphore.acquire()
      const waiter = semaphore.acquire()
      semaphore.release()`,
    'while one before it is let in by resize': `
      semaphore.acquire()
      const waiter = semaphore.acquire()
      semaphore.resize(2)`,
    'while one before it is aborted': `
      const controller = new AbortController()
      semaphore.acquire({ signal: controller.signal }).catch(() => {})
      const waiter = semaphore.acquire()
      controller.abort()`,
    'while one before it times out': `
      semaphore.acquire({ timeout: 5 }).catch(() => {})
      const waiter = semaphore.acquire(${LIMITLESS})`,
  }
  for (const [when, ask] of Object.entries(asked))
    test(when, async () => {
      const program = `
        import { Semaphore } from 'procward'
        const semaphore = new Semaphore(1)
        await semaphore.acquire()
        setTimeout(() => { console.log('still alive'); semaphore.release() }, 300).unref()
        ${ask}
        await waiter
        console.log('granted')`
      assert.equal(await outputOf(program), 'still alive\ngranted')
    })
})

describe('a timer without a waiter lets the process exit', () => {
  const endings = {
    'the waiter was granted its slot by release': 'semaphore.release(); await waiter',
    'by the function that acquire gave': 'release(); await waiter',
    'by resize': 'semaphore.resize(2); await waiter',
    'the waiter was aborted': 'controller.abort(); await waiter.catch(() => {})',
    'the semaphore was closed': 'semaphore.close(); await waiter.catch(() => {})',
    'another waiter ran into its timeout since':
      'const hasty = semaphore.acquire({ timeout: 5 }); controller.abort(); await Promise.allSettled([waiter, hasty])',
    'one of two was aborted, the other granted':
      'const other = semaphore.acquire(); controller.abort(); release(); await Promise.allSettled([waiter, other])',
  }
  for (const [ending, end] of Object.entries(endings))
    test(ending, async () => {
      const program = `
        import { Semaphore } from 'procward'
        const semaphore = new Semaphore(1, { queueTimeout: 3_600_000 })
        const release = await semaphore.acquire()
        const controller = new AbortController()
        const waiter = semaphore.acquire({ signal: controller.signal })
        ${end}
        console.log('idle')`
      assert.equal(await outputOf(program), 'idle')
    })

  for (const options of [
    '{}',
    '{ timeout: 3_600_000 }',
    '{ timeout: Infinity }',
    '{ signal: AbortSignal.any([]) }',
  ])
    test(`a free slot was acquired with ${options} and is still held`, async () => {
      const program = `
        import { Semaphore } from 'procward'
        const semaphore = new Semaphore(1)
        await semaphore.acquire(${options})
        console.log('held')`
      assert.equal(await outputOf(program), 'held')
    })
})

test('process.exit() with waiters queued and slots held', async () => {
  const program = `
    import { Semaphore } from 'procward'
    const semaphore = new Semaphore(1)
    await semaphore.acquire()
    for (let waiter = 0; waiter < 1000; waiter++) semaphore.acquire()
    process.on('exit', () => console.log(semaphore.getStatus().queued))
    process.exit()`
  assert.equal(await outputOf(program), '1000')
})

describe('worker threads', () => {
  /** A worker that holds a slot, has waiters, and says so. */
  const WORKER = `
    const { parentPort } = require('node:worker_threads')
    const { Semaphore } = require('procward')
    const semaphore = new Semaphore(1)
    const held = semaphore.tryAcquire()
    for (let waiter = 0; waiter < 100; waiter++) semaphore.acquire({ timeout: waiter % 2 ? 3 : 3_600_000 }).catch(() => {})
    parentPort.postMessage([held, semaphore.getStatus().queued])`

  for (const [end, statement] of [
    ['terminated', 'await worker.terminate()'],
    ['exiting by themselves', "worker.postMessage('exit'); await once(worker, 'exit')"],
  ])
    test(`${end} with a held slot and waiters: the process and its own semaphore continue`, async () => {
      const program = `
        import { once } from 'node:events'
        import { Worker } from 'node:worker_threads'
        import { Semaphore } from 'procward'
        const code = ${JSON.stringify(`${WORKER}\nparentPort.on('message', () => process.exit())`)}
        const semaphore = new Semaphore(1)
        const release = await semaphore.acquire()
        const waiter = semaphore.use(() => 'mine')
        const seen = new Set()
        for (let round = 0; round < 5; round++) {
          const workers = [0, 1].map(() => new Worker(code, { eval: true, execArgv: [] }))
          await Promise.all(workers.map(async (worker) => {
            const [message] = await once(worker, 'message')
            seen.add(JSON.stringify(message))
            ${statement}
          }))
        }
        console.log(...seen, JSON.stringify(semaphore.getStatus()))
        release()
        console.log(await waiter)`
      const status = '{"maxConcurrent":1,"current":1,"queued":1,"available":0}'
      assert.equal(await outputOf(program), `[true,100] ${status}\nmine`)
    })
})
