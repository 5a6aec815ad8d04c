// What an alert says, and how it changes until it is resolved.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { alertRules } from '../lib/alerts/rules.js'
import {
  active,
  available,
  evaluate,
  every5,
  INITIAL,
  pause,
  QUIET,
  START,
  story,
  tool,
} from './support/samples.mjs'

const MESSAGES = [
  [
    { processes: 6 },
    'processes',
    'warning',
    6,
    5,
    '6 active processes detected (recommended max: 5)',
  ],
  [{ queued: 3 }, 'queue', 'warning', 3, 2, '3 calls waiting for a slot (threshold: 2)'],
  [
    { queueTimeouts: 1 },
    'queueTimeouts',
    'critical',
    1,
    0,
    '1 call timed out in the queue within 300 s (threshold: 0)',
  ],
  [
    { kills: 7 },
    'kills',
    'warning',
    7,
    5,
    '7 processes terminated by the cleanup within 300 s (threshold: 5)',
  ],
  [
    { calls: 30, failures: 10 },
    'failures',
    'warning',
    1 / 3,
    0.25,
    '33.3% of 30 calls failed within 300 s (threshold: 25%)',
  ],
  [available(5), 'memory', 'critical', 0.95, 0.9, '95% of the memory in use (threshold: 90%)'],
  [
    tool(41.26),
    'slowTool',
    'warning',
    41260,
    30000,
    'asana.list took 41.3 s (95th percentile; threshold: 30 s)',
  ],
  [
    pause(42_000),
    'pausedServer',
    'warning',
    42_000,
    0,
    'asana is paused by its own Retry-After for another 42 s (threshold: 0 s)',
  ],
  [
    { fleetProblem: 'the connection was refused' },
    'fleet',
    'warning',
    1,
    0,
    "the Redis of the fleet's limits is away: the connection was refused",
  ],
  [
    pause(42_000, 2),
    'pausedServer',
    'warning',
    42_000,
    0,
    'asana and 1 other server are paused by their own Retry-After, the longest for another 42 s ' +
      '(threshold: 0 s)',
  ],
]

describe('alert', () => {
  for (const [values, name, level, value, threshold, message] of MESSAGES) {
    test(message, () => {
      const { active } = story({}, [[-5, {}], ...every5(0, 60, values)])
      assert.deepEqual(active, [{ name, level, message, since: START, value, threshold }])
    })
  }

  test('follows a clock that is set back: no time is in the future or before the begin', () => {
    const rules = alertRules({ kills: { threshold: 5, window: 60_000, keep: 0 } }, 5)
    const seconds = (second, more) => ({ ...QUIET, ...more, time: START + second * 1000 })
    let result = evaluate(INITIAL, seconds(0), rules)
    result = evaluate(result.state, seconds(5, { kills: 6, processes: 6 }), rules)
    result = evaluate(result.state, seconds(25, { kills: 6, processes: 6 }), rules)
    assert.equal(active(result.state)[0].since, START + 5000)
    result = evaluate(result.state, seconds(-3600, { kills: 6, processes: 6 }), rules)
    const since = START - 3_620_000
    assert.deepEqual(
      active(result.state).map((alert) => [alert.name, alert.since]),
      [
        ['processes', since],
        ['kills', since],
      ],
    )
    result = evaluate(result.state, seconds(-3590, { kills: 6 }), rules)
    result = evaluate(result.state, seconds(-3570, { kills: 6 }), rules)
    const resolved = result.resolved.map(({ name, since, resolvedAt }) => [name, since, resolvedAt])
    assert.deepEqual(resolved, [['processes', since, START - 3_570_000]])
    result = evaluate(result.state, seconds(-3560, { kills: 6 }), rules)
    const names = result.resolved.map(({ name }) => name)
    assert.deepEqual(names, ['kills'], 'a minute after they were counted')
  })

  test('has the latest value, and in its message the latest value above the threshold', () => {
    const rules = alertRules({}, 5)
    let result = evaluate(INITIAL, { ...QUIET, processes: 6, time: START }, rules)
    result = evaluate(result.state, { ...QUIET, processes: 9, time: START + 5000 }, rules)
    assert.deepEqual(result.raised, [], 'it was raised before')
    assert.equal(
      active(result.state)[0].message,
      '9 active processes detected (recommended max: 5)',
    )
    for (const second of [10, 15, 20, 25]) {
      result = evaluate(
        result.state,
        { ...QUIET, processes: 2, time: START + second * 1000 },
        rules,
      )
    }
    const [resolved] = result.resolved
    assert.deepEqual(resolved, {
      name: 'processes',
      level: 'warning',
      message: '9 active processes detected (recommended max: 5)',
      since: START,
      value: 2,
      threshold: 5,
      resolvedAt: START + 25_000,
    })
  })

  test('says when it resolves while its value is low, and only then', () => {
    const rules = alertRules({ queue: { for: 0 } }, 5)
    const ends = []
    let state = INITIAL
    for (const [second, queued] of [3, 2, 0, 1, 2, 1, 186, 0].entries()) {
      const time = START + second * 5000
      state = evaluate(state, { ...QUIET, queued, time }, rules).state
      const [{ resolvesAt }] = active(state)
      ends.push(resolvesAt === undefined ? null : (resolvesAt - START) / 1000)
    }
    assert.deepEqual(ends, [null, null, 40, 40, null, 55, null, 65])
    const [{ message, value, threshold }] = active(state)
    assert.deepEqual(
      [message, value, threshold],
      ['186 calls waiting for a slot (threshold: 2)', 0, 2],
    )
    const time = START + 65_000
    const { resolved } = evaluate(state, { ...QUIET, time }, rules)
    assert.deepEqual(
      resolved.map(({ resolvesAt, resolvedAt }) => [resolvesAt, resolvedAt]),
      [[undefined, time]],
    )
  })

  test('of a removed rule is resolved, and of a changed rule continues', () => {
    const before = evaluate(INITIAL, { ...QUIET, processes: 6, time: START }, alertRules({}, 5))
    const sample = { ...QUIET, processes: 6, time: START + 5000 }
    assert.equal(
      evaluate(before.state, sample, alertRules({ processes: false }, 5)).resolved.length,
      1,
    )
    const after = evaluate(
      before.state,
      sample,
      alertRules({ processes: { level: 'critical', threshold: 3 } }, 5),
    )
    assert.deepEqual([after.raised, after.resolved], [[], []])
    assert.deepEqual(
      [active(after.state)[0].level, active(after.state)[0].threshold],
      ['critical', 3],
    )
  })

  test('has plain names, also for strange tools', () => {
    const paused = { server: 'a\r\n\u202eb', pausedFor: 1000, count: 1 }
    const [alert] = story({}, [[0, { paused }]]).active
    assert.match(alert.message, /^a b is paused by/)
    const slowest = { server: `\u001b[31m${'s'.repeat(100)}`, tool: 'a\r\nb\u202e\0c', p95: 60 }
    const [{ message }] = story({ slowTool: { for: 0 } }, [[0, { slowest }]]).active
    assert.equal(
      message,
      ` [31m${'s'.repeat(59)}.a b c took 60 s (95th percentile; threshold: 30 s)`,
    )
  })
})

describe('the default threshold of processes', () => {
  const raised = (sample, rules) =>
    evaluate(INITIAL, { ...QUIET, time: START, ...sample }, rules).raised.map(
      ({ message }) => message,
    )
  const message = (value, max) => [`${value} active processes detected (recommended max: ${max})`]
  const table = [
    [{ limit: 3, processes: 5 }, []],
    [{ limit: 3, processes: 6 }, message(6, 5)],
    [{ limit: 1, processes: 6 }, message(6, 5)],
    [{ limit: 4, processes: 6 }, []],
    [{ limit: 4, processes: 7 }, message(7, 6)],
    [{ limit: 50, processes: 52 }, []],
    [{ limit: 50, processes: 53 }, message(53, 52)],
  ]
  for (const [sample, expected] of table)
    test(`at a limit of ${sample.limit} with ${sample.processes} processes`, () => {
      assert.deepEqual(raised(sample, alertRules(undefined)), expected)
    })

  test('does not follow the limit when it is given', () => {
    const sample = { limit: 50, processes: 6 }
    assert.deepEqual(raised(sample, alertRules(undefined, 5)), message(6, 5))
    assert.deepEqual(raised(sample, alertRules({ processes: { threshold: 4 } })), message(6, 4))
  })

  test('keeps a given value for clear, and resolves at the limit of the moment', () => {
    const rules = alertRules({ processes: { keep: 0 } })
    let state = INITIAL
    const at = (second, sample) => {
      const result = evaluate(state, { ...QUIET, ...sample, time: START + second * 1000 }, rules)
      state = result.state
      return [result.raised.length, result.resolved.length]
    }
    assert.deepEqual(at(0, { limit: 3, processes: 8 }), [1, 0])
    assert.deepEqual(at(5, { limit: 6, processes: 8 }), [0, 1])
    const low = alertRules({ processes: { clear: 2 } }).get('processes')
    assert.deepEqual([low.threshold, low.clear], [5, 2])
  })
})
