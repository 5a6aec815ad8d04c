import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { closed, nothingLeft, statusOf } from './node-child-process/endings.mjs'
import { ChildProcess, spawn } from './node-child-process/module.mjs'

afterEach(nothingLeft)

const NO_OBJECTS = [undefined, null, 'foo', 0, 1, Number.NaN, true, false]
const NO_TEXTS = [undefined, null, 0, 1, Number.NaN, true, false, {}]
const NO_ARRAYS = [null, 0, 1, Number.NaN, true, false, {}, 'foo']

/** Asserts that `spawn` of a new ChildProcess refuses each value, and says so. */
function assertRefused(values, optionsOf, expected) {
  const child = new ChildProcess()
  for (const value of values)
    assert.throws(() => child.spawn(optionsOf(value)), {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
      message: `The ${expected}. Received ${received(value)}`,
    })
}

function received(value) {
  if (value === undefined || value === null) return String(value)
  if (typeof value === 'object') return 'an instance of Object'
  return `type ${typeof value} (${inspect(value)})`
}

describe('ChildProcess', () => {
  test('is a class', () => {
    assert.equal(typeof ChildProcess, 'function')
  })

  test('refuses options that are no object', () => {
    assertRefused(NO_OBJECTS, (options) => options, '"options" argument must be of type object')
  })

  test('refuses a file that is no text', () => {
    const expected = '"options.file" property must be of type string'
    assertRefused(NO_TEXTS, (file) => ({ file }), expected)
  })

  test('refuses an environment that is no array', () => {
    const stdio = ['ignore', 'ignore', 'ignore', 'ipc']
    const expected = '"options.envPairs" property must be an instance of Array'
    assertRefused(NO_ARRAYS, (envPairs) => ({ envPairs, stdio }), expected)
  })

  test('refuses arguments that are no array', () => {
    const expected = '"options.args" property must be an instance of Array'
    assertRefused(NO_ARRAYS, (args) => ({ file: 'foo', args }), expected)
  })

  test('starts a process, and knows the names of signals', async () => {
    const child = new ChildProcess()
    const ending = closed(child)
    const args = ['--interactive']
    child.spawn({ file: process.execPath, args, cwd: process.cwd(), stdio: 'pipe' })
    assert.ok(Object.hasOwn(child, 'pid'))
    assert.ok(Number.isInteger(child.pid))
    assertKnowsSignals(child)
    await ending
  })

  test('of spawn knows the names of signals', async () => {
    const child = spawn(process.execPath, ['--interactive'])
    const ending = closed(child)
    assert.ok(child instanceof ChildProcess)
    assert.ok(Object.hasOwn(child, 'pid'))
    assert.ok(Number.isInteger(child.pid))
    assertKnowsSignals(child)
    await ending
  })

  function assertKnowsSignals(child) {
    assert.throws(() => child.kill('foo'), { name: 'TypeError', code: 'ERR_UNKNOWN_SIGNAL' })
    assert.equal(child.kill(), true)
  }
})

describe('Symbol.dispose', () => {
  test('ends a child with SIGTERM', async () => {
    const child = spawn(process.platform === 'win32' ? 'cmd' : 'cat')
    const codes = []
    const listen = () =>
      child.on('exit', (code, signal) => codes.push([code, signal, child.signalCode]))
    listen()
    listen()
    const ends = Promise.all([once(child.stdout, 'end'), once(child.stderr, 'end')])
    const ending = closed(child)
    assert.equal(child.signalCode, null)
    assert.equal(child.killed, false)
    child[Symbol.dispose]()
    assert.equal(child.killed, true)
    const { stderr, ...rest } = await ending
    await ends
    assert.equal(stderr, '')
    assert.deepEqual(statusOf(rest), { code: null, signal: 'SIGTERM' })
    const expected = [null, 'SIGTERM', 'SIGTERM']
    assert.deepEqual(codes, [expected, expected])
  })
})
