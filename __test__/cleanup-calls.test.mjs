// What becomes of the calls of this server: a forgotten one is ended, one inside its own timeout is
// not.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { CleanupScanner, getActiveProcesses, run, spawn } from '../index.js'
import { node, sh } from './support/commands.mjs'
import { isolated } from './support/isolated.mjs'
import { assertNothingLeft, isAlive, noProcessList } from './support/processes.mjs'
import { BECAUSE, untilKilled, untilOld, verdicts } from './support/scans.mjs'
import { duringCall, sleeper } from './support/servers.mjs'
import { until } from './support/until.mjs'

const SCOPES = /** @type {const} */ (['tracked', 'tree'])

isolated(import.meta.url, () => {
  afterEach(assertNothingLeft)
  describe('a call', { skip: noProcessList }, calls)
})

function calls() {
  for (const scope of SCOPES)
    test(`without a timeout and older than maxAge is terminated in scope ${scope} with ERR_CLEANUP`, async () => {
      const scanner = new CleanupScanner({ scope, maxAge: 1 })
      const program =
        'console.log("said"); console.error("complained"); setTimeout(() => {}, 120_000)'
      const outcome = run(...node(program), { server: 'asana-v2' }).catch((error) => error)
      const [{ pid }] = await until(() => getActiveProcesses().length === 1 && getActiveProcesses())
      const report = await untilKilled(scanner, pid)
      assert.ok(!isAlive(pid), 'it has exited when the scan is over')
      assert.deepEqual(getActiveProcesses(), [])

      const error = await outcome
      assert.ok(error instanceof Error)
      const { message, stdout, stderr, duration, ...fields } = error
      assert.equal(
        message,
        `${process.execPath} was terminated by the cleanup scanner: older than the maximum age`,
      )
      const ended = { exitCode: null, signal: 'SIGTERM', timedOut: false, truncated: false }
      assert.deepEqual(fields, { code: 'ERR_CLEANUP', pid, ...ended })
      assert.ok(duration >= 1)

      assertForgotten(report, pid)
      const { stats, lastScan } = scanner.getStats()
      assert.ok(stats.killed >= lastScan.killed)
      assert.equal(lastScan.killed, report.killed.length)
    })

  test('that streams has ERR_CLEANUP in exited and in the exit event', async () => {
    const scanner = new CleanupScanner({ scope: 'tracked', maxAge: 1 })
    const streaming = spawn(process.execPath, [sleeper])
    const heard = new Promise((resolve) =>
      streaming.once('exit', (_, error) => resolve(error.code)),
    )
    const refused = assert.rejects(streaming.exited, { code: 'ERR_CLEANUP' })
    await untilKilled(scanner, await until(() => streaming.pid))
    await refused
    assert.equal(await heard, 'ERR_CLEANUP')
  })

  test('is terminated as a whole tree and counted once, with daemons and processes that ignore SIGTERM', async () => {
    const scanner = new CleanupScanner({ scope: 'tracked', maxAge: 1 })
    const script = `trap '' TERM; setsid "$1" "$2" & "$1" "$2" & while :; do wait; sleep 1; done`
    const lines = []
    const tree = spawn(...sh(script, process.execPath, sleeper), { killGrace: 100 })
    tree.on('line', (line) => lines.push(line))
    const ended = assert.rejects(tree.exited, { code: 'ERR_CLEANUP', signal: 'SIGKILL' })
    await until(() => lines.length === 2)
    const report = await untilKilled(scanner, tree.pid)
    const pids = [tree.pid, ...lines.map((line) => Number(line.split(' ')[1]))]
    const told = report.killed.map(({ pid }) => pid).filter((pid) => pids.includes(pid))
    assert.deepEqual(told, [tree.pid])
    assert.deepEqual(pids.filter(isAlive), [])
    await ended
  })

  const spared = [
    ['inside its own timeout', { timeout: 600_000 }, 1, BECAUSE.withinTimeout],
    ['with timeout: Infinity', { timeout: Infinity }, 1, BECAUSE.withinTimeout],
    ['younger than maxAge', {}, 3_600_000, BECAUSE.young],
  ]
  for (const [name, options, maxAge, code] of spared)
    for (const scope of SCOPES)
      test(`${name} survives scope ${scope}`, () =>
        duringCall(async (pid) => {
          const scanner = new CleanupScanner({ scope, maxAge })
          await untilOld(scanner, { pid })
          const report = await scanner.cleanupAll()
          assert.equal(verdicts(report).get(pid)?.code, code)
          assert.ok(isAlive(pid))
        }, options))

  test('is only listed by a dry run', () =>
    duringCall(async (pid) => {
      const scanner = new CleanupScanner({ scope: 'tracked', maxAge: 1 })
      await untilOld(scanner, { pid })
      const report = await scanner.cleanupAll({ dryRun: true })
      assertForgotten(report, pid)
      assert.ok(isAlive(pid))
      const { stats, lastScan } = scanner.getStats()
      assert.deepEqual(
        [stats.killed, lastScan.killed, lastScan.dryRun],
        [0, report.killed.length, true],
      )
    }))

  test('that exits just before its termination is no error', async () => {
    const scanner = new CleanupScanner({ scope: 'tracked', maxAge: 1 })
    const outcomes = Array.from({ length: 20 }, () => run('sleep', ['0.1'], { reject: false }))
    for (let isOver = false; !isOver; ) {
      assert.deepEqual((await scanner.cleanupAll()).errors, [])
      isOver = getActiveProcesses().length === 0
    }
    assert.equal((await Promise.all(outcomes)).length, 20)
  })
}

/** Others may be in the report, where these tests have no namespace of their own. */
function assertForgotten(report, pid) {
  const [{ age, reason, ...judged }] = report.killed.filter((other) => other.pid === pid)
  assert.deepEqual(judged, { pid, name: 'node', code: BECAUSE.forgotten })
  assert.ok(age >= 1 && reason.length > 0)
}
