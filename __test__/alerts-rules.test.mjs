// Which alerts are raised and resolved when: tables of samples, with the time that the samples say.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import evaluation from '../lib/alerts/evaluate.js'
import { alertRules } from '../lib/alerts/rules.js'
import { randomFrom } from './fixtures/random.mjs'

const { INITIAL, active, evaluate } = evaluation
const START = Date.UTC(2026, 1, 13)
const QUIET = {
  processes: 0,
  queued: 0,
  calls: 0,
  failures: 0,
  queueTimeouts: 0,
  kills: 0,
  memoryAvailable: 80,
  memoryTotal: 100,
  slowest: null,
}

/**
 * What becomes of samples `[seconds, what is not quiet]`: `seconds +name` for raised, `seconds
 * -name` for resolved.
 */
function story(rules, samples) {
  const told = []
  let state = INITIAL
  for (const [second, values] of samples) {
    const result = evaluate(
      state,
      { ...QUIET, ...values, time: START + second * 1000 },
      alertRules(rules, 5),
    )
    state = result.state
    for (const { name } of result.raised) told.push(`${second} +${name}`)
    for (const { name } of result.resolved) told.push(`${second} -${name}`)
  }
  return { told, active: active(state) }
}

/** A sample every 5 s from one second to another. */
function every5(from, to, values) {
  const samples = []
  for (let second = from; second <= to; second += 5) samples.push([second, values])
  return samples
}

/** @param {Record<string, [calls: number, failures: number]>} servers */
function calls(servers) {
  const entries = Object.entries(servers).map(([server, [calls, failures]]) => {
    return [server, { calls, failures }]
  })
  return { servers: Object.fromEntries(entries) }
}

function scanner(more) {
  return { scanner: { isRunning: true, interval: 60_000, lastScan: null, ...more } }
}

/** As many samples, with 25 starts in each. @param {number} count */
function starts(count) {
  return Array.from({ length: count }, (_, at) => [at * 5, { spawns: at * 25 }])
}

const tool = (p95) => ({ slowest: { server: 'asana', tool: 'list', p95 } })
const pause = (pausedFor, count = 1) => ({ paused: { server: 'asana', pausedFor, count } })
const available = (memoryAvailable) => ({ memoryAvailable })

const STORIES = [
  ['nothing', {}, every5(0, 600, {}), []],
  ['as many processes as recommended', {}, every5(0, 600, { processes: 5 }), []],
  ['a process more, at once', {}, every5(0, 60, { processes: 6 }), ['0 +processes']],
  [
    'few processes for 15 s',
    {},
    [[0, { processes: 6 }], ...every5(5, 60, { processes: 5 })],
    ['0 +processes', '20 -processes'],
  ],
  [
    'processes that come and go within 15 s',
    {},
    Array.from({ length: 20 }, (_, at) => [at * 5, { processes: at % 2 ? 6 : 5 }]),
    ['5 +processes'],
  ],
  ['two who wait', {}, every5(0, 600, { queued: 2 }), []],
  ['three who wait, for less than a minute', {}, every5(0, 55, { queued: 3 }), []],
  ['three who wait, for a minute', {}, every5(0, 120, { queued: 3 }), ['60 +queue']],
  [
    'three who wait, with a breath in between',
    {},
    [...every5(0, 30, { queued: 3 }), [35, { queued: 2 }], ...every5(40, 95, { queued: 3 })],
    [],
  ],
  [
    'a queue that only gets back to the threshold',
    {},
    [...every5(0, 60, { queued: 3 }), ...every5(65, 600, { queued: 2 })],
    ['60 +queue'],
  ],
  [
    'a queue that gets back to half the threshold for 30 s',
    {},
    [
      ...every5(0, 60, { queued: 3 }),
      ...every5(65, 85, { queued: 1 }),
      [90, { queued: 2 }],
      ...every5(95, 130, {}),
    ],
    ['60 +queue', '125 -queue'],
  ],
  [
    'a wait in vain, until it is five minutes ago',
    {},
    [[0, {}], ...every5(5, 400, { queueTimeouts: 1 })],
    ['5 +queueTimeouts', '305 -queueTimeouts'],
  ],
  [
    'what was counted before the first sample',
    {},
    every5(0, 60, { queueTimeouts: 9, kills: 9 }),
    [],
  ],
  [
    'a counter that starts anew',
    {},
    [
      [0, { queueTimeouts: 9 }],
      [5, {}],
      [10, { queueTimeouts: 1 }],
    ],
    ['10 +queueTimeouts'],
  ],
  [
    'a counter that starts anew and counted',
    {},
    [
      [0, { queueTimeouts: 9 }],
      [5, { queueTimeouts: 1 }],
    ],
    ['5 +queueTimeouts'],
  ],
  [
    'five kills',
    {},
    [
      [0, {}],
      [5, { kills: 5 }],
    ],
    [],
  ],
  [
    'six kills, one at a time, and the time after them',
    {},
    [
      ...Array.from({ length: 7 }, (_, kills) => [kills * 50, { kills }]),
      ...every5(305, 700, { kills: 6 }),
    ],
    // At 500 s only those of 250 and 300 s are within the window: no more than half the threshold.
    ['300 +kills', '500 -kills'],
  ],
  [
    'nine failures of nine',
    {},
    [
      [0, {}],
      [5, { calls: 9, failures: 9 }],
    ],
    [],
  ],
  [
    'a quarter of the calls failed',
    {},
    [
      [0, {}],
      [5, { calls: 20, failures: 5 }],
    ],
    [],
  ],
  [
    'more than a quarter failed, then all went well',
    {},
    [
      [0, {}],
      [5, { calls: 20, failures: 6 }],
      [10, { calls: 40, failures: 6 }],
      [15, { calls: 60, failures: 6 }],
    ],
    ['5 +failures', '15 -failures'],
  ],
  [
    'failures of more than five minutes ago',
    {},
    [[0, {}], [5, { calls: 20, failures: 20 }], ...every5(10, 400, { calls: 20, failures: 20 })],
    ['5 +failures', '305 -failures'],
  ],
  ['memory at the threshold', {}, every5(0, 600, available(10)), []],
  [
    'memory short for less than 30 s',
    {},
    [...every5(0, 25, available(9)), [30, available(10)]],
    [],
  ],
  [
    'memory short, and back in the middle',
    {},
    [
      ...every5(0, 60, available(9)),
      ...every5(65, 300, available(12)),
      ...every5(305, 400, available(50)),
    ],
    ['30 +memory', '335 -memory'],
  ],
  ['memory that is unknown', {}, every5(0, 600, { memoryAvailable: null, memoryTotal: null }), []],
  [
    'memory that becomes unknown',
    {},
    [...every5(0, 30, available(9)), ...every5(35, 600, available(null))],
    ['30 +memory'],
  ],
  ['a tool at the threshold', {}, every5(0, 600, tool(30)), []],
  [
    'a slow tool, and then none',
    {},
    [...every5(0, 60, tool(31)), ...every5(65, 200, {})],
    ['60 +slowTool', '125 -slowTool'],
  ],
  [
    'a pause, and no other for 15 s',
    {},
    [[0, {}], [5, pause(9000)], [10, pause(4000)], ...every5(15, 60, {})],
    ['5 +pausedServer', '30 -pausedServer'],
  ],
  [
    'short pauses that follow each other',
    {},
    [
      [0, pause(900)],
      [5, {}],
      [10, pause(900)],
      [15, {}],
      [20, pause(900)],
    ],
    ['0 +pausedServer'],
  ],
  [
    'pauses below a threshold',
    { pausedServer: { threshold: 10_000 } },
    [
      [0, pause(10_000)],
      [5, pause(10_001)],
    ],
    ['5 +pausedServer'],
  ],
  [
    'a gap of more than 30 s',
    {},
    [...every5(0, 50, { queued: 3 }), ...every5(81, 136, { queued: 3 })],
    [],
  ],
  [
    'a gap of 30 s',
    {},
    [...every5(0, 50, { queued: 3 }), ...every5(80, 100, { queued: 3 })],
    ['80 +queue'],
  ],
  [
    'a gap does not resolve',
    {},
    [
      [0, { processes: 6 }],
      [5, {}],
      [10, {}],
      [100, {}],
      [105, {}],
      [110, {}],
      [115, {}],
    ],
    ['0 +processes', '115 -processes'],
  ],
  [
    'a clock that is set back',
    {},
    [...every5(0, 50, { queued: 3 }), ...every5(10, 65, { queued: 3 })],
    [],
  ],
  [
    'another threshold',
    { queue: { threshold: 10, for: 0 } },
    [
      [0, { queued: 10 }],
      [5, { queued: 11 }],
    ],
    ['5 +queue'],
  ],
  ['a rule that is left out', { processes: false }, every5(0, 60, { processes: 60 }), []],
  [
    'two levels',
    { manyProcesses: { measure: 'processes', threshold: 10, level: 'critical' } },
    [
      [0, { processes: 6 }],
      [5, { processes: 11 }],
    ],
    ['0 +processes', '5 +manyProcesses'],
  ],
  [
    'one server that fails among others that do not',
    {},
    [
      [0, calls({ good: [0, 0], bad: [0, 0] })],
      [5, calls({ good: [100, 0], bad: [9, 9] })],
      [10, calls({ good: [200, 0], bad: [10, 10] })],
      // Five minutes later there were too few calls.
      ...every5(15, 320, calls({ good: [200, 0], bad: [10, 10] })),
    ],
    ['10 +serverFailures', '305 -serverFailures'],
  ],
  [
    'the calls of servers, after samples without them',
    {},
    [
      [0, calls({ bad: [0, 0] })],
      [5, {}],
      [10, calls({ bad: [20, 20] })],
    ],
    ['10 +serverFailures'],
  ],
  [
    'servers that are not started',
    {},
    [[0, {}], ...every5(5, 10, { breakers: { server: 'asana', count: 2 } }), ...every5(15, 75, {})],
    ['5 +breakerOpen'],
  ],
  [
    'servers that are started again',
    {},
    [[0, { breakers: { server: 'asana', count: 1 } }], ...every5(5, 65, { breakers: null })],
    ['0 +breakerOpen', '65 -breakerOpen'],
  ],
  [
    'calls that wait for a session for a minute',
    {},
    [...every5(0, 60, { exhausted: 3 }), ...every5(65, 95, { exhausted: 0 })],
    ['60 +poolExhausted', '95 -poolExhausted'],
  ],
  [
    'no readiness for half a minute',
    {},
    [...every5(0, 30, { ready: false }), ...every5(35, 50, { ready: true })],
    ['30 +notReady', '50 -notReady'],
  ],
  [
    'no readiness for a moment',
    {},
    [...every5(0, 25, { ready: false }), [30, { ready: true }]],
    [],
  ],
  [
    'crashes within five minutes',
    {},
    [
      [0, { crashes: 7 }],
      [5, { crashes: 10 }],
      [10, { crashes: 11 }],
    ],
    ['10 +crashes'],
  ],
  [
    'many starts within a minute',
    {},
    [
      [0, { spawns: 0 }],
      [5, { spawns: 601 }],
    ],
    ['5 +spawnStorm'],
  ],
  ['as many starts within two minutes', {}, starts(25), []],
  [
    'child processes with most of the memory for a minute',
    {},
    every5(0, 65, { memory: 51 }),
    ['60 +childrenMemory'],
  ],
  [
    'a scanner that was stopped',
    {},
    [[0, scanner({})], ...every5(5, 30, scanner({ isRunning: false }))],
    ['20 +scannerStopped'],
  ],
  ['a scanner that never ran', {}, every5(0, 60, scanner({ isRunning: false })), []],
  [
    'a scanner that hangs',
    {},
    [
      [180, scanner({ lastScan: START })],
      [185, scanner({ lastScan: START })],
      [190, scanner({ lastScan: START + 190_000 })],
    ],
    ['185 +scannerStale', '190 -scannerStale'],
  ],
  [
    'a scanner with a short interval on a busy machine',
    {},
    [[30, scanner({ interval: 100, lastScan: START })]],
    [],
  ],
  ['a scan from before the clock was set back', {}, [[0, scanner({ lastScan: START + 1e9 })]], []],
  [
    'errors of scans',
    {},
    [
      [0, { cleanupErrors: 1 }],
      [5, { cleanupErrors: 5 }],
    ],
    ['5 +cleanupErrors'],
  ],
  [
    'several at once',
    {},
    [
      [0, {}],
      [5, { processes: 6, queueTimeouts: 1, kills: 6 }],
    ],
    ['5 +processes', '5 +queueTimeouts', '5 +kills'],
  ],
]

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

describe('story', () => {
  for (const [name, rules, samples, told] of STORIES) {
    test(name, () => assert.deepEqual(story(rules, samples).told, told))
  }
})

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

describe('random values', () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    test(`alerts are raised and resolved in turn (seed ${seed})`, () => {
      const random = randomFrom(seed)
      const within = (most) => Math.floor(random() * most)
      const rules = alertRules(
        { processes: { keep: 0 }, queue: { for: 10_000, keep: 10_000 }, kills: { window: 20_000 } },
        5,
      )
      const counters = { calls: 0, failures: 0, queueTimeouts: 0, kills: 0 }
      const raised = new Set()
      let state = INITIAL
      let time = START
      let turns = 0
      for (let at = 0; at < 5000; at++) {
        time += random() < 0.02 ? within(120_000) - 60_000 : 5000
        for (const name of Object.keys(counters))
          counters[name] = random() < 0.01 ? 0 : counters[name] + within(4)
        const sample = {
          ...QUIET,
          ...counters,
          ...available(random() * 30),
          time,
          processes: within(9),
          queued: within(5),
        }
        const result = evaluate(state, sample, rules)
        state = result.state
        for (const alert of result.raised) {
          assert.ok(!raised.has(alert.name) && alert.value > alert.threshold, alert.message)
          raised.add(alert.name)
          turns++
        }
        for (const alert of result.resolved) {
          assert.ok(
            raised.delete(alert.name) && alert.value <= rules.get(alert.name).clear,
            alert.message,
          )
          assert.equal(alert.resolvedAt, time)
        }
        assert.deepEqual(new Set(active(state).map(({ name }) => name)), raised)
      }
      assert.ok(turns > 100)
    })
  }
})

test('evaluate() does not change its arguments', () => {
  const freeze = (value) => {
    for (const inner of value instanceof Map ? value.values() : Object.values(value ?? {})) {
      if (typeof inner === 'object' && inner !== null) freeze(inner)
    }
    return Object.freeze(value)
  }
  let state = freeze(evaluate(INITIAL, { ...QUIET, time: START }, alertRules({}, 5)).state)
  for (const [second, values] of every5(5, 100, { processes: 6, queued: 3, kills: 6 })) {
    const sizes = [state.ruleStates.size, state.counted.length]
    const after = evaluate(
      state,
      Object.freeze({ ...QUIET, ...values, time: START + second * 1000 }),
      alertRules({}, 5),
    )
    assert.deepEqual([state.ruleStates.size, state.counted.length], sizes)
    state = freeze(after.state)
  }
})

test('a year of samples takes no more memory than an hour', () => {
  const rules = alertRules({ kills: { window: 3_600_000 } }, 5)
  let state = INITIAL
  for (let at = 0; at < 3000; at++)
    state = evaluate(state, { ...QUIET, kills: at, time: START + at * 5000 }, rules).state
  assert.equal(state.counted.length, 720)
})

describe('rules', () => {
  const REFUSED = [
    null,
    7,
    [],
    { queue: null },
    { queue: true },
    { queue: 7 },
    { queue: [] },
    { queue: { treshold: 3 } },
    { queue: { threshold: '3' } },
    { queue: { threshold: -1 } },
    { queue: { threshold: Number.NaN } },
    { queue: { threshold: Infinity } },
    { memory: { threshold: 1.1 } },
    { failures: { threshold: 25 } },
    { queue: { threshold: 3, clear: 4 } },
    { queue: { clear: -1 } },
    { queue: { for: -1 } },
    { queue: { for: 1.5 } },
    { queue: { for: '1 min' } },
    { queue: { for: Infinity } },
    { queue: { keep: 2 ** 31 } },
    { queue: { level: 'error' } },
    { queue: { window: 1000 } },
    { kills: { window: 0 } },
    { kills: { window: 3_600_001 } },
    { kills: { minimum: 1 } },
    { failures: { minimum: 0 } },
    { queue: { measure: 'depth' } },
    { mine: {} },
    { mine: { threshold: 3 } },
    { mine: { measure: 'constructor' } },
    { 'no name': { measure: 'queue' } },
    { [`${'n'.repeat(65)}`]: { measure: 'queue' } },
    { constructor: {} },
    JSON.parse('{ "__proto__": { "measure": "queue" } }'),
  ]
  for (const given of REFUSED) {
    test(`${JSON.stringify(given)} is refused`, () => {
      assert.throws(() => alertRules(given, 5), { code: 'ERR_INVALID_CONFIG' })
    })
  }

  for (const [given, name, expected] of [
    [undefined, 'processes', { threshold: 8, clear: 8 }],
    [{ processes: { threshold: 3 } }, 'processes', { threshold: 3, clear: 3 }],
    [{ queue: { threshold: 0 } }, 'queue', { threshold: 0, clear: 0 }],
    [{ queue: { for: 0, keep: 0 } }, 'queue', { for: 0, keep: 0, threshold: 2, clear: 1 }],
    [{ kills: { window: 3_600_000 } }, 'kills', { window: 3_600_000 }],
    [
      { 'slow-2': { measure: 'slowTool', threshold: 5000 } },
      'slow-2',
      { measure: 'slowTool', clear: 4000 },
    ],
    [{ queue: {} }, 'queue', { level: 'warning' }],
    [{ queue: undefined }, 'queue', { level: 'warning' }],
  ]) {
    test(`${JSON.stringify(given)} gives ${name} ${JSON.stringify(expected)}`, () => {
      const rule = alertRules(given, 8).get(name)
      assert.deepEqual({ ...rule, ...expected }, rule)
    })
  }

  test('the defaults are those in docs/alerts.md', async () => {
    const { readFile } = await import('node:fs/promises')
    const text = await readFile(new URL('../docs/alerts.md', import.meta.url), 'utf8')
    const rows = text.split('\n').filter((line) => line.startsWith('| `'))
    const documented = new Map(
      rows
        .map((line) => line.split('|').map((cell) => cell.trim()))
        .map((cells) => [cells[1], cells]),
    )
    for (const [name, rule] of alertRules({}, 5)) {
      const [, , , level, threshold, clear, during, keep, window] =
        documented.get(`\`${name}\``) ?? []
      const told = {
        level,
        threshold: Number(threshold),
        clear: Number(clear),
        for: Number(during),
        keep: Number(keep),
      }
      const { minimum, measure, window: windowed, ...known } = rule
      assert.deepEqual(
        { ...told, window: window === '' ? 0 : Number(window) },
        { ...known, window: windowed },
        name,
      )
    }
  })
})
