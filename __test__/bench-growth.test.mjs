// How the benches tell growth, and draw it: the figures themselves are no test's business.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { barChart } from '../bench/support/bar-chart.mjs'
import { exponent, growthRatio, mostExponent } from '../bench/support/growth.mjs'
import { pairedRatios } from '../bench/support/statistics.mjs'

const SIZES = [1000, 10_000, 100_000]

describe('growth', () => {
  const shapes = {
    constant: [() => 7, 0, true],
    'the square root': [(n) => Math.sqrt(n), 0.5, true],
    linear: [(n) => 3 * n, 1, true],
    'n log n': [(n) => n * Math.log(n), 1.11, true],
    'n to the 1.5': [(n) => n ** 1.5, 1.5, false],
    quadratic: [(n) => n * n, 2, false],
  }
  for (const [shape, [total, expected, met]] of Object.entries(shapes))
    test(shape, () => {
      const points = SIZES.map((size) => ({ size, total: total(size) }))
      assert.equal(exponent(points).toFixed(2), expected.toFixed(2))
      assert.equal(growthRatio(shape, points).met, met)
    })

  test('the maximum is a little above n log n of the same sizes', () => {
    assert.equal(mostExponent(SIZES).toFixed(2), '1.21')
    assert.equal(mostExponent([10, 100]).toFixed(2), '1.40')
  })
})

test('ratios compare results of the same round', () => {
  assert.deepEqual(pairedRatios([1, 20, 3], [2, 10, 3]), { median: 1, least: 0.5, most: 2 })
})

describe('a picture', () => {
  const summary = (median) => ({ median, least: median / 2, most: median * 2 })
  const figure = {
    what: 'a < b & `c`',
    unit: 'µs',
    peers: { slow: summary(20), ours: summary(10), never: summary(Infinity) },
  }
  const chart = barChart('a & b', [figure], (name) => name === 'ours')

  test('has the shortest bar first, in proportion, and highlights ours', () => {
    const widths = [...chart.matchAll(/<rect class="([^"]+)" .*?width="([\d.]+)"/g)].map(
      ([, kind, width]) => [kind, +width],
    )
    assert.deepEqual(widths, [
      ['bar ours', widths[0][1]],
      ['bar', widths[0][1] * 2],
    ])
  })

  test('escapes text, and draws no bar without a number', () => {
    assert.match(chart, /<title>a &amp; b<\/title>/)
    assert.match(chart, />a &lt; b &amp; c, µs</)
    assert.doesNotMatch(chart, /never|NaN|Infinity/)
  })
})
