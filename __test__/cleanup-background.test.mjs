// A running scanner: it scans at intervals, also without a reference to it, and keeps no process
// alive.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CleanupScanner, run } from '../index.js'
import { isolated } from './support/isolated.mjs'
import { outcomeOf } from './support/program.mjs'
import { until } from './support/until.mjs'

const HOUR = 3_600_000
const options = /** @type {const} */ ({ interval: 10, scope: 'tracked', maxAge: 1 })

isolated(import.meta.url, () => {
  describe('a scanner that runs', scans)
  describe('a process whose scanner runs', processes)
})

/**
 * Asserts that the scanner rests while another scanner goes on: the other one is the clock.
 * @param {import('node:test').TestContext} t
 * @param {CleanupScanner} scanner
 */
async function assertScansNoMore(t, scanner) {
  const clock = new CleanupScanner(options)
  t.after(() => clock.stop())
  const scansOf = (/** @type {CleanupScanner} */ one) => one.getStats().stats.scans
  clock.start()
  // A scan that had begun before is counted by then.
  await until(() => scansOf(clock) > 2)
  await scanner.cleanupAll({ dryRun: true })
  const [before, begin] = [scansOf(scanner), scansOf(clock)]
  await until(() => scansOf(clock) > begin + 10)
  assert.equal(scansOf(scanner), before)
}

function scans() {
  test('terminates forgotten processes', async (t) => {
    const scanner = new CleanupScanner(options)
    t.after(() => scanner.stop())
    scanner.start()
    await assert.rejects(run(process.execPath, ['--eval', 'setTimeout(() => {}, 120_000)']), {
      code: 'ERR_CLEANUP',
    })
    // The scan is over, and counted, a moment after the call.
    const stats = await until(() => scanner.getStats().stats.killed > 0 && scanner.getStats().stats)
    assert.equal(stats.errors, 0)
    await until(() => scanner.getStats().stats.scans > stats.scans + 5)
    assert.equal(scanner.getStats().lastScan.dryRun, false)
  })

  test('pauses after stop() and continues after start()', async (t) => {
    const scanner = new CleanupScanner(options)
    t.after(() => scanner.stop())
    scanner.start()
    await until(() => scanner.getStats().stats.scans > 2)
    scanner.stop()
    await assertScansNoMore(t, scanner)
    const { scans } = scanner.getStats().stats
    scanner.start()
    await until(() => scanner.getStats().stats.scans > scans + 2)
  })

  test('uses a new interval at once', async (t) => {
    const scanner = new CleanupScanner({ ...options, interval: HOUR })
    t.after(() => scanner.stop())
    scanner.start()
    scanner.start({ interval: 10 })
    await until(() => scanner.getStats().stats.scans > 2)
    scanner.start({ interval: HOUR })
    await assertScansNoMore(t, scanner)
  })

  test('runs without a reference, and can be collected after stop()', async () => {
    const program = `
      import { setTimeout as sleep } from 'node:timers/promises'
      import { CleanupScanner, run } from 'procward'
      const collect = async (isOver) => {
        for (let time = 0; time < 50; time++) {
          await sleep(5)
          gc()
          if (isOver()) break
        }
      }
      const start = () => {
        const scanner = new CleanupScanner(${JSON.stringify(options)})
        scanner.start()
        return new WeakRef(scanner)
      }
      const forgotten = start()
      await collect(() => false)
      console.log(await run(process.execPath, ['--eval', 'setTimeout(() => {}, 120_000)']).catch(({ code }) => code))
      forgotten.deref().stop()
      await collect(() => forgotten.deref() === undefined)
      console.log(forgotten.deref())`
    const outcome = await outcomeOf(program, { args: ['--expose-gc'] })
    assert.deepEqual(outcome, {
      code: 0,
      signal: null,
      stdout: 'ERR_CLEANUP\nundefined',
      stderr: '',
    })
  })
}

function processes() {
  test('exits by itself', async () => {
    const program = `
      import { CleanupScanner, cleanup } from 'procward'
      cleanup.start()
      new CleanupScanner(${JSON.stringify({ ...options, interval: 1 })}).start()
      console.log(cleanup.getStats().isRunning)`
    assert.deepEqual(await outcomeOf(program), {
      code: 0,
      signal: null,
      stdout: 'true',
      stderr: '',
    })
  })

  test('waits for an awaited scan before it exits', async () => {
    const program = `
      import { cleanup } from 'procward'
      const { scanned } = await cleanup.cleanupAll()
      console.log(scanned > 0)`
    assert.deepEqual(await outcomeOf(program), {
      code: 0,
      signal: null,
      stdout: 'true',
      stderr: '',
    })
  })

  test('survives the end of worker threads whose scanners run', async () => {
    const program = `
      import { Worker } from 'node:worker_threads'
      import { cleanup } from 'procward'
      const started = "const { cleanup } = require('procward');" +
        "cleanup.start({ interval: 1, scope: 'tracked' }); cleanup.cleanupAll(); cleanup.cleanupAll();" +
        "require('worker_threads').parentPort.postMessage('started')"
      for (let time = 0; time < 5; time++) {
        const worker = new Worker(started, { eval: true, execArgv: [] })
        await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
        await worker.terminate()
      }
      const { errors } = await cleanup.cleanupAll()
      console.log(errors.length)`
    assert.deepEqual(await outcomeOf(program), { code: 0, signal: null, stdout: '0', stderr: '' })
  })
}
