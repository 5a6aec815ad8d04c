import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { nodeCommand, nothingLeft, outputsOf, programs } from './node-child-process/endings.mjs'
import { ChildProcess, exec, execFile } from './node-child-process/module.mjs'

const isMac = process.platform === 'darwin'
/** A timeout that no test reaches. */
const NEVER = 2 ** 30

afterEach(nothingLeft)

describe('the timeout of exec', () => {
  for (const killSignal of [undefined, 'SIGKILL'])
    test(`ends the command with ${killSignal ?? 'SIGTERM'}`, async () => {
      const command = nodeCommand('forever')
      const options = killSignal ? { timeout: 100, killSignal } : { timeout: 100 }
      const { error, stdout, stderr } = await outputsOf((done) => exec(command, options, done))
      assert.equal(error.killed, true)
      assert.equal(error.code, null)
      // macOS may kill a process that gets SIGTERM while starting.
      const signals = isMac ? ['SIGTERM', 'SIGKILL'] : [killSignal ?? 'SIGTERM']
      assert.ok(signals.includes(error.signal))
      assert.equal(error.cmd, command)
      assert.equal(stdout, '')
      assert.equal(stderr, '')
    })

  test('does nothing to a command that ends before', async () => {
    const outputs = await outputsOf((done) =>
      exec(nodeCommand('writeLines', '100'), { timeout: NEVER }, done),
    )
    assert.deepEqual(outputs, { error: null, stdout: 'to stdout\n', stderr: 'to stderr\n' })
  })

  test('does not hide that a file is missing', async () => {
    const { error } = await outputsOf((done) => execFile('missing', { timeout: NEVER }, done))
    assert.equal(error.code, 'ENOENT')
  })

  test('is no failure of a command that has ended, but not its outputs', async () => {
    let child
    const { error } = await outputsOf((done) => {
      child = execFile(process.execPath, [programs, 'leaveHolder'], { timeout: 2000 }, done)
      // Some versions of Node.js wait for the outputs after the timeout.
      setTimeout(() => child.stdin.end(), 2500)
    })
    assert.equal(error, null)
    assert.equal(child.exitCode, 0)
    child.stdin.end()
  })
})

describe('an AbortSignal of a promise of exec', () => {
  const start = (signal) => promisify(exec)(nodeCommand('forever'), { signal })

  const reasons = { 'no reason': [], 'an error': [new Error('boom')], 'a text': ['boom'] }
  for (const [name, reason] of Object.entries(reasons)) {
    test(`aborted with ${name} ends the command`, async () => {
      const controller = new AbortController()
      const rejected = assertAborted(start(controller.signal), reason)
      controller.abort(...reason)
      await rejected
    })

    test(`aborted with ${name} before rejects`, async () => {
      await assertAborted(start(AbortSignal.abort(...reason)), reason)
    })
  }

  function assertAborted(promise, [reason]) {
    return assert.rejects(promise, ({ name, cause }) => {
      assert.equal(name, 'AbortError')
      if (reason === undefined) assert.equal(cause.name, 'AbortError')
      else assert.equal(cause, reason)
      return true
    })
  }

  test('must be one', () => {
    for (const signal of [{}, function signal() {}])
      assert.throws(() => start(signal), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  })
})

describe('an error of kill()', () => {
  test('reaches the callback of exec', async (t) => {
    const { kill } = ChildProcess.prototype
    t.mock.method(ChildProcess.prototype, 'kill', function (...args) {
      kill.apply(this, args)
      throw new Error('an error of kill')
    })
    let child
    const { error, stdout, stderr } = await outputsOf((done) => {
      const options = { maxBuffer: 0, killSignal: 'SIGKILL' }
      child = exec(nodeCommand('writeLines'), options, done)
    })
    assert.equal(error.message, 'an error of kill')
    assert.equal(stdout, '')
    assert.equal(stderr, '')
    assert.equal(child.killed, true)
  })
})

describe('exec of a child without outputs', () => {
  /** Takes the outputs from each child, as if their streams could not be made. */
  function withoutOutputs(t) {
    const { spawn } = ChildProcess.prototype
    t.mock.method(ChildProcess.prototype, 'spawn', function (...args) {
      const errno = spawn.apply(this, args)
      for (const name of ['stdout', 'stderr']) {
        this[name].destroy()
        this[name] = null
      }
      return errno
    })
  }

  test('succeeds', async (t) => {
    withoutOutputs(t)
    const outputs = await outputsOf((done) => exec(nodeCommand('nothing'), done))
    assert.deepEqual(outputs, { error: null, stdout: '', stderr: '' })
  })

  test('gives an error that the child emits', async (t) => {
    withoutOutputs(t)
    const emitted = new Error('an emitted error')
    let exit
    const { error, stdout, stderr } = await outputsOf((done) => {
      const child = exec(nodeCommand('nothing'), done)
      exit = once(child, 'exit').catch(() => new Promise((end) => child.once('exit', end)))
      child.emit('error', emitted)
    })
    assert.equal(error, emitted)
    assert.equal(stdout, '')
    assert.equal(stderr, '')
    await exit
  })

  test('tells that the timeout has ended the child', async (t) => {
    withoutOutputs(t)
    const { error, stdout, stderr } = await outputsOf((done) =>
      exec(nodeCommand('forever'), { timeout: 1 }, done),
    )
    assert.equal(error.killed, true)
    assert.equal(stdout, '')
    assert.equal(stderr, '')
  })
})
