import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { afterEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawn } from '../index.js'
import { node, sh } from './support/commands.mjs'
import {
  assertNothingLeft,
  commandsOfThisTest,
  isAlive,
  kill,
  noProcessList,
  parentOf,
  processesOfThisTest,
} from './support/processes.mjs'
import { until } from './support/until.mjs'

afterEach(assertNothingLeft)

/** Starts a command and waits for the lines that its members write. */
async function started(lines, [command, args], options) {
  const child = spawn(command, args, options)
  const heard = []
  child.on('line', (line) => heard.push(line))
  await until(() => heard.length === lines)
  return { child, heard, warden: parentOf(child.pid) }
}

/**
 * Starts a shell with a child that left its session, and waits until the child is a `sleep`. A
 * process in the middle of `exec` has no environment for a moment, and so no tag.
 */
async function startedWithStray() {
  const tree = await started(2, sh(`setsid sleep 60 & echo $!; echo $$; wait`), { killGrace: 50 })
  const [stray] = tree.heard.map(Number)
  await until(() => commandsOfThisTest().some(({ pid, name }) => pid === stray && name === 'sleep'))
  return tree
}

/** Takes its time after SIGTERM, and then exits with 7. */
const CAREFUL = sh(
  `trap 'sleep 0.3; echo clean; exit 7' TERM; echo ready; while :; do sleep 0.02; done`,
)

describe('the warden of a tree', { skip: noProcessList }, () => {
  test("is the command's parent, and exits with the tree", async () => {
    const { child, warden } = await started(1, CAREFUL)
    assert.equal(readFileSync(`/proc/${warden}/comm`, 'utf8'), 'procward-warden\n')
    await child.kill()
    await until(() => !isAlive(warden))
  })

  test('passes signals on to the command', async () => {
    const { child, warden, heard } = await started(1, CAREFUL)
    process.kill(warden, 'SIGTERM')
    await assert.rejects(child.exited, { code: 'ERR_EXIT', exitCode: 7 })
    assert.deepEqual(heard, ['ready', 'clean'])
  })

  test('reaps the orphans that it adopts: no zombie stays below it', async () => {
    const orphans = 'for i in 1 2 3 4 5 6 7 8 9 10; do (setsid sleep 0.01 &) ; done'
    const { child, warden } = await started(
      1,
      sh(`${orphans}; sleep 0.2; echo done; exec sleep 60`),
    )
    await until(() => processesOfThisTest().length === 2)
    const children = readFileSync(`/proc/${warden}/task/${warden}/children`, 'utf8').trim()
    assert.equal(children, `${child.pid}`)
    await child.kill()
  })

  test('sends SIGTERM also to children of any thread of a member', async () => {
    const asked = JSON.stringify(
      `trap 'echo asked; exit' TERM; echo ready; while :; do sleep 0.02; done`,
    )
    const inThread = `require('child_process').spawn('sh', ['-c', ${asked}], { detached: true, stdio: ['ignore', 1, 'ignore'] })`
    const program = `new (require('worker_threads').Worker)(${JSON.stringify(`${inThread}; setInterval(() => {}, 1000)`)}, { eval: true, execArgv: [] })`
    const { child, heard } = await started(1, node(program))
    await child.kill()
    assert.deepEqual(heard, ['ready', 'asked'])
  })

  test('that was killed takes the command with it, and the other processes are found by their tag', async () => {
    const { child, heard, warden } = await startedWithStray()
    kill(warden)
    await assert.rejects(child.exited, { code: 'ERR_EXIT', signal: 'SIGKILL' })
    assert.deepEqual(heard.filter(isAlive), [])
  })

  test('that was killed takes the command with it, also one without its tag', async (t) => {
    const { child, heard, warden } = await started(1, sh('echo $$; exec env -i sleep 60'), {
      killGrace: 50,
    })
    t.after(() => kill(heard[0]))
    kill(warden)
    await assert.rejects(child.exited, { code: 'ERR_EXIT', signal: 'SIGKILL' })
    await until(() => !isAlive(heard[0]))
  })

  test('that is stopped does not prevent the termination', async () => {
    const { child, heard, warden } = await startedWithStray()
    process.kill(warden, 'SIGSTOP')
    await child.kill()
    assert.deepEqual([...heard, warden].filter(isAlive), [])
  })

  test('keeps the grace of two quick requests', async () => {
    const { child, heard, warden } = await started(1, CAREFUL)
    process.kill(warden, 'SIGSTOP')
    // The pauses let both requests reach the stopped warden. A late request cannot fail the test.
    const first = child.kill({ killGrace: 60_000 })
    await sleep(50)
    const second = child.kill({ killGrace: 50_000 })
    await sleep(50)
    process.kill(warden, 'SIGCONT')
    await Promise.all([first, second])
    await assert.rejects(child.exited, { code: 'ERR_KILLED', exitCode: 7 })
    assert.deepEqual(heard, ['ready', 'clean'])
  })
})
