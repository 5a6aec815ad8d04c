import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { afterEach, describe, test } from 'node:test'
import { closed, nothingLeft, programs, SUCCESS, statusOf } from './node-child-process/endings.mjs'
import { fork, spawn } from './node-child-process/module.mjs'

const isWindows = process.platform === 'win32'
const waiter = isWindows ? 'cmd' : 'cat'

afterEach(nothingLeft)

describe('kill', () => {
  test('ends a child with SIGTERM, and says so', async () => {
    const child = spawn(waiter)
    const ending = closed(child)
    const ended = Promise.all([once(child.stdout, 'end'), once(child.stderr, 'end')])
    assert.equal(child.signalCode, null)
    assert.equal(child.killed, false)
    assert.equal(child.kill(), true)
    assert.equal(child.killed, true)
    const { stderr, ...rest } = await ending
    await ended
    assert.deepEqual(statusOf(rest), { code: null, signal: 'SIGTERM' })
    assert.equal(child.signalCode, 'SIGTERM')
    assert.equal(stderr, '')
  })

  test('with 0 only looks', async () => {
    const child = spawn(process.execPath, [programs, 'endAtInput'])
    const ending = closed(child)
    assert.equal(String((await once(child.stdout, 'data'))[0]), 'x')
    assert.equal(child.kill(0), true)
    child.stdin.end('x')
    assert.deepEqual(statusOf(await ending), SUCCESS)
  })

  const windowsSignals = {
    SIGTERM: 'SIGTERM',
    SIGKILL: 'SIGKILL',
    SIGQUIT: 'SIGQUIT',
    SIGINT: 'SIGINT',
    SIGHUP: 'SIGKILL',
  }
  for (const [sent, told] of Object.entries(windowsSignals))
    test(`with ${sent} on Windows tells of ${told}`, { skip: !isWindows }, async () => {
      const child = spawn('cmd')
      const ending = closed(child)
      child.kill(sent)
      assert.deepEqual(statusOf(await ending), { code: null, signal: told })
    })
})

const starters = {
  spawn: (options) => spawn(process.execPath, [programs, 'forever'], options),
  fork: (options) => fork(programs, ['forever'], options),
}
for (const [name, start] of Object.entries(starters))
  describe(`timeout of ${name}`, () => {
    test('ends the child with SIGTERM', async () => {
      assert.equal((await closed(start({ timeout: 5 }))).signal, 'SIGTERM')
    })

    test('ends the child with killSignal', async () => {
      const ending = closed(start({ timeout: 5, killSignal: 'SIGKILL' }))
      assert.equal((await ending).signal, 'SIGKILL')
    })

    test('must be a number', () => {
      for (const timeout of ['bad', {}])
        assert.throws(
          () => start({ timeout }),
          ({ code }) => ['ERR_OUT_OF_RANGE', 'ERR_INVALID_ARG_TYPE'].includes(code),
        )
    })

    test('leaves no listener at the AbortSignal', async () => {
      const { signal } = new AbortController()
      const child = start({ timeout: 6, signal })
      const ending = closed(child)
      assert.equal(getEventListeners(signal, 'abort').length, 1)
      await once(child, 'exit')
      assert.equal(getEventListeners(signal, 'abort').length, 0)
      await ending
    })
  })

describe('an AbortSignal', () => {
  const start = starters.spawn
  const boom = new Error('boom')
  const reasons = { 'no reason': [], 'an error': [boom], 'a text': ['boom'] }
  for (const [reasonName, reason] of Object.entries(reasons)) {
    test(`aborted with ${reasonName} ends the child`, async () => {
      const controller = new AbortController()
      const ending = closed(start({ signal: controller.signal }))
      controller.abort(...reason)
      assertAborted(await ending, reason)
    })

    test(`aborted with ${reasonName} before ends the child`, async () => {
      assertAborted(await closed(start({ signal: AbortSignal.abort(...reason) })), reason)
    })
  }

  test('aborted after a moment ends the child', async () => {
    const controller = new AbortController()
    const ending = closed(start({ signal: controller.signal }))
    setTimeout(() => controller.abort(), 1)
    assertAborted(await ending, [])
  })

  test('uses killSignal', async () => {
    const controller = new AbortController()
    const ending = closed(start({ signal: controller.signal, killSignal: 'SIGKILL' }))
    setTimeout(() => controller.abort(), 1)
    assertAborted(await ending, [], 'SIGKILL')
  })

  test('aborted between exit and close does nothing', async () => {
    const controller = new AbortController()
    const child = start({ signal: controller.signal })
    const ending = closed(child)
    child.on('exit', () => controller.abort())
    setTimeout(() => child.kill(), 1)
    const { errors, ...rest } = await ending
    assert.deepEqual(errors, [])
    assert.deepEqual(statusOf(rest), { code: null, signal: 'SIGTERM' })
  })

  function assertAborted({ errors, ...rest }, [reason], signal = 'SIGTERM') {
    assert.deepEqual(statusOf(rest), { code: null, signal })
    assert.deepEqual(
      errors.map(({ name }) => name),
      ['AbortError'],
    )
    if (reason !== undefined) assert.equal(errors[0].cause, reason)
  }
})
