// `killSignal`, kill(signal), `argv0` and the signals that a command starts with.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { constants } from 'node:os'
import { afterEach, describe, test } from 'node:test'
import { run, spawn } from '../index.js'
import { assertNothingLeft, isAlive, noProcessList } from './support/processes.mjs'
import { until } from './support/until.mjs'
import { withWarden } from './support/warden.mjs'

const skip = noProcessList
/** Names the signal that ends it, and leaves the rest of the time to a child. */
const NAMING = `
  for name in HUP INT QUIT TERM USR1; do trap "echo $name; exit 3" $name; done
  echo ready; while :; do sleep 0.02; done`

for (const warden of ['on', 'off'])
  describe(`with wardens ${warden}`, { skip }, () => {
    withWarden(warden)
    afterEach(assertNothingLeft)

    for (const [killSignal, name] of [
      [undefined, 'TERM'],
      ['SIGINT', 'INT'],
      ['sighup', 'HUP'],
      [constants.signals.SIGQUIT, 'QUIT'],
    ])
      test(`a termination begins with ${name} for killSignal ${killSignal}`, async () => {
        const options = { killSignal, killGrace: 60_000, reject: false }
        const aborting = new AbortController()
        const child = spawn('sh', ['-c', NAMING], { ...options, signal: aborting.signal })
        const lines = []
        child.on('line', (line) => lines.push(line))
        await until(() => lines.includes('ready'))
        aborting.abort()
        assert.equal((await child.exited).exitCode, 3)
        assert.deepEqual(lines, ['ready', name])
      })

    test('a process that ignores killSignal is killed after the grace period', async () => {
      const script = `trap '' INT; echo ready; while :; do sleep 0.02; done`
      const child = spawn('sh', ['-c', script], { killSignal: 'SIGINT', killGrace: 50 })
      await once(child, 'line')
      await child.kill()
      await assert.rejects(child.exited, { code: 'ERR_KILLED', signal: 'SIGKILL' })
    })

    test('killSignal SIGKILL kills at once', async () => {
      const options = { killSignal: 'SIGKILL', killGrace: 60_000, timeout: 300 }
      const script = `trap '' TERM; sleep 1000 & wait; sleep 1000`
      await assert.rejects(run('sh', ['-c', script], options), {
        code: 'ERR_CALL_TIMEOUT',
        signal: 'SIGKILL',
      })
    })

    test('kill(signal) signals the command alone', async () => {
      const script = `trap 'echo USR1' USR1; sleep 1000 & echo $!; while :; do wait; done`
      const child = spawn('sh', ['-c', script])
      const lines = []
      child.on('line', (line) => lines.push(line))
      await until(() => lines.length === 1)
      assert.equal(child.kill(0), true)
      assert.equal(child.kill('SIGUSR1'), true)
      await until(() => lines.length === 2)
      assert.equal(child.kill(constants.signals.SIGUSR1), true)
      await until(() => lines.length === 3)
      assert.deepEqual(lines.slice(1), ['USR1', 'USR1'])
      assert.ok(isAlive(lines[0]))
      assert.equal(child.kill('SIGTERM'), true)
      await assert.rejects(child.exited, { code: 'ERR_EXIT', signal: 'SIGTERM' })
      assert.equal(isAlive(lines[0]), false)
      assert.equal(child.kill('SIGTERM'), false)
      assert.equal(child.kill(0), false)
    })

    test('a signal waits for the start of the command', async () => {
      const child = spawn('sleep', ['1000'])
      assert.deepEqual([child.kill(0), child.kill('SIGHUP')], [true, true])
      await assert.rejects(child.exited, { code: 'ERR_EXIT', signal: 'SIGHUP' })
      const missing = spawn('no-such-command')
      missing.kill('SIGTERM')
      await assert.rejects(missing.exited, { code: 'ERR_SPAWN' })
      assert.equal(missing.kill('SIGTERM'), false)
    })

    test('kill(signal) also reaches a command that is being terminated', async () => {
      const child = spawn('sh', ['-c', `trap '' TERM; echo ready; while :; do sleep 1; done`])
      await once(child, 'line')
      const killed = child.kill({ killGrace: 60_000 })
      assert.equal(child.kill('SIGKILL'), true)
      await Promise.race([child.exited.catch(() => {}), until(() => !isAlive(child.pid))])
      child.kill({ killGrace: 1 })
      await killed
    })

    test('argv0 is the name that the command sees', async () => {
      const { stdout } = await run('sh', ['-c', 'echo "$0"'], { argv0: 'other name' })
      assert.equal(stdout, 'other name\n')
      assert.equal((await run('echo "$0"', { shell: true, argv0: 'shell' })).stdout, 'shell\n')
    })

    test('a command starts with the default of every signal', async () => {
      const { stdout } = await run('grep', ['-E', '^Sig(Ign|Blk)', '/proc/self/status'])
      // The C library keeps two signals above these for itself.
      const standard = stdout.match(/[0-9a-f]{16}/g).map((mask) => Number(`0x${mask}`) % 2 ** 31)
      assert.deepEqual(standard, [0, 0])
    })
  })

test('kill() refuses unknown signals', async () => {
  const child = spawn('sleep', ['1000'])
  for (const signal of ['SIGNOTHING', '', 'TERM', 'toString', -1, 1.5, 1000, NaN])
    assert.throws(() => child.kill(signal), { code: 'ERR_UNKNOWN_SIGNAL' })
  await assert.rejects(child.kill({ killGrace: 0 }), { code: 'ERR_INVALID_CONFIG' })
  await assert.rejects(child.kill(null), { code: 'ERR_INVALID_CONFIG' })
  await child.kill()
  assertNothingLeft()
})
