// Children that Node.js itself starts, because no warden works here: adopted all the same.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { afterEach, describe, test } from 'node:test'
import { CleanupScanner, getActiveProcesses, getGuarantees, getMetrics } from 'procward'
import { fork, spawn } from 'procward/child_process'
import { isolated } from './support/isolated.mjs'
import { isAlive, kill, nothingLeft } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'
import { until } from './support/until.mjs'
import { withoutWarden } from './support/warden.mjs'

const counts = () => getMetrics().childProcesses
const active = () => getActiveProcesses().map(({ pid }) => pid)
const variables = (/** @type {number} */ pid) =>
  readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')

/** Starts a shell, and returns it with the pids that it prints and its last event. */
async function shell(/** @type {string} */ text, /** @type {object} */ options = {}) {
  const child = spawn('sh', ['-c', text], { stdio: ['pipe', 'pipe', 'inherit'], ...options })
  const closed = once(child, 'close')
  const [line] = await once(createInterface({ input: /** @type {any} */ (child.stdout) }), 'line')
  return { child, closed, pids: line.split(' ').map(Number) }
}

isolated(import.meta.url, define, { only: true })

function define() {
  withoutWarden()
  afterEach(nothingLeft)

  describe('an adopted child', () => {
    test('is listed, counted, and carries the tag from its start on', async () => {
      const before = counts()
      const child = spawn('sleep', ['100'])
      const pid = Number(child.pid)
      assert.deepEqual(active(), [pid])
      const { adopted, unguarded, fallbacks } = counts()
      assert.deepEqual(
        [adopted - before.adopted, unguarded, fallbacks.warden - before.fallbacks.warden],
        [1, 0, 1],
      )
      const names = variables(pid).map((pair) => pair.split('=')[0])
      assert.equal(names.filter((name) => name === 'PROCWARD_TAG').length, 1)
      assert.ok(!names.includes('PROCWARD_REGISTERED') && !names.includes('PROCWARD_KEEP'))
      child.kill()
      await once(child, 'close')
    })

    test('has its exit in the metrics', async () => {
      const exits = () => ({
        ...getMetrics().children.find(({ server }) => server === null)?.exits,
      })
      const { ok = 0, error = 0, killed = 0 } = exits()
      const children = [spawn('true'), spawn('false'), spawn('sleep', ['100'])]
      children[2].kill('SIGUSR1')
      await Promise.all(children.map((child) => once(child, 'close')))
      await until(() => active().length === 0)
      const after = exits()
      assert.deepEqual([after.ok, after.error, after.killed], [ok + 1, error + 1, killed + 1])
    })

    test('that was ended by kill() takes its tree along', async () => {
      const { child, pids } = await shell(
        `trap '' TERM; setsid sleep 100 & one=$!; trap - TERM; sleep 100 & echo $one $!; wait`,
      )
      assert.ok(pids.every(isAlive))
      child.kill()
      assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM'])
      await until(() => !pids.some(isAlive))
    })

    test('that exits by itself may leave others, which stay listed', async () => {
      const { child, closed, pids } = await shell('sleep 100 > /dev/null & echo $!')
      await closed
      const scanner = new CleanupScanner({ scope: 'tree', maxAge: 3_600_000, killGrace: 100 })
      await scanner.cleanupAll()
      assert.ok(isAlive(pids[0]), 'the scanner knows its tag')
      assert.deepEqual(active(), [child.pid])
      kill(pids[0])
      await until(() => active().length === 0)
    })

    test('of fork() has its channel', async () => {
      const child = fork('channel', [], {
        execArgv: ['-e', 'process.on("message", (text) => process.send(text + text))'],
      })
      assert.deepEqual(active(), [child.pid])
      child.send('a')
      assert.deepEqual((await once(child, 'message'))[0], 'aa')
      child.disconnect()
      assert.deepEqual(await once(child, 'exit'), [0, null])
    })

    test('that cannot start is not listed', async () => {
      const { adopted } = counts()
      const child = spawn('procward-no-such-command')
      assert.deepEqual(active(), [])
      const [{ code }] = await once(child, 'error')
      assert.deepEqual([code, counts().adopted], ['ENOENT', adopted])
    })
  })

  test('a detached child is released by unref(), and spared by the scanner', async () => {
    const { released } = counts()
    const child = spawn('sleep', ['100'], { detached: true, stdio: 'ignore' })
    const pid = Number(child.pid)
    assert.ok(variables(pid).includes('PROCWARD_KEEP=1'))
    child.unref()
    child.unref()
    assert.equal(counts().released, released + 1)
    kill(pid)
    await until(() => !isAlive(pid))
  })

  test('a shutdown terminates all but those that were released', async () => {
    const { stdout } = await outcomeOf(
      `process.env.PROCWARD_WARDEN = 'off'
       const { spawn } = await import('procward/child_process')
       const { shutdown } = await import('procward')
       const { once } = await import('node:events')
       const tree = spawn('sh', ['-c', 'setsid sh -c "echo \\\\$\\\\$; exec env -i sleep 100" & wait'])
       const options = { detached: true, stdio: 'ignore' }
       const [held, free] = [0, 1].map(() => spawn('sleep', ['100'], options))
       free.unref()
       const [line] = await once(tree.stdout, 'data')
       await shutdown({ timeout: 1 })
       console.log([tree.pid, Number(line), held.pid, free.pid].join(' '))`,
    )
    const pids = stdout.split(' ').map(Number)
    assert.equal(pids.length, 4, stdout)
    const free = Number(pids.pop())
    await until(() => !pids.some(isAlive))
    assert.ok(isAlive(free))
    kill(free)
    await until(() => !isAlive(free))
  })

  test('what a killed server has left, the next one ends by the tag', async () => {
    const { stdout } = await outcomeOf(
      `process.env.PROCWARD_WARDEN = 'off'
       const { exec, spawn } = await import('procward/child_process')
       const { once } = await import('node:events')
       const child = exec('setsid sh -c "echo \\\\$\\\\$; exec sleep 100" & wait')
       const free = spawn('sleep', ['100'], { detached: true, stdio: 'ignore' })
       free.unref()
       const [line] = await once(child.stdout, 'data')
       const { writeSync } = await import('node:fs')
       writeSync(1, [child.pid, Number(line), free.pid].join(' '))
       process.kill(process.pid, 'SIGKILL')`,
    )
    const pids = stdout.split(' ').map(Number)
    assert.deepEqual(pids.map(isAlive), [true, true, true])
    const free = Number(pids.pop())
    const scanner = new CleanupScanner({ scope: 'tracked', maxAge: 3_600_000, killGrace: 100 })
    await until(async () => {
      await scanner.cleanupAll()
      return !pids.some(isAlive)
    })
    assert.ok(isAlive(free))
    kill(free)
    await until(() => !isAlive(free))
  })

  test('getGuarantees() says that these children are adopted', () => {
    const { guard, level, weaker } = getGuarantees().childProcesses
    assert.deepEqual([guard, level], ['adopted', 'best-effort'])
    assert.match(weaker[0], /only this server ends the children/)
  })
}
