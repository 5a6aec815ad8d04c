// What the page makes of numbers: axes, series and words.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { byteMarks, countMarks, timeMarks } from '../lib/dashboard/axes.js'
import { bytes, clock, count, counted, duration, latency } from '../lib/dashboard/format.js'
import { reasonAt, reasonWords, stretches } from '../lib/dashboard/reasons.js'
import { HOUR, increases, peaks, Series } from '../lib/dashboard/series.js'

const MIB = 1024 ** 2

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
    assert.deepEqual(['server', 'fleet', 'moon', 'constructor'].map(reasonWords), [
      "a server's limit",
      'other processes of the fleet',
      'moon',
      'constructor',
    ]))
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
