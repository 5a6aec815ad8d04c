// What the cleanup scanner refuses: every option, with every wrong value, and no harm done.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { createContext, runInContext } from 'node:vm'
import { CleanupScanner, cleanup } from '../index.js'
import { until } from './support/until.mjs'

const HOUR = 3_600_000

const TIME = 'a whole number of milliseconds from 1 to 2147483647'
const SCOPE = "one of 'tracked', 'tree', 'machine'"
const ENTRY = 'a pid, the name or path of an executable, or a RegExp'
const PID = 'a whole number from 1 to 4294967295'

const OBJECTS = [{}, [3], () => 3, new Date(3), new Number(3), Symbol('three'), 3n]
const NO_COUNTS = [
  Number.NaN,
  0,
  -0,
  -1,
  0.5,
  1.5,
  3 + 1e-9,
  Infinity,
  -Infinity,
  Number.MAX_SAFE_INTEGER,
  1e21,
]
const NO_TIMES = [...OBJECTS, ...NO_COUNTS, 2 ** 31, '3', '', 'abc', null, true, false]
const NO_PIDS = [...NO_COUNTS, 2 ** 32]
const NO_ENTRIES = ['', null, undefined, true, ...OBJECTS, ['node'], new String('node')]

/** @type {[option: string, expected: string, values: unknown[]][]} */
const OPTIONS = [
  ['interval', TIME, NO_TIMES],
  ['maxAge', TIME, NO_TIMES],
  ['killGrace', TIME, NO_TIMES],
  ['scope', SCOPE, [...OBJECTS, '', 'all-node', 'owned', 'Tree', 'tree ', null, true, 0, ['tree']]],
  [
    'allow',
    'an array',
    ['node', 5, null, true, {}, /node/, new Set(['node']), { 0: 'node', length: 1 }, () => []],
  ],
]

/** What is refused names the parameter, what it must be, and what it got. */
function refusal(name, expected, value) {
  const code = 'ERR_INVALID_CONFIG'
  return {
    name: 'Error',
    code,
    message: `${name} must be ${expected}, got ${inspect(value, { depth: 0 })}`,
  }
}

/** @type {[title: string, options: unknown, refused: object][]} */
const REFUSED = [
  ...OPTIONS.flatMap(([name, expected, values]) =>
    values.map((value) => [
      `${name}: ${inspect(value)}`,
      { [name]: value },
      refusal(name, expected, value),
    ]),
  ),
  ...NO_PIDS.map((pid) => [
    `allow: [${inspect(pid)}]`,
    { allow: ['node', pid] },
    refusal('allow[1]', PID, pid),
  ]),
  ...NO_ENTRIES.map((entry) => [
    `allow: [${inspect(entry)}]`,
    { allow: [entry] },
    refusal('allow[0]', ENTRY, entry),
  ]),
  // biome-ignore lint/suspicious/noSparseArray: it is the point
  ['allow: a hole in it', { allow: [, 'node'] }, refusal('allow[0]', ENTRY, undefined)],
  ...[null, 'tree', 5, true, 1n, Symbol('options'), [], [1], () => {}].map((options) => [
    `options: ${inspect(options)}`,
    options,
    refusal('options', 'an object', options),
  ]),
  ...['intervall', 'maxage', 'MAX_AGE', 'timeout', 'dryRun', ''].map((name) => [
    `an unknown option, '${name}'`,
    { interval: 5, [name]: 5 },
    {
      code: 'ERR_INVALID_CONFIG',
      message: `options has no option '${name}'; there are: interval, maxAge, scope, allow, killGrace`,
    },
  ]),
]

/**
 * Whether the scanner is as it was, and works.
 * @param {CleanupScanner} scanner
 * @param {object} before
 */
async function assertUnharmed(scanner, before) {
  const {
    lastScan: _,
    stats: { scans },
    ...rest
  } = before
  await scanner.cleanupAll({ dryRun: true })
  const { lastScan, stats, ...now } = scanner.getStats()
  assert.deepEqual({ ...now, scans: stats.scans }, { ...rest, scans: scans + 1 })
  assert.equal(lastScan.errors, 0)
}

describe('new CleanupScanner refuses', () => {
  for (const [title, options, refused] of REFUSED)
    test(title, () => assert.throws(() => new CleanupScanner(options), refused))
})

for (const isRunning of [false, true])
  describe(`start() refuses, on a scanner that ${isRunning ? 'runs' : 'does not run'}`, () => {
    for (const [title, options, refused] of REFUSED)
      test(title, async () => {
        const scanner = new CleanupScanner({ interval: HOUR, maxAge: HOUR, scope: 'tracked' })
        if (isRunning) {
          scanner.start()
          // The scan that it starts with.
          await until(() => scanner.getStats().stats.scans === 1)
        }
        const before = scanner.getStats()
        assert.throws(() => scanner.start(options), refused)
        await assertUnharmed(scanner, before)
        scanner.stop()
      })
  })

describe('cleanupAll() refuses', () => {
  const dryRuns = [null, 0, 1, 'true', '', ...OBJECTS]
  const table = [
    ...dryRuns.map((dryRun) => [{ dryRun }, refusal('dryRun', 'true or false', dryRun)]),
    ...[null, true, 'dryRun', 5, []].map((options) => [
      options,
      refusal('options', 'an object', options),
    ]),
    [
      { dryrun: true },
      { code: 'ERR_INVALID_CONFIG', message: "options has no option 'dryrun'; there are: dryRun" },
    ],
  ]
  for (const [options, refused] of table)
    test(inspect(options), async () => {
      const before = cleanup.getStats()
      await assert.rejects(cleanup.cleanupAll(options), refused)
      assert.deepEqual(cleanup.getStats(), before, 'nothing was scanned')
    })
})

describe('allowed are', () => {
  test('the limits of each option', () => {
    for (const time of [1, 2 ** 31 - 1]) {
      const scanner = new CleanupScanner({
        interval: HOUR,
        maxAge: time,
        killGrace: time,
        allow: [1, 2 ** 32 - 1, 'x'],
      })
      scanner.start()
      scanner.stop()
      assert.equal(scanner.getStats().maxAge, time)
      assert.equal(new CleanupScanner({ interval: time }).getStats().interval, time)
    }
  })

  test('a RegExp and an array of another realm, as in a vm', () => {
    const allow = runInContext('[/node/]', createContext())
    new CleanupScanner({ allow }).getStats()
  })

  test('an array that changes afterwards, because it is copied', async () => {
    const allow = ['node']
    const scanner = new CleanupScanner({ allow, maxAge: HOUR })
    allow[0] = /** @type {any} */ ({})
    await scanner.cleanupAll({ dryRun: true })
  })
})
