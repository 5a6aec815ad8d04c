import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { afterEach, describe, test } from 'node:test'
import { getSystemErrorName, promisify } from 'node:util'
import { nothingLeft, outputsOf, programs } from './node-child-process/endings.mjs'
import { execFile, execFileSync } from './node-child-process/module.mjs'

const node = process.execPath
const isWindows = process.platform === 'win32'

afterEach(nothingLeft)

describe('execFile', () => {
  test('tells the exit code and the command', async () => {
    const args = [programs, 'exitWith', '42']
    const { error } = await outputsOf((done) => execFile(node, args, done))
    assert.equal(error.message.trim(), `Command failed: ${[node, ...args].join(' ')}`)
    assert.equal(error.code, 42)
  })

  test('names the error of a negative exit code', async () => {
    let exit
    const { error, stdout, stderr } = await outputsOf((done) => {
      const child = execFile(node, done)
      exit = once(child, 'exit')
      child.kill()
      child.emit('close', -1, null)
    })
    assert.equal(error.toString().trim(), `Error: Command failed: ${node}`)
    assert.equal(error.code, getSystemErrorName(-1))
    assert.equal(error.killed, true)
    assert.equal(error.signal, null)
    assert.equal(error.cmd, node)
    assert.equal(stdout, '')
    assert.equal(stderr, '')
    await exit
  })

  test('takes a shell', async () => {
    const options = { encoding: 'utf8', shell: true }
    const args = [`"${programs}"`, 'exitWith', '0']
    const { error } = await outputsOf((done) => execFile(`"${node}"`, args, options, done))
    assert.equal(error, null)
  })

  for (const [name, options] of Object.entries({ 'no options': null, 'a shell': { shell: true } }))
    test(`with ${name} writes what execFileSync writes`, { skip: isWindows }, async () => {
      const args = ['foo', 'bar']
      const expected = execFileSync('echo', args, options)
      assert.deepEqual(expected, Buffer.from('foo bar\n'))
      const { stdout } = await outputsOf((done) => execFile('echo', args, options, done))
      assert.deepEqual(Buffer.from(stdout), expected)
    })
})

describe('an AbortSignal of execFile', () => {
  const args = [programs, 'forever']
  const start = (signal, done) => execFile(node, args, { signal }, done)

  function assertAborted({ error }) {
    assert.equal(error.name, 'AbortError')
    assert.equal(error.code, 'ABORT_ERR')
    assert.equal(error.signal, undefined)
  }

  test('ends the child', async () => {
    const controller = new AbortController()
    const outputs = outputsOf((done) => start(controller.signal, done))
    controller.abort()
    assertAborted(await outputs)
  })

  test('aborted before is an error', async () => {
    assertAborted(await outputsOf((done) => start(AbortSignal.abort(), done)))
  })

  test('must be one', () => {
    const done = () => assert.fail('the callback must not be called')
    const error = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }
    assert.throws(() => start('hello', done), error)
  })

  test('has no listener when the child has ended', async () => {
    const { signal } = new AbortController()
    let listeners
    const { error } = await outputsOf((done) =>
      execFile(node, [programs, 'exitWith', '0'], { signal }, (...results) => {
        listeners = getEventListeners(signal, 'abort').length
        done(...results)
      }),
    )
    assert.equal(listeners, 0)
    assert.equal(error, null)
  })
})

describe('an AbortSignal of a promise of execFile', () => {
  const start = (signal) => promisify(execFile)(node, [programs, 'forever'], { signal })

  test('ends the child', async () => {
    const controller = new AbortController()
    const rejected = assert.rejects(start(controller.signal), { name: 'AbortError' })
    controller.abort()
    await rejected
  })

  test('aborted before rejects', async () => {
    await assert.rejects(start(AbortSignal.abort()), { name: 'AbortError' })
  })

  const wrong = {
    'an instance of Object': {},
    "type string ('world!')": 'world!',
  }
  for (const [received, signal] of Object.entries(wrong))
    test(`must not be ${received}`, async () => {
      await assert.rejects(async () => start(signal), {
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_TYPE',
        message: `The "options.signal" property must be an instance of AbortSignal. Received ${received}`,
      })
    })
})
