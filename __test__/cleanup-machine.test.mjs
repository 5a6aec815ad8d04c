// Scope `machine`, on a machine without other processes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CleanupScanner, run } from '../index.js'
import { isolated } from './support/isolated.mjs'
import { isAlive } from './support/processes.mjs'
import { BECAUSE, reasons, untilOld, verdicts } from './support/scans.mjs'
import { child, forked, host, sleeper, unrelated } from './support/servers.mjs'

isolated(import.meta.url, machine, { only: true })

function machine() {
  test('old Node.js processes are terminated after a scan that only reports', async (t) => {
    const warned = warnings(t)
    const abort = new AbortController()
    const call = run(process.execPath, [sleeper], { timeout: 600_000, signal: abort.signal })
    t.after(() => {
      abort.abort()
      return assert.rejects(call, { code: 'ABORT_ERR' })
    })
    const far = await host(t)
    const victims = {
      unrelated: await unrelated(t, { title: 'sshd' }),
      child: await child(t),
      forked: await forked(t),
    }
    const spared = {
      kept: await unrelated(t, { env: { PROCWARD_KEEP: '1' } }),
      host: far.host,
      call: far.call,
      runner: process.ppid,
      server: process.pid,
    }
    const scanner = new CleanupScanner({ scope: 'machine', maxAge: 1, allow: [far.plain] })
    await untilOld(new CleanupScanner({ scope: 'tree', maxAge: 1 }), { ...victims, ...spared })

    const first = await scanner.cleanupAll()
    const tooOld = { unrelated: BECAUSE.node, child: BECAUSE.node, forked: BECAUSE.node }
    assert.deepEqual(reasons(first, victims), tooOld)
    assert.deepEqual(Object.values(victims).filter(isAlive), Object.values(victims))
    assert.equal(scanner.getStats().lastScan.dryRun, true)
    assert.deepEqual(scanner.getStats().stats, { scans: 1, killed: 0, errors: 0 })

    const second = await scanner.cleanupAll()
    assert.deepEqual(reasons(second, victims), tooOld)
    assert.deepEqual(reasons(second, spared), {
      kept: BECAUSE.kept,
      host: BECAUSE.host,
      call: BECAUSE.otherServer,
      runner: BECAUSE.ancestor,
      server: BECAUSE.self,
    })
    assert.deepEqual(Object.values(victims).filter(isAlive), [])
    assert.deepEqual(Object.values(spared).filter(isAlive), Object.values(spared))
    assert.ok([...verdicts(second).values()].some(({ code }) => code === BECAUSE.withinTimeout))
    assert.equal(scanner.getStats().lastScan.dryRun, false)
    assert.deepEqual(scanner.getStats().stats, { scans: 2, killed: 3, errors: 0 })
    assert.deepEqual(warned(), ['PROCWARD_MACHINE_SCOPE'])
  })

  test('each scanner warns once when the scope is chosen, and not before', async (t) => {
    const warned = warnings(t)
    const scanner = new CleanupScanner()
    t.after(() => scanner.stop())
    scanner.start({ interval: 3_600_000 })
    await new Promise(setImmediate)
    assert.deepEqual(warned(), [])
    for (let time = 0; time < 3; time++) {
      scanner.start({ scope: 'machine' })
      scanner.getStats()
      await scanner.cleanupAll({ dryRun: true })
    }
    assert.deepEqual(warned(), ['PROCWARD_MACHINE_SCOPE'])
  })

  test('a requested dry run counts as the scan that only reports, until the scope is chosen again', async (t) => {
    warnings(t)
    const scanner = new CleanupScanner({ scope: 'machine', maxAge: 1, allow: [process.ppid] })
    t.after(() => scanner.stop())
    const scan = async (options) => {
      await scanner.cleanupAll(options)
      return scanner.getStats().lastScan.dryRun
    }
    assert.deepEqual([await scan({ dryRun: true }), await scan()], [true, false])
    scanner.start({ scope: 'machine', interval: 3_600_000 })
    assert.equal(await scan(), false)
    scanner.start({ scope: 'tree' })
    assert.equal(await scan(), false)
    scanner.start({ scope: 'machine' })
    assert.deepEqual([await scan(), await scan()], [true, false])
  })
}

/**
 * The codes of this package's warnings during a test.
 * @param {import('node:test').TestContext} t
 */
function warnings(t) {
  /** @type {(string | undefined)[]} */
  const codes = []
  const note = ({ code }) => codes.push(code)
  process.on('warning', note)
  t.after(() => process.off('warning', note))
  return () => codes
}
