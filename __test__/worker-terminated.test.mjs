// A worker thread that is terminated while it opens the streams of a child.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'

afterEach(assertNothingLeft)

/**
 * Starts a child, and hangs in the opening of one of its streams: before the stream is open, or
 * afterwards.
 */
const WORKER = `
  const { once } = require('node:events')
  const { parentPort, workerData: { module, start, at, isOpened } } =
    require('node:worker_threads')
  const { spawn } = require(module)
  const first = require('procward/child_process').spawn('true')
  const prototype = Object.getPrototypeOf(first.stdin._handle)
  once(first, 'close').then(() => {
    const { open } = prototype
    let opened = 0
    prototype.open = function (descriptor) {
      if (opened++ < at) return open.call(this, descriptor)
      if (isOpened) open.call(this, descriptor)
      parentPort.postMessage('hangs')
      for (;;);
    }
    // Either child ends when its streams are closed.
    if (start === 'child_process') spawn('cat')
    else spawn('yes').stdout
  })
`
const PROGRAM = (kind) => `
  import { once } from 'node:events'
  import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
  import { setTimeout as sleep } from 'node:timers/promises'
  import { Worker } from 'node:worker_threads'
  import { getActiveProcesses, run } from 'procward'

  // Whatever the first child of the process opens for good is open before the count.
  await run('true')
  const terminated = async (data) => {
    const worker = new Worker(${JSON.stringify(WORKER)}, { eval: true, execArgv: [], workerData: data })
    await once(worker, 'message')
    await worker.terminate()
    while (getActiveProcesses().length > 0) await sleep(10)
  }
  const open = () => readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const name = readlinkSync('/proc/self/fd/' + descriptor)
      return /^(socket|pipe)/.test(name) ? [name] : []
    } catch { return [] }
  })
  const workerData = ${JSON.stringify(kind)}
  await terminated(workerData)
  const before = open().length
  for (let round = 0; round < 5; round++) await terminated(workerData)
  for (let pause = 0; pause < 500 && open().length > before; pause++) await sleep(10)
  // The channels of the first round's wardens may have been open at the count.
  console.log(Math.max(0, open().length - before))
`
const KINDS = [
  { module: 'procward/child_process', start: 'child_process', at: 0 },
  { module: 'procward/child_process', start: 'child_process', at: 1 },
  { module: 'procward/child_process', start: 'child_process', at: 1, isOpened: true },
  { module: 'procward', start: 'spawn', at: 0 },
  { module: 'procward', start: 'spawn', at: 0, isOpened: true },
]

describe('a worker thread that is terminated between a start and the streams', {
  skip: noProcessList,
}, () => {
  for (const kind of KINDS)
    test(`leaves no child and no descriptor: ${JSON.stringify(kind)}`, async () => {
      const { code, stdout, stderr } = await outcomeOf(PROGRAM(kind))
      assert.deepEqual([code, stderr, stdout], [0, '', '0'])
    })
})

describe('a stream whose opening throws', { skip: noProcessList }, () => {
  const program = (isOpened) => `
    import { spawn as nodeSpawn } from 'node:child_process'
    import { once } from 'node:events'
    import { fstatSync } from 'node:fs'
    import { getActiveProcesses, spawn } from 'procward'
    import { spawn as guarded } from 'procward/child_process'

    const first = nodeSpawn('true')
    const prototype = Object.getPrototypeOf(first.stdin._handle)
    await once(first, 'close')
    const { open } = prototype
    // Another thread may have got the same number for another file meanwhile.
    const inode = (descriptor) => {
      try { return fstatSync(descriptor).ino } catch { return 0 }
    }
    const outcomes = []
    const failing = async (start) => {
      let given
      let before
      prototype.open = function (descriptor) {
        given = descriptor
        before = inode(descriptor)
        if (${isOpened}) open.call(this, descriptor)
        throw new Error('broken')
      }
      const outcome = await start()
      outcomes.push([outcome, inode(given) === before])
      prototype.open = open
    }
    // Node.js closes the streams of a child that has failed so.
    await failing(() => {
      try { guarded('cat') } catch ({ code }) { return code }
    })
    let child
    await failing(() => {
      child = spawn('yes')
      try { child.stdout } catch { return 'thrown' }
    })
    await child.kill()
    while (getActiveProcesses().length > 0) await new Promise((next) => setTimeout(next, 10))
    console.log(JSON.stringify(outcomes))
    process.exit()
  `
  for (const isOpened of [true, false])
    test(`keeps its descriptor only if the stream has it: ${isOpened}`, async () => {
      const { code, stdout, stderr } = await outcomeOf(program(isOpened))
      const expected = [
        ['ECANCELED', false],
        ['thrown', isOpened],
      ]
      assert.deepEqual([code, stderr, JSON.parse(stdout)], [0, '', expected])
    })
})
