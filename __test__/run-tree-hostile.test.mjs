import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { getActiveProcesses, run, spawn } from '../index.js'
import { sh } from './support/commands.mjs'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'
import { until } from './support/until.mjs'

/** @type {string} */
let folder
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'procward-'))
})
after(() => rm(folder, { recursive: true }))
afterEach(assertNothingLeft)

const noPerl = spawnSync('perl', ['-e', '1']).status === 0 ? false : 'needs perl'

describe('trees that fight back', { skip: noProcessList }, () => {
  test('fifty that fork fifty, all ignoring SIGTERM, under a timeout', async () => {
    const script = `trap '' TERM; i=0; while [ $i -lt 50 ]; do i=$((i+1)); (sleep 60 & wait; sleep 60) & done; wait; wait`
    await assert.rejects(run(...sh(script), { timeout: 500, killGrace: 100 }), {
      code: 'ERR_CALL_TIMEOUT',
    })
  })

  test('one that replaces each dead child by one in a new session', async () => {
    const script = `trap '' TERM; i=0; while [ $i -lt 1000 ]; do i=$((i+1)); setsid sh -c 'trap "" TERM; sleep 0.05; sleep 60'; done`
    await assert.rejects(run(...sh(script), { timeout: 500, killGrace: 100 }), {
      code: 'ERR_CALL_TIMEOUT',
    })
  })

  test('one that starts children during its termination', async () => {
    const script = `trap 'for i in 1 2 3 4 5 6 7 8 9 10; do (trap "" TERM; setsid sleep 60 & sleep 60) & done; sleep 0.05' TERM; echo ready; i=0; while [ $i -lt 1000 ]; do i=$((i+1)); sleep 0.05; done`
    const child = spawn(...sh(script), { killGrace: 300 })
    child.on('line', () => child.kill())
    await assert.rejects(child.exited, { code: 'ERR_KILLED' })
  })

  test('children that die while they are being killed', async () => {
    const script = `i=0; while [ $i -lt 2000 ]; do i=$((i+1)); sleep 0.001 & sleep 0.002 & wait; done`
    const running = Array.from({ length: 5 }, (_, at) =>
      run(...sh(script), { timeout: 200 + 50 * at, killGrace: 20 }),
    )
    for (const { reason } of await Promise.allSettled(running))
      assert.equal(reason.code, 'ERR_CALL_TIMEOUT')
  })

  test('one that forks and exits thousands of times', {
    skip: noPerl,
  }, async () => {
    const hare = `for (1..5000) { exit if fork; open F, ">>", $ARGV[0]; print F "."; close F }`
    for (let round = 0; round < 3; round++) {
      const trace = join(folder, `trace ${round}`)
      const running = run(...sh(`perl -e '${hare}' "$1" & exec sleep 60`, trace), {
        timeout: 200,
        killGrace: 50,
      })
      await assert.rejects(running, { code: 'ERR_CALL_TIMEOUT' })
      const { size } = await stat(trace)
      assert.equal(await finalSize(trace), size, 'it ran on after the call had ended')
    }
  })
})

/** Returns the size of a file without writers. @param {string} path */
async function finalSize(path) {
  let last = -1
  return until(async () => {
    const before = last
    last = (await stat(path)).size
    return last === before ? last : sleep(100, 0)
  })
}

describe('simultaneous terminations', { skip: noProcessList }, () => {
  test('kill() five times, then abort, then a timeout: one termination, for the first reason', async () => {
    const controller = new AbortController()
    const child = spawn(...sh(`trap '' TERM; echo ready; while :; do sleep 0.05; done`), {
      signal: controller.signal,
      killGrace: 200,
      timeout: 60_000,
    })
    let exits = 0
    child.on('exit', () => exits++)
    await until(() => getActiveProcesses().length === 1)
    const kills = Array.from({ length: 5 }, () => child.kill())
    await assert.rejects(child.exited, { code: 'ERR_KILLED', signal: 'SIGKILL' })
    controller.abort()
    await Promise.all([...kills, child.kill()])
    assert.equal(exits, 1)
  })

  test('kill() in the same tick, before the start', async () => {
    for (let round = 0; round < 20; round++) {
      const child = spawn('sleep', ['60'])
      await child.kill()
      await assert.rejects(child.exited, { code: 'ERR_KILLED' })
    }
  })

  test('a hundred trees at once', async () => {
    const trees = Array.from({ length: 100 }, (_, at) =>
      run(...sh('sleep 60 & setsid sleep 60 & wait'), { timeout: 300 + at, killGrace: 100 }),
    )
    for (const { reason } of await Promise.allSettled(trees))
      assert.equal(reason.code, 'ERR_CALL_TIMEOUT')
  })
})
