import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { run } from '../index.js'
import { noShell, sh } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'

afterEach(assertNothingLeft)

/** Long enough for a shell to have set its traps, however busy the machine. */
const TIMEOUT = 500

describe('timeout', { skip: noShell }, () => {
  test('terminates the command and rejects, with its output so far', async () => {
    const running = run(...sh('echo out; echo error >&2; exec sleep 60'), { timeout: TIMEOUT })
    await assert.rejects(running, ({ pid, duration, ...error }) => {
      assert.deepEqual(error, {
        code: 'ERR_CALL_TIMEOUT',
        exitCode: null,
        signal: 'SIGTERM',
        stdout: 'out\n',
        stderr: 'error\n',
        timedOut: true,
        truncated: false,
      })
      return pid > 1 && duration >= TIMEOUT
    })
  })

  test('has a message with the time and the tail of stderr', async () => {
    const message = `/bin/sh timed out after ${TIMEOUT} ms and was terminated: stuck`
    await assert.rejects(run(...sh('echo stuck >&2; exec sleep 60'), { timeout: TIMEOUT }), {
      message,
    })
  })

  test('reject: false resolves with timedOut', async () => {
    const { timedOut, signal, exitCode } = await run('sleep', ['60'], {
      timeout: 50,
      reject: false,
    })
    assert.deepEqual([timedOut, signal, exitCode], [true, 'SIGTERM', null])
  })

  for (const timeout of [60_000, 2 ** 31 - 1, Infinity, undefined])
    test(`${timeout} has no effect on a command that exits in time`, async () => {
      const { timedOut, exitCode } = await run('true', [], { timeout })
      assert.deepEqual([timedOut, exitCode], [false, 0])
    })

  for (const timeout of [1, 2, 3, 5, 8])
    test(`${timeout} ms, about as long as the command takes: a result or a timeout, never a mixture`, async () => {
      const calls = Array.from({ length: 20 }, () => run('true', [], { timeout, reject: false }))
      for (const { timedOut, exitCode, signal } of await Promise.all(calls)) {
        if (timedOut && exitCode === null) assert.match(signal, /^SIG(TERM|KILL)$/)
        else assert.deepEqual([exitCode, signal], [0, null])
      }
    })
})

describe('killGrace', { skip: noShell }, () => {
  test('a command that ignores SIGTERM is killed after it', async () => {
    const running = run(...sh(`trap '' TERM; echo ready; while :; do sleep 0.05; done`), {
      timeout: TIMEOUT,
      killGrace: 50,
    })
    await assert.rejects(running, {
      code: 'ERR_CALL_TIMEOUT',
      signal: 'SIGKILL',
      exitCode: null,
      stdout: 'ready\n',
    })
  })

  test('is time to clean up: output and exit code after SIGTERM count', async () => {
    const script = `trap 'echo cleaning; sleep 0.2; echo clean; exit 7' TERM; echo ready; while :; do sleep 0.05; done`
    const running = run(...sh(script), { timeout: TIMEOUT, killGrace: 60_000 })
    await assert.rejects(running, {
      code: 'ERR_CALL_TIMEOUT',
      exitCode: 7,
      signal: null,
      stdout: 'ready\ncleaning\nclean\n',
    })
  })

  test('a command that exits well after SIGTERM has timed out all the same', async () => {
    const running = run(...sh(`trap 'exit 0' TERM; while :; do sleep 0.05; done`), {
      timeout: TIMEOUT,
    })
    await assert.rejects(running, { code: 'ERR_CALL_TIMEOUT', exitCode: 0, timedOut: true })
  })

  test('a stopped command is killed after it', async () => {
    const running = run(...sh('kill -STOP $$; echo never'), { timeout: TIMEOUT, killGrace: 50 })
    await assert.rejects(running, { code: 'ERR_CALL_TIMEOUT', signal: 'SIGKILL', stdout: '' })
  })

  test('a member that ignores SIGTERM does not keep the others from an orderly exit', async () => {
    const script = `(trap '' TERM; while :; do sleep 0.05; done) & trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done`
    const running = run(...sh(script), { timeout: TIMEOUT, killGrace: 500 })
    await assert.rejects(running, { code: 'ERR_CALL_TIMEOUT', exitCode: 5, stdout: 'ready\n' })
  })

  test('an output that an orphan keeps open is closed after it', async () => {
    const running = run(...sh(`sleep 60 & exit 4`), { killGrace: 50 })
    await assert.rejects(running, { code: 'ERR_EXIT', exitCode: 4 })
  })

  test('a timeout during it is a timeout', async () => {
    const running = run(...sh(`echo root; sleep 60 & exit 0`), {
      killGrace: 60_000,
      timeout: TIMEOUT,
    })
    await assert.rejects(running, { code: 'ERR_CALL_TIMEOUT', exitCode: 0, stdout: 'root\n' })
  })
})
