import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { getActiveProcesses, ProcessPool } from '../index.js'
import { ask, closeWorkersAfterEach, workers } from './support/workers.mjs'

closeWorkersAfterEach()

const NO_NUMBERS = [null, '3', '', true, 3n, Symbol('three'), {}, [3], () => 3]
const NO_COUNTS = [...NO_NUMBERS, Number.NaN, -1, 0, 0.5, -Infinity, Infinity, 2 ** 32]
const NO_TIMES = [...NO_NUMBERS, Number.NaN, -1, 0, 0.5, -Infinity, 2 ** 31]
const NO_STRINGS = [null, 5, true, 1n, Symbol('text'), {}, ['a'], () => {}, Buffer.from('a')]
const NO_OBJECTS = [null, 'text', 5, true, [], () => {}]
const NO_BOOLEANS = [null, 0, 1, 'true', {}]
const TIME = 'a whole number of milliseconds from 1 to 2147483647'
const COUNT = 'a whole number from 1 to 4294967295'

/** An option, values that are refused, and how. */
const table = [
  ['command', [...NO_STRINGS, undefined], 'a string'],
  ['command', [''], 'the name or path of a program'],
  ['args', [null, 'a', 5, {}], 'an array of strings'],
  ['cwd', NO_STRINGS, 'a string'],
  ['server', NO_STRINGS, 'a string'],
  ['env', NO_OBJECTS, 'an object'],
  ['maxSize', NO_COUNTS, COUNT],
  [
    'maxQueue',
    NO_COUNTS.filter((value) => value !== 0 && value !== Infinity),
    'a whole number from 0 to 4294967295 or Infinity',
  ],
  ['maxUses', NO_COUNTS, COUNT],
  ['minWarm', NO_COUNTS.filter((value) => value !== 0), COUNT],
  ['minWarm', [6], 'at most maxSize (5)'],
  ['idleTimeout', NO_TIMES, `${TIME} or Infinity`],
  ['acquireTimeout', NO_TIMES, `${TIME} or Infinity`],
  ['maxLifetime', [...NO_TIMES, Infinity], TIME],
  ['readyTimeout', [...NO_TIMES, Infinity], TIME],
  ['killGrace', [...NO_TIMES, Infinity], TIME],
  [
    'maxBuffer',
    NO_COUNTS.filter((value) => value !== Infinity),
    'a whole number of bytes from 1 to 4294967295 or Infinity',
  ],
  ['json', NO_BOOLEANS, 'true or false'],
  ['ready', NO_BOOLEANS, 'true or false'],
]

describe('new ProcessPool() refuses', () => {
  for (const [name, values, expected] of table) {
    test(`${name} that is not ${expected}`, () => {
      for (const value of values) {
        const shown = inspect(value, { depth: 0, maxStringLength: 100, breakLength: Infinity })
        const message = `${name} must be ${expected}, got ${shown}`
        assert.throws(() => new ProcessPool({ command: 'true', [name]: value }), {
          code: 'ERR_INVALID_CONFIG',
          message,
        })
      }
    })
  }

  test('invalid or unknown options', () => {
    for (const options of [undefined, ...NO_OBJECTS]) {
      assert.throws(() => new ProcessPool(options), { code: 'ERR_INVALID_CONFIG' })
    }
    assert.throws(() => new ProcessPool({ command: 'true', maxsize: 3 }), {
      code: 'ERR_INVALID_CONFIG',
      message: /^options has no option 'maxsize'; there are: /,
    })
    assert.throws(() => ProcessPool({ command: 'true' }), TypeError)
  })

  test('impossible arguments and variables', () => {
    const refused = [
      { args: ['a\0b'] },
      { args: [5] },
      { cwd: '/\0' },
      { env: { 'A=B': '1' } },
      { env: { A: 5 } },
    ]
    for (const options of refused) {
      assert.throws(() => new ProcessPool({ command: 'true', ...options }), {
        code: /^ERR_INVALID_/,
      })
    }
  })

  test('strings with a null byte', () => {
    for (const [name, value] of Object.entries({
      command: 'a\0b',
      args: ['a\0b'],
      cwd: '/\0',
      env: { A: '\0' },
      server: '\0',
    }))
      assert.throws(() => new ProcessPool({ command: 'true', [name]: value }), {
        code: 'ERR_INVALID_ARG_VALUE',
      })
  })

  test('and starts no worker', () => {
    assert.throws(() => new ProcessPool({ command: 'sleep', args: ['60'], minWarm: 1, json: 'no' }))
    assert.deepEqual(getActiveProcesses(), [])
  })
})

describe('waiting refuses', () => {
  const bad = [
    ...[...NO_OBJECTS].map((options) => [options, 'options must be an object']),
    ...NO_TIMES.map((timeout) => [{ timeout }, 'timeout must be']),
    ...[null, 'abort', {}, new AbortController()].map((signal) => [
      { signal },
      'signal must be an AbortSignal',
    ]),
    [{ patience: 5 }, "options has no option 'patience'"],
  ]

  test('bad options, and sends the worker nothing', async () => {
    const pool = workers()
    const worker = await pool.acquire()
    for (const [options, message] of bad) {
      const refused = (error) =>
        error.code === 'ERR_INVALID_CONFIG' && error.message.startsWith(message)
      await assert.rejects(pool.acquire(options), refused)
      await assert.rejects(pool.use(assert.fail, options), refused)
      await assert.rejects(worker.receive(options), refused)
      await assert.rejects(worker.request(ask('echo', 'never'), options), refused)
    }
    await assert.rejects(pool.use(assert.fail, { acquireTimeout: 0 }), {
      code: 'ERR_INVALID_CONFIG',
    })
    for (const fn of [undefined, null, 'fn', {}])
      await assert.rejects(pool.use(fn), { code: 'ERR_INVALID_ARG_TYPE' })
    assert.equal(await worker.request(ask('echo', 'first')), 'first')
    worker.release()
    assert.deepEqual([pool.getStatus().size, pool.getStatus().queued], [1, 0])
  })

  test('messages that are not one line', async () => {
    const pool = workers({ json: false })
    const worker = await pool.acquire()
    const circular = {}
    circular.self = circular
    const table = [
      ['ERR_INVALID_ARG_VALUE', ['two\nlines', '\n', 1n, circular]],
      ['ERR_INVALID_ARG_TYPE', [undefined, () => {}, Symbol('message'), Buffer.from('a')]],
    ]
    for (const [code, messages] of table) {
      for (const message of messages) {
        await assert.rejects(worker.send(message), { code, message: /^message must be / })
        await assert.rejects(worker.request(message), { code })
      }
    }
    assert.equal(await worker.request(ask('echo', 'first')), '"first"')
    worker.release()
  })
})
