// The end of everything: shutdown() is for ever, so each case runs in a process of its own.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { shutdown } from '../index.js'
import { noShell } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'

const START = `
  import { cleanup, getActiveProcesses, run, shutdown, spawn } from 'procward'
  const told = []
  const tell = (name, promise) => promise.then((r) => told.push(name + ':' + r?.exitCode), (e) => told.push(name + ':' + e.code))
  const ready = (child) => new Promise((resolve) => child.once('line', resolve))
`

/** What a program told in the end; it has to exit by itself. */
async function toldBy(program) {
  const { code, stdout, stderr } = await outcomeOf(
    `${START}${program}\nconsole.log(told.join(' '))`,
  )
  assert.deepEqual([code, stderr], [0, ''])
  assertNothingLeft()
  return stdout
}

describe('shutdown()', { skip: noShell }, () => {
  test('lets running calls finish, and starts nothing more', async () => {
    const told = await toldBy(`
      const child = spawn('sh', ['-c', 'echo ready; read line; exit 3'])
      tell('child', child.exited)
      await ready(child)
      const end = shutdown({ timeout: 15_000 })
      await tell('late', run('true'))
      await tell('later', spawn('true').exited)
      child.end('go\\n')
      await end
      told.push(getActiveProcesses().length)
    `)
    assert.equal(told, 'late:ERR_CLOSED later:ERR_CLOSED child:ERR_EXIT 0')
  })

  test('terminates whole trees that do not finish in time', async () => {
    const told = await toldBy(`
      const child = spawn('sh', ['-c', "trap '' TERM; sleep 60 & echo ready; while :; do sleep 1; done"])
      tell('child', child.exited)
      await ready(child)
      await shutdown({ timeout: 1, killGrace: 1 })
      told.push(getActiveProcesses().length)
    `)
    assert.equal(told, 'child:ERR_CLOSED 0')
  })

  test('is hurried by a signal', async () => {
    const told = await toldBy(`
      const child = spawn('sh', ['-c', "trap '' TERM; echo ready; while :; do sleep 1; done"], { killGrace: 600_000 })
      tell('child', child.exited)
      await ready(child)
      const end = shutdown({ timeout: Infinity })
      process.kill(process.pid, 'SIGTERM')
      await end
      told.push(process.listenerCount('SIGTERM'))
    `)
    assert.equal(told, 'child:ERR_CLOSED 0')
  })

  test('stops the cleanup, rejects waiting MCP calls, and is the same when called again', async () => {
    const told = await toldBy(`
      const { createMcpHelper } = (await import('procward/mcp-helper')).default
      const helper = createMcpHelper({ mcporterBin: '/bin/sh' })
      cleanup.start()
      const ends = [shutdown(), shutdown()]
      await tell('call', helper.callToolAsync('server', 'tool'))
      await Promise.all(ends)
      told.push(cleanup.getStats().isRunning, helper.getReadiness().reason)
    `)
    assert.equal(told, 'call:ERR_CLOSED false draining')
  })

  test('refuses malformed options without starting', async () => {
    for (const options of [
      null,
      5,
      [],
      { timeout: 0 },
      { timeout: NaN },
      { killGrace: -1 },
      { time: 5 },
    ]) {
      await assert.rejects(shutdown(options), { code: 'ERR_INVALID_CONFIG' })
    }
    const told = await toldBy(
      `await shutdown({ timeout: '5' }).catch(() => {}); await tell('run', run('true'))`,
    )
    assert.equal(told, 'run:0')
  })
})

describe('detached', { skip: noShell }, () => {
  test('spares processes that the command leaves behind, unlike a plain call', async () => {
    const script = 'sleep 60 >/dev/null 2>&1 </dev/null & echo $!'
    const told = await toldBy(`
      for (const detached of [true, false]) {
        const { stdout } = await run('sh', ['-c', ${JSON.stringify(script)}], { detached, killGrace: 100 })
        const isAlive = () => { try { return process.kill(Number(stdout), 0) } catch { return false } }
        told.push(isAlive())
        if (isAlive()) process.kill(Number(stdout), 'SIGKILL')
      }
    `)
    assert.equal(told, 'true false')
  })

  test('settles even if a spared process writes for ever', async () => {
    for (const warden of ['on', 'off']) {
      const told = await toldBy(`
        process.env.PROCWARD_WARDEN = '${warden}'
        const child = spawn('sh', ['-c', 'yes & echo $!'], { detached: true, killGrace: 100 })
        let pid
        child.on('line', (line) => { if (line !== 'y') pid = Number(line) })
        const run_ = run('sh', ['-c', 'sleep 60 & echo $!'], { detached: true, killGrace: 100 })
        await tell('spawn', child.exited)
        await tell('run', run_)
        const pids = [pid, Number((await run_).stdout)]
        const isSpared = (pid) => { try { return process.kill(pid, 0) } catch { return false } }
        // The output of the first process has no reader any more, so SIGPIPE ends that process.
        told.push(isSpared(pids[1]))
        for (const pid of pids.filter(isSpared)) process.kill(pid, 'SIGKILL')
      `)
      assert.equal(told, 'spawn:0 run:0 true', warden)
    }
  })
})
