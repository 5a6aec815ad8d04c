// The cleanup scanner's face: its settings, its numbers, its reports. Nothing is ended here but by
// `stop()`.

import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { beforeEach, describe, test } from 'node:test'
import { CleanupScanner, cleanup } from '../index.js'
import { BECAUSE } from './support/scans.mjs'
import { until } from './support/until.mjs'

const HOUR = 3_600_000

beforeEach(() => {
  for (const name of ['CLEANUP_INTERVAL', 'PROCESS_MAX_AGE', 'CLEANUP_SCOPE'])
    delete process.env[name]
})

const DEFAULTS = {
  isRunning: false,
  interval: 60_000,
  maxAge: 300_000,
  stats: { scans: 0, killed: 0, errors: 0 },
  scope: 'tree',
  lastScan: null,
}

/** The settings among a scanner's numbers. @param {CleanupScanner} scanner */
function settings(scanner) {
  const { isRunning, interval, maxAge, scope } = scanner.getStats()
  return { isRunning, interval, maxAge, scope }
}

describe('getStats()', () => {
  test('has the documented fields and defaults, on the singleton and on a new scanner', () => {
    assert.ok(cleanup instanceof CleanupScanner)
    for (const scanner of [
      cleanup,
      new CleanupScanner(),
      new CleanupScanner({}),
      new CleanupScanner(undefined),
    ])
      assert.deepEqual(scanner.getStats(), DEFAULTS)
    assert.deepEqual(Object.keys(cleanup.getStats()), Object.keys(DEFAULTS))
  })

  test('an option left undefined is the default', () => {
    const options = {
      interval: undefined,
      maxAge: undefined,
      scope: undefined,
      allow: undefined,
      killGrace: undefined,
    }
    assert.deepEqual(new CleanupScanner(options).getStats(), DEFAULTS)
  })

  test('returns a new object for each caller', () => {
    const scanner = new CleanupScanner()
    scanner.getStats().stats.scans = 5
    assert.deepEqual(scanner.getStats(), DEFAULTS)
  })

  test('has the numbers of the latest scan', async () => {
    const scanner = new CleanupScanner()
    const before = Date.now()
    const report = await scanner.cleanupAll({ dryRun: true })
    const { lastScan, stats } = scanner.getStats()
    assert.deepEqual(stats, { scans: 1, killed: 0, errors: 0 })
    const { time, duration, ...rest } = lastScan
    assert.deepEqual(Object.keys(lastScan), [
      'time',
      'duration',
      'scanned',
      'killed',
      'skipped',
      'errors',
      'dryRun',
    ])
    assert.ok(Number.isInteger(time) && time >= before - 1 && time <= Date.now(), `time ${time}`)
    assert.ok(Number.isInteger(duration) && duration >= 0, `duration ${duration}`)
    const { scanned, killed, skipped, errors } = report
    const counts = {
      scanned,
      killed: killed.length,
      skipped: skipped.length,
      errors: errors.length,
      dryRun: true,
    }
    assert.deepEqual(rest, counts)
  })
})

describe('cleanupAll()', () => {
  test('reports each verdict with its reason', async () => {
    const report = await new CleanupScanner({ maxAge: HOUR }).cleanupAll({ dryRun: true })
    assert.deepEqual(Object.keys(report), ['scanned', 'killed', 'skipped', 'errors'])
    assert.equal(report.scanned, report.killed.length + report.skipped.length)
    assert.deepEqual(report.errors, [])
    for (const judged of [...report.killed, ...report.skipped]) {
      assert.deepEqual(Object.keys(judged), ['pid', 'name', 'age', 'code', 'reason'])
      const { pid, name, age, reason } = judged
      assert.ok(
        Number.isInteger(pid) && pid > 0 && Number.isInteger(age) && age >= 0,
        `pid ${pid}, age ${age}`,
      )
      assert.ok(
        name !== '' && !name.includes('/') && reason !== '',
        `name ${name}, reason ${reason}`,
      )
    }
    const { pid, name, age, code } = report.skipped.find((judged) => judged.pid === process.pid)
    assert.deepEqual(
      { pid, name, code },
      { pid: process.pid, name: basename(process.execPath), code: BECAUSE.self },
    )
    assert.ok(age <= performance.now() + 1000, `age ${age}`)
  })

  test('runs one scan at a time, and every requested scan', async () => {
    const scanner = new CleanupScanner({ maxAge: HOUR })
    await Promise.all(Array.from({ length: 5 }, () => scanner.cleanupAll({ dryRun: true })))
    assert.equal(scanner.getStats().stats.scans, 5)
  })

  test('works on a running scanner and on a stopped one', async () => {
    const scanner = new CleanupScanner({ maxAge: HOUR, interval: HOUR })
    scanner.start()
    // The scan that it starts with.
    await until(() => scanner.getStats().stats.scans === 1)
    await scanner.cleanupAll({ dryRun: true })
    scanner.stop()
    await scanner.cleanupAll({ dryRun: true })
    assert.equal(scanner.getStats().stats.scans, 3)
  })
})

describe('start() and stop()', () => {
  test('are idempotent, and return nothing', () => {
    const scanner = new CleanupScanner({ interval: HOUR })
    const told = []
    for (const call of ['stop', 'start', 'start', 'stop', 'stop', 'start', 'stop']) {
      assert.equal(scanner[call](), undefined)
      told.push(scanner.getStats().isRunning)
    }
    assert.deepEqual(told, [false, true, true, false, false, true, false])
  })

  test('options of start() stay, and add to those before', () => {
    const scanner = new CleanupScanner({ interval: HOUR, maxAge: 5 })
    const expected = { isRunning: true, interval: HOUR, maxAge: 5, scope: 'tree' }
    scanner.start()
    assert.deepEqual(settings(scanner), expected)
    scanner.start({ scope: 'tracked' })
    assert.deepEqual(settings(scanner), { ...expected, scope: 'tracked' })
    scanner.start({ maxAge: 7, interval: HOUR + 1 })
    scanner.stop()
    const changed = { isRunning: false, interval: HOUR + 1, maxAge: 7, scope: 'tracked' }
    assert.deepEqual(settings(scanner), changed)
    scanner.start()
    scanner.stop()
    assert.deepEqual(settings(scanner), changed)
  })

  test('scanners are independent of each other', () => {
    const [one, other] = [new CleanupScanner({ interval: HOUR }), new CleanupScanner({ maxAge: 5 })]
    one.start()
    assert.deepEqual(
      [one, other, cleanup].map(settings).map(({ isRunning }) => isRunning),
      [true, false, false],
    )
    one.stop()
  })
})
