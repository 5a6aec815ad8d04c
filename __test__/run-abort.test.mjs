import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { getActiveProcesses, run, spawn } from '../index.js'
import { noShell, sh } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { until } from './support/until.mjs'

/** @type {string} */
let folder
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'procward-'))
})
after(() => rm(folder, { recursive: true }))
afterEach(assertNothingLeft)

const exists = (name) => readFile(join(folder, name), 'utf8').catch(() => undefined)

describe('signal', { skip: noShell }, () => {
  test('aborted before: rejects at once, and nothing is started', async () => {
    const reason = new Error('why')
    const signal = AbortSignal.abort(reason)
    for (const reject of [true, false]) {
      const running = run('touch', ['started'], { signal, cwd: folder, reject, input: 'x' })
      assert.deepEqual(getActiveProcesses(), [])
      await assert.rejects(running, { name: 'AbortError', code: 'ABORT_ERR', cause: reason })
    }
    assert.equal(await exists('started'), undefined)
  })

  test('aborted while it runs: terminates the tree, and the error has the result', async () => {
    const controller = new AbortController()
    const reason = new Error('why')
    const running = run(...sh('echo out; echo error >&2; echo > ready; sleep 60 & sleep 60; :'), {
      signal: controller.signal,
      cwd: folder,
    })
    until(() => exists('ready')).then(() => controller.abort(reason))
    const result = {
      exitCode: null,
      signal: 'SIGTERM',
      stdout: 'out\n',
      stderr: 'error\n',
      timedOut: false,
      truncated: false,
    }
    await assert.rejects(running, {
      name: 'AbortError',
      code: 'ABORT_ERR',
      cause: reason,
      ...result,
    })
  })

  test('reject: false resolves with the result', async () => {
    const controller = new AbortController()
    const running = run('sleep', ['60'], { signal: controller.signal, reject: false })
    await until(() => getActiveProcesses().length === 1)
    controller.abort()
    const { signal, exitCode, timedOut } = await running
    assert.deepEqual([signal, exitCode, timedOut], ['SIGTERM', null, false])
  })

  test('aborted in the same tick: terminated as soon as it has started', async () => {
    const controllers = Array.from({ length: 20 }, () => new AbortController())
    const running = controllers.map(({ signal }) => run('sleep', ['60'], { signal }))
    for (const controller of controllers) controller.abort()
    for (const { reason } of await Promise.allSettled(running))
      assert.equal(reason.code, 'ABORT_ERR')
  })

  test('aborted after the end: nothing happens', async () => {
    const controller = new AbortController()
    const { exitCode } = await run('true', [], { signal: controller.signal })
    controller.abort()
    assert.equal(exitCode, 0)
  })

  test('aborted twice, and during the termination', async () => {
    const controller = new AbortController()
    const script = `trap 'echo > asked' TERM; echo > trapped; while :; do sleep 0.05; done`
    const running = run(...sh(script), { signal: controller.signal, cwd: folder, killGrace: 300 })
    until(() => exists('trapped')).then(() => controller.abort('first'))
    until(() => exists('asked')).then(() => controller.abort('second'))
    await assert.rejects(running, { code: 'ABORT_ERR', cause: 'first', signal: 'SIGKILL' })
  })

  test('AbortSignal.timeout() is an abort, with its TimeoutError as cause', async () => {
    const running = run('sleep', ['60'], { signal: AbortSignal.timeout(50) })
    await assert.rejects(running, ({ code, cause, timedOut }) => {
      return code === 'ABORT_ERR' && cause.name === 'TimeoutError' && timedOut === false
    })
  })

  test('one signal aborts many calls, and keeps no listener of settled ones', async () => {
    const controller = new AbortController()
    const { signal } = controller
    await Promise.all(Array.from({ length: 20 }, () => run('true', [], { signal })))
    await run('procward-no-such-command', [], { signal }).catch(() => {})
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    const running = Array.from({ length: 20 }, () => run(...sh('sleep 60 & wait'), { signal }))
    await until(() => getActiveProcesses().length === 20)
    controller.abort()
    for (const { reason } of await Promise.allSettled(running))
      assert.equal(reason.code, 'ABORT_ERR')
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  test('abort and timeout at the same time: one reason, and it matches the result', async () => {
    const calls = Array.from({ length: 20 }, () =>
      run('sleep', ['60'], { signal: AbortSignal.timeout(100), timeout: 100 }),
    )
    for (const { reason } of await Promise.allSettled(calls)) {
      assert.match(reason.code, /^(ABORT_ERR|ERR_CALL_TIMEOUT)$/)
      assert.equal(reason.timedOut, reason.code === 'ERR_CALL_TIMEOUT')
    }
  })
})

test('the input is closed before SIGTERM, so a command that only reads exits by itself', {
  skip: noShell,
}, async () => {
  const script = `trap '' TERM; echo ready; cat >/dev/null; echo the input has ended`
  const child = spawn(...sh(script), { killGrace: 60_000 })
  const lines = []
  child.on('line', (line) => {
    lines.push(line)
    if (line === 'ready') child.kill()
  })
  await assert.rejects(child.exited, { code: 'ERR_KILLED', exitCode: 0, signal: null })
  assert.deepEqual(lines, ['ready', 'the input has ended'])
})
