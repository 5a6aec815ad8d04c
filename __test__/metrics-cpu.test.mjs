// The processor time of process trees, against what the processes themselves say they have used.

import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { afterEach, describe, test } from 'node:test'
import { getMetrics, run, spawn } from '../index.js'
import { node, noShell, sh } from './support/commands.mjs'
import { assertNothingLeft, kill, noProcessList, parentOf } from './support/processes.mjs'
import { until } from './support/until.mjs'
import { withoutWarden } from './support/warden.mjs'

afterEach(assertNothingLeft)

const SECONDS = 0.2
/** Uses some time, tells how much, in seconds, and does what follows. */
const burn = (then = '') => `
  const used = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6 }
  while (used() < ${SECONDS});
  console.log(used())
  ${then}`

const cpuOf = (server) => getMetrics().children.find((of) => of.server === server)?.cpu ?? 0
const sum = (stdout) =>
  stdout
    .trim()
    .split('\n')
    .reduce((total, line) => total + Number(line), 0)

/**
 * Runs a command that burns, and asserts that what its processes say is counted, and no more than
 * there can have been.
 */
async function assertCounted(server, [command, args]) {
  const before = cpuOf(server)
  const start = performance.now()
  const { stdout } = await run(command, args, { server })
  const most = ((performance.now() - start) / 1000) * availableParallelism()
  const cpu = cpuOf(server) - before
  assert.ok(
    sum(stdout) >= SECONDS && cpu >= sum(stdout) && cpu <= most,
    `${cpu} s, ${stdout.trim()} s said, ${most} s at most`,
  )
}

/** A shell that waits for two busy children, one after the other. */
const family = sh(`"$1" -e "$2"; "$1" -e "$2"`, process.execPath, burn())

describe('of a tree that has exited', () => {
  test('is that of its command', () => assertCounted('alone', node(burn())))
  test('includes that of its descendants', { skip: noShell }, () => assertCounted('family', family))
  test('adds up', async () => {
    await assertCounted('again', node(burn()))
    await assertCounted('again', node(burn()))
    assert.ok(cpuOf('again') >= 2 * SECONDS)
  })

  test('includes that of an orphan that exited by itself', {
    skip: noProcessList,
  }, async () => {
    await assertCounted('orphans', sh(`(setsid "$1" -e "$2" &); exit 0`, process.execPath, burn()))
  })

  test('is known after a termination', async () => {
    const [command, args] = node(burn('setInterval(() => {}, 1000)'))
    const child = spawn(command, args, { server: 'ended', killGrace: 1 })
    const said = await new Promise((resolve) => child.once('line', resolve))
    await child.kill()
    assert.ok(cpuOf('ended') >= Number(said))
  })
})

describe('of a running tree', () => {
  /** @param {string} server @param {[string, string[]]} command */
  async function started(server, [command, args]) {
    const child = spawn(command, args, { server, killGrace: 1 })
    child.exited.catch(() => {})
    const said = Number(await new Promise((resolve) => child.once('line', resolve)))
    // The kernel shows hundredths, and each number a bit less.
    await until(() => cpuOf(server) > said * 0.8)
    return child
  }

  test('is reported, and never goes back', async () => {
    const child = await started('runs', node(burn('setInterval(() => {}, 1000)')))
    const seen = cpuOf('runs')
    await child.kill()
    assert.ok(cpuOf('runs') >= seen)
  })

  test('includes that of descendants, running or exited', { skip: noProcessList }, async () => {
    const script = `require('child_process').execFileSync(process.execPath, ['-e', process.argv[1]], { stdio: 'inherit' }); setInterval(() => {}, 1000)`
    const child = await started('below', node(script, burn()))
    await child.kill()
  })

  test('is not forgotten when its warden is killed', { skip: noProcessList }, async () => {
    const child = await started('unguarded', node(burn('setInterval(() => {}, 1000)')))
    const seen = cpuOf('unguarded')
    kill(parentOf(child.pid))
    await child.exited.catch(() => {})
    assert.ok(cpuOf('unguarded') >= seen)
  })
})

describe('without a warden', { skip: noProcessList }, () => {
  withoutWarden()

  test('is that of the command and of the children that it reaped', () =>
    assertCounted('plain', family))
})
