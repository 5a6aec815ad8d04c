import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { Semaphore } from '../index.js'
import { NO_NUMBERS } from './support/bad-values.mjs'

const NO_COUNTS = [
  ...NO_NUMBERS,
  Number.NaN,
  -1,
  0,
  -0,
  0.5,
  1.5,
  3 + 1e-9,
  -Infinity,
  Number.MAX_SAFE_INTEGER,
  1e21,
]
const TOO_MANY = 2 ** 32
const TOO_LONG = 2 ** 31
const NO_OPTIONS = [null, 'timeout', 5, true, 1n, Symbol('options'), [], [1], () => {}]
const NO_SIGNALS = [
  null,
  'abort',
  1,
  true,
  {},
  { aborted: false },
  [],
  new AbortController(),
  new EventTarget(),
  () => {},
]
const NO_FUNCTIONS = [
  undefined,
  null,
  'fn',
  5,
  true,
  1n,
  Symbol('fn'),
  {},
  [],
  Promise.resolve(),
  new Date(0),
]

/** What the error of a bad value is: it names the parameter, what it must be, and what it got. */
function refusal(name, expected, value, code = 'ERR_INVALID_CONFIG') {
  return {
    name: 'Error',
    code,
    message: `${name} must be ${expected}, got ${inspect(value, { depth: 0 })}`,
  }
}

const WHOLE = 'a whole number'
const COUNT = `${WHOLE} from 1 to 4294967295`
const TIME_OR_INFINITY = `${WHOLE} of milliseconds from 1 to 2147483647 or Infinity`

/**
 * Asserts that the semaphore of one slot, free or held, still works, without a lost slot or a
 * remaining waiter.
 */
async function assertUnharmed(semaphore, held) {
  assert.deepEqual(semaphore.getStatus(), {
    maxConcurrent: 1,
    current: held,
    queued: 0,
    available: 1 - held,
  })
  if (held) semaphore.release()
  assert.deepEqual(await Promise.all(['a', 'b'].map((name) => semaphore.use(() => name))), [
    'a',
    'b',
  ])
  if (held) semaphore.tryAcquire()
}

describe('new Semaphore', () => {
  const table = [
    ['maxConcurrent', COUNT, [...NO_COUNTS, Infinity, TOO_MANY], (value) => new Semaphore(value)],
    ['options', 'an object', NO_OPTIONS, (value) => new Semaphore(3, value)],
    [
      'queueTimeout',
      TIME_OR_INFINITY,
      [...NO_COUNTS, TOO_LONG],
      (queueTimeout) => new Semaphore(3, { queueTimeout }),
    ],
    [
      'maxQueue',
      `${WHOLE} from 0 to 4294967295 or Infinity`,
      [...NO_COUNTS.filter((value) => value !== 0), TOO_MANY],
      (maxQueue) => new Semaphore(3, { maxQueue }),
    ],
  ]
  for (const [name, expected, values, create] of table)
    for (const value of values)
      test(`${name}: ${inspect(value)}`, () => {
        assert.throws(() => create(value), refusal(name, expected, value))
      })

  test('missing options and options left undefined have their defaults', () => {
    for (const options of [undefined, {}, { queueTimeout: undefined, maxQueue: undefined }])
      assert.equal(new Semaphore(undefined, options).getStatus().maxConcurrent, 3)
  })

  test('the limits of each option are accepted', async () => {
    for (const maxConcurrent of [1, TOO_MANY - 1])
      for (const queueTimeout of [1, TOO_LONG - 1, Infinity])
        for (const maxQueue of [0, 1, TOO_MANY - 1, Infinity]) {
          const semaphore = new Semaphore(maxConcurrent, { queueTimeout, maxQueue })
          assert.equal(semaphore.getStatus().available, maxConcurrent)
          assert.equal(await semaphore.use(() => 'fine', { timeout: queueTimeout }), 'fine')
        }
  })
})

for (const held of [0, 1])
  describe(`on a semaphore with ${held ? 'its slot taken' : 'a free slot'}`, () => {
    const semaphore = new Semaphore(1)
    if (held) semaphore.tryAcquire()
    let ran = false
    const fn = () => {
      ran = true
    }
    const asked = [
      ['options', 'an object', NO_OPTIONS, (value) => value],
      ['timeout', TIME_OR_INFINITY, [...NO_COUNTS, TOO_LONG], (timeout) => ({ timeout })],
      ['signal', 'an AbortSignal', NO_SIGNALS, (signal) => ({ signal })],
      ['cost', COUNT, [...NO_COUNTS, Infinity, TOO_MANY], (cost) => ({ cost })],
      ['cost', 'at most maxConcurrent (1)', [2, TOO_MANY - 1], (cost) => ({ cost })],
    ]
    const calls = {
      acquire: (options) => semaphore.acquire(options),
      use: (options) => semaphore.use(fn, options),
    }
    for (const [call, ask] of Object.entries(calls))
      for (const [name, expected, values, optionsOf] of asked)
        for (const value of values)
          test(`${call}, ${name}: ${inspect(value)}`, async () => {
            await assert.rejects(ask(optionsOf(value)), refusal(name, expected, value))
            assert.equal(ran, false)
            await assertUnharmed(semaphore, held)
          })

    for (const value of NO_FUNCTIONS)
      test(`use, fn: ${inspect(value)}`, async () => {
        const refused = refusal('fn', 'a function', value, 'ERR_INVALID_ARG_TYPE')
        await assert.rejects(semaphore.use(value), refused)
        await assert.rejects(semaphore.use(value, { timeout: 5 }), refused)
        await assertUnharmed(semaphore, held)
      })

    for (const value of [...NO_COUNTS, Infinity, TOO_MANY, undefined])
      test(`resize: ${inspect(value)}`, async () => {
        assert.throws(() => semaphore.resize(value), refusal('maxConcurrent', COUNT, value))
        await assertUnharmed(semaphore, held)
      })

    test("an error of an option's getter reaches the caller", async () => {
      const error = new Error('getter')
      const trap = {
        get() {
          throw error
        },
      }
      for (const options of [new Proxy({}, trap), Object.defineProperty({}, 'signal', trap)]) {
        await assert.rejects(semaphore.acquire(options), error)
        await assert.rejects(semaphore.use(fn, options), error)
      }
      assert.equal(ran, false)
      await assertUnharmed(semaphore, held)
    })
  })

test('a class as function throws when it is called, and its slot is released', async () => {
  const semaphore = new Semaphore(1)
  await assert.rejects(semaphore.use(class {}), TypeError)
  await assertUnharmed(semaphore, 0)
})

test('an unknown option is refused by name, with the valid names', async () => {
  const refused = (unknown, known) => ({
    code: 'ERR_INVALID_CONFIG',
    message: `options has no option '${unknown}'; there are: ${known}`,
  })
  assert.throws(
    () => new Semaphore(1, { timeout: 5 }),
    refused('timeout', 'queueTimeout, maxQueue'),
  )
  const semaphore = new Semaphore(1)
  await assert.rejects(
    semaphore.acquire({ queueTimeout: 5 }),
    refused('queueTimeout', 'timeout, signal, cost'),
  )
  await assert.rejects(
    semaphore.use(() => {}, { Signal: null }),
    refused('Signal', 'timeout, signal, cost'),
  )
  await assertUnharmed(semaphore, 0)
})
