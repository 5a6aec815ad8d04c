// What the page makes of numbers: axes, series and words.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { reasonOf } from '../lib/dashboard/alert-reasons.js'
import { ending } from '../lib/dashboard/alerts.js'
import { byteMarks, countMarks, timeMarks } from '../lib/dashboard/axes.js'
import { CpuUse } from '../lib/dashboard/cpu.js'
import {
  bytes,
  clock,
  count,
  counted,
  duration,
  latency,
  percent,
  withMinutes,
} from '../lib/dashboard/format.js'
import { reasonAt, reasonWords, stretches } from '../lib/dashboard/reasons.js'
import { sorted } from '../lib/dashboard/rows.js'
import { HOUR, increase, increases, peaks, Series } from '../lib/dashboard/series.js'
import { readView, writeView } from '../lib/dashboard/view-query.js'

const MIB = 1024 ** 2
const NOON = new Date(2026, 1, 13, 12).getTime()

describe('axes', () => {
  for (const [max, expected] of [
    [0, [0, 1]],
    [1, [0, 1]],
    [3.2, [0, 1, 2, 3, 4]],
    [5, [0, 1, 2, 3, 4, 5]],
    [5.4, [0, 2, 4, 6]],
    [9, [0, 2, 4, 6, 8, 10]],
    [41, [0, 10, 20, 30, 40, 50]],
    [324, [0, 100, 200, 300, 400]],
  ]) {
    test(`counts up to ${max}`, () => assert.deepEqual(countMarks(max), expected))
  }

  for (const [max, expected] of [
    [1, [0, 1]],
    [4 * MIB, [0, 1, 2, 3, 4]],
    [100 * MIB, [0, 32, 64, 96, 128]],
    [3000 * MIB, [0, 1024, 2048, 3072]],
  ]) {
    test(`${max} bytes`, () =>
      assert.deepEqual(
        byteMarks(max).map((mark) => mark / MIB),
        expected,
      ))
  }

  for (const [from, to, most, expected] of [
    [0, 300_000, 5, [0, 60_000, 120_000, 180_000, 240_000, 300_000]],
    [1000, 300_000, 3, [120_000, 240_000]],
    [0, 3_600_000, 4, [0, 900_000, 1_800_000, 2_700_000, 3_600_000]],
    [1, 3_600_000, 0, [3_600_000]],
  ]) {
    test(`times from ${from} to ${to}, ${most} of them`, () =>
      assert.deepEqual(timeMarks(from, to, most), expected))
  }
})

describe('words', () => {
  for (const [write, value, expected] of [
    [count, 0, '0'],
    [count, 1234567, '1,234,567'],
    [count, null, '–'],
    [count, Number.NaN, '–'],
    [counted.bind(null, 1), 'scan', '1 scan'],
    [counted.bind(null, 2), 'scan', '2 scans'],
    [bytes, 0, '0 B'],
    [bytes, 1023, '1,023 B'],
    [bytes, 1024, '1 KiB'],
    [bytes, 1536 * 1024, '1.50 MiB'],
    [bytes, 61.44 * MIB, '61.4 MiB'],
    [bytes, 500 * MIB, '500 MiB'],
    [bytes, 2 ** 60, '1,048,576 TiB'],
    [bytes, null, '–'],
    [duration, -5, '0.0 s'],
    [duration, 940, '0.9 s'],
    [duration, 12_400, '12 s'],
    [duration, 60_000, '1 min'],
    [duration, 61_000, '1 min 1 s'],
    [duration, 3_660_000, '1 h 1 min'],
    [duration, 90_000_000, '1 d 1 h'],
    [duration, undefined, '–'],
    [latency, 0.0000421, '42.1 µs'],
    [latency, 0.00163, '1.63 ms'],
    [latency, 0.235, '235 ms'],
    [latency, 3.42, '3.42 s'],
    [latency, 61, '61 s'],
    [latency, null, '–'],
    [percent, 0, '0%'],
    [percent, 0.004, '0.4%'],
    [percent, 0.0996, '10%'],
    [percent, 2.345, '235%'],
    [percent, undefined, '–'],
    [ending, { value: 3, threshold: 2 }, ''],
    [ending, { value: 2, threshold: 2 }, ', at most its threshold now'],
    [ending, { value: 0, threshold: 2, resolvesAt: NOON }, ', resolves at 12:00:00'],
    [withMinutes, 'within 300 s (threshold: 5)', 'within 5 min (threshold: 5)'],
    [withMinutes, 'took 61.2 s; threshold: 30 s', 'took 1 min 1 s; threshold: 30 s'],
    [withMinutes, '3600 s, 9000 slots, v1.300 s', '1 h, 9000 slots, v1.300 s'],
    [clock, new Date(2026, 1, 13, 7, 5, 9).getTime(), '07:05:09'],
  ]) {
    test(`${write.name}(${value}) is ${expected}`, () => assert.equal(write(value), expected))
  }
})

describe('reasons for waiting', () => {
  const moments = (...pairs) => pairs.map(([time, limitedBy]) => ({ time, limitedBy }))

  for (const [what, given, expected] of [
    ['none', [[0], [1, null], [2, undefined]], []],
    [
      'a reason lasts until the next point',
      [
        [0, null],
        [1, 'slots'],
        [2, 'slots'],
        [3, null],
      ],
      [[1, 3, 'slots']],
    ],
    [
      'one reason after another, the last one until now',
      [
        [0, 'slots'],
        [5, 'rate'],
        [9, 'rate'],
      ],
      [
        [0, 5, 'slots'],
        [5, 9, 'rate'],
      ],
    ],
    ['a reason that has just come', [[7, 'memory']], [[7, 7, 'memory']]],
    [
      'the same reason again after a while',
      [
        [0, 'slots'],
        [1, null],
        [2, 'slots'],
        [3, null],
      ],
      [
        [0, 1, 'slots'],
        [2, 3, 'slots'],
      ],
    ],
  ])
    test(what, () =>
      assert.deepEqual(
        stretches(moments(...given)).map(({ from, to, reason }) => [from, to, reason]),
        expected,
      ),
    )

  test('at a time', () => {
    const points = moments([10, 'slots'], [20, null], [30, 'rate'])
    assert.deepEqual(
      [5, 10, 19, 20, 30, 99, undefined].map((time) => reasonAt(points, time)),
      [null, 'slots', 'slots', null, 'rate', 'rate', 'rate'],
    )
    assert.equal(reasonAt([]), null)
  })

  test('in words, also an unknown one', () =>
    assert.deepEqual(['server', 'start', 'fleet', 'moon', 'constructor'].map(reasonWords), [
      "a server's limit",
      'the next start of a server',
      'other processes of the fleet',
      'moon',
      'constructor',
    ]))
})

describe('the view in a URL', () => {
  for (const query of [
    '',
    '?window=15m',
    '?window=1h&sort=calls.pid.asc&sort=latency.p95.desc&paused=1',
  ])
    test(`'${query}' comes back`, () => assert.equal(writeView(readView(query)), query))

  for (const query of [
    '?window=5m',
    '?window=constructor',
    '?window=9h&x=y',
    '?sort=calls&sort=calls.pid.up&sort=<b>.pid.asc',
  ])
    test(`'${query}' is as usual`, () => assert.equal(writeView(readView(query)), ''))

  test('the order of many tables is bounded', () => {
    const query = Array.from({ length: 5000 }, (_, at) => `sort=t${at}.a.asc`).join('&')
    assert.equal(readView(`?${query}`).orders.size, 20)
  })
})

describe('the order of rows', () => {
  const rows = [{ v: 3 }, { v: null }, { v: 10 }, {}, { v: 3, later: true }]
  const values = (isDescending) => sorted(rows, ({ v }) => v, isDescending).map(({ v }) => v)

  test('numbers, both ways, without a value last', () => {
    assert.deepEqual(values(false), [3, 3, 10, null, undefined])
    assert.deepEqual(values(true), [10, 3, 3, null, undefined])
  })

  test('equal rows stay in their order, and the rows given stay as they are', () => {
    assert.equal(sorted(rows, ({ v }) => v, true)[2].later, true)
    assert.equal(rows[0].v, 3)
  })

  test('names as people order them', () =>
    assert.deepEqual(
      sorted(['b10', 'a', 'b9', 'B1'], (name) => name, false),
      ['a', 'B1', 'b9', 'b10'],
    ))
})

describe('the use of the processors', () => {
  const use = (...readings) => {
    const cpu = new CpuUse()
    return readings.map(([time, seconds]) => cpu.add(time, new Map([['it', seconds]])).get('it'))
  }

  test('is nothing at first, and then that of the last five seconds', () =>
    assert.deepEqual(use([0, 7], [1000, 7.5], [5000, 9.5], [6000, 9.5], [11_000, 9.5]), [
      undefined,
      0.5,
      0.5,
      0.4,
      0,
    ]))

  test('begins anew with the clock', () =>
    assert.deepEqual(use([50_000, 7], [1000, 8], [2000, 8.5]), [undefined, undefined, 0.5]))
})

describe('reasons of alerts', () => {
  const snapshot = (given) => ({
    time: 1_000_000,
    failedCalls: [],
    queuedCalls: [],
    metrics: { children: [], calls: [], cleanup: { killed: {} }, limitedBy: null },
    health: { activeProcesses: { processes: [] }, pool: null, semaphore: {} },
    ...given,
  })
  const failure = (server, code, time = 999_000) => ({ server, tool: 't', code, time })
  const text = (name, given, message) => reasonOf({ name, message }, snapshot(given)).text

  test('failures: the most common of the last five minutes', () => {
    const failedCalls = [
      failure('a', 'ERR_MCP'),
      failure('b', 'ERR_TOOL'),
      failure('b', 'ERR_TOOL'),
      ...Array(9).fill(failure('old', 'ERR_MCP', 600_000)),
    ]
    assert.equal(text('failures', { failedCalls }), '2 of 3 listed failures are b t: ERR_TOOL')
  })

  test('queue: the call that waits longest', () => {
    const call = { server: 'a', tool: 't', duration: 61_000, waitsFor: 'rate' }
    assert.equal(
      text('queue', { queuedCalls: [call] }),
      "a t waits longest, 1 min 1 s, for a server's rate or pause",
    )
  })

  test('queueTimeouts: the calls that gave up', () =>
    assert.equal(
      text('queueTimeouts', { failedCalls: [failure('a', 'ERR_QUEUE_TIMEOUT')] }),
      'of 1 listed call: 1 of a t',
    ))

  const others = Array(9).fill(failure('other', 'ERR_TOOL'))
  const ofA = '100% of 10 calls to a failed within 300 s (threshold: 50%)'

  test('serverFailures: the calls to the server of the message, and to no other one', () => {
    const own = [failure('a', 'ERR_MCP'), failure('a', 'ERR_TOOL'), failure('a', 'ERR_TOOL')]
    const words = '2 of 3 listed failures to a are t: ERR_TOOL'
    assert.equal(text('serverFailures', { failedCalls: [...others, ...own] }, ofA), words)
  })

  test('serverFailures: the counts where the latest failed calls are of other servers', () => {
    const calls = [
      { server: 'other', tool: 'x', failures: { ERR_TOOL: 9 } },
      { server: 'a', tool: 't', failures: { ERR_MCP: 2, ERR_SERVER_START: 8 } },
    ]
    const given = { failedCalls: others, metrics: { calls } }
    const words = 'since the start: 8 t: ERR_SERVER_START'
    assert.equal(text('serverFailures', given, ofA), words)
    assert.equal(text('serverFailures', { ...given, metrics: { calls: [] } }, ofA), '')
  })

  test('breakerOpen: every server whose calls are refused', () => {
    const refused = ['b', 'a', 'b'].map((server) => failure(server, 'ERR_SERVER_UNAVAILABLE'))
    const message = 'a and 1 other server: too many starts failed in a row'
    const given = { failedCalls: [...others, ...refused], metrics: { calls: [] } }
    const words = 'refused for now, of 12 listed failures: 2 to b, 1 to a'
    assert.equal(text('breakerOpen', given, message), words)
    const started = { ...given, failedCalls: [...others, failure('a', 'ERR_SERVER_START')] }
    assert.equal(
      text('breakerOpen', started, message),
      '1 of 1 listed failure to a is t: ERR_SERVER_START',
    )
  })

  const children = [
    { server: 'a', count: 2, memory: 3 * MIB, stuck: 0, spawns: 4, exits: { oom: 2, ok: 9 } },
    { server: null, count: 1, memory: MIB, stuck: 1, spawns: 9, exits: {} },
  ]
  const metrics = { children, calls: [], cleanup: { killed: { left_over: 3 } }, limitedBy: null }
  for (const [name, expected] of [
    ['memory', 'of the children most is a: 3 MiB in 2 processes'],
    ['stuck', '1 of no server'],
    ['crashes', 'since the start: 2 oom of a'],
    ['spawnStorm', 'most since the start: 9 starts of no server'],
    ['kills', 'since the start: 3 left over'],
  ])
    test(name, () => assert.equal(text(name, { metrics }), expected))

  test('each has a place on the page, unknown ones have none', () => {
    const { target, label } = reasonOf({ name: 'mine', measure: 'kills' }, snapshot({ metrics }))
    assert.deepEqual([target, label], ['cleanup-title', 'Cleanup'])
    assert.deepEqual(reasonOf({ name: 'mine' }, snapshot()), { text: '' })
    for (const name of ['processes', 'slowTool', 'pausedServer', 'poolExhausted', 'notReady'])
      assert.equal(text(name), name === 'pausedServer' ? 'no call waits for it' : '')
  })
})

describe('series', () => {
  const points = (...pairs) => pairs.map(([time, calls]) => ({ time, calls }))
  const calls = (point) => point.calls

  for (const [what, given, expected] of [
    ['nothing', [], []],
    ['one point, before which nothing is known', [[0, 7]], []],
    [
      'what was counted in each bucket',
      [
        [0, 5],
        [4000, 6],
        [9000, 9],
        [10_000, 10],
        [11_000, 12],
      ],
      [
        [5000, 1],
        [10_000, 4],
        [15_000, 2],
      ],
    ],
    [
      'a server that was started again',
      [
        [1000, 50],
        [2000, 3],
      ],
      [[5000, 3]],
    ],
    [
      'a point at the edge of a bucket, which it ends',
      [
        [4000, 0],
        [5000, 1],
      ],
      [[5000, 1]],
    ],
  ]) {
    test(`increases: ${what}`, () => {
      const found = increases(points(...given), calls, 0, 12_000, 5000)
      assert.deepEqual(
        found.map(({ time, total }) => [time, total]),
        expected,
      )
    })
  }

  test('increase: over all points, also of a server that was started again', () => {
    assert.equal(increase(points([0, 5], [1, 9], [2, 2], [3, 3]), calls), 7)
    assert.deepEqual([increase([], calls), increase(points([0, 5]), calls)], [0, 0])
  })

  test('peaks: the highest of each pixel, the later of two', () => {
    const given = points([0, 1], [100, 4], [200, 4], [900, 2], [1000, 3], [1999, 0], [2000, 5])
    assert.deepEqual(peaks(given, calls, 1000), [
      { time: 200, value: 4 },
      { time: 1000, value: 3 },
      { time: 2000, value: 5 },
    ])
  })

  test('a series keeps an hour of distinct times in order', () => {
    const series = new Series()
    for (let time = 0; time <= 2 * HOUR; time += 1000) series.add({ time, calls: time })
    series.add({ time: 2 * HOUR, calls: 1 })
    series.add({ time: 5, calls: 1 })
    assert.equal(series.points.at(-1).time, 2 * HOUR)
    assert.ok(series.points.length >= 3600 && series.points.length <= 3702)
    const [before, first] = series.between(2 * HOUR - 10_500, 2 * HOUR)
    assert.deepEqual([before.time, first.time], [2 * HOUR - 11_000, 2 * HOUR - 10_000])
    assert.deepEqual(series.between(3 * HOUR, 4 * HOUR), [series.points.at(-1)])
  })

  test('a series keeps its samples when the clock is set back', () => {
    const series = new Series()
    for (let at = 0; at < 10; at++) series.add({ time: 5 * HOUR + at * 1000, calls: at })
    for (let at = 10; at < 20; at++) series.add({ time: 4 * HOUR + at * 1000, calls: at })
    assert.deepEqual(
      series.points.map(({ time, calls }) => [(time - 4 * HOUR) / 1000, calls]),
      Array.from({ length: 20 }, (_, at) => [at, at]),
    )
  })

  test('older samples are inserted before newer ones and into gaps', () => {
    const series = new Series()
    for (const time of [60_000, 61_000, 90_000]) series.add({ time })
    series.addPast(points([50_000, 1], [55_000, 2], [62_000, 3], [70_000, 4], [90_500, 5]))
    assert.deepEqual(
      series.points.map(({ time }) => time),
      [50_000, 55_000, 60_000, 61_000, 70_000, 90_000],
    )
  })
})
