// The text of metrics: OpenMetrics, and the older format.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricsText } from '../lib/prometheus/text.js'

const FAMILIES = [
  { name: 'queued', help: 'Waiting.', type: 'gauge', points: [{ labels: {}, value: 2 }] },
  {
    name: 'kills',
    help: 'Ended # of them.',
    type: 'counter',
    points: [{ labels: { reason: 'a "quoted\\" one\nand a line' }, value: 3 }],
  },
  {
    name: 'call_seconds',
    help: 'Long.',
    type: 'histogram',
    points: [
      {
        labels: { tool: 'kills', a: 'b' },
        sum: 1.5,
        count: 3,
        buckets: [
          [0.1, 1],
          [2, 2],
        ],
      },
    ],
  },
  { name: 'none_bytes', help: 'Empty.', type: 'gauge', points: [] },
]

test('OpenMetrics has units and an end', () => {
  assert.equal(
    metricsText(FAMILIES, true),
    String.raw`# HELP queued Waiting.
# TYPE queued gauge
queued 2.0
# HELP kills Ended # of them.
# TYPE kills counter
kills_total{reason="a \"quoted\\\" one\nand a line"} 3.0
# HELP call_seconds Long.
# TYPE call_seconds histogram
# UNIT call_seconds seconds
call_seconds_sum{a="b",tool="kills"} 1.5
call_seconds_count{a="b",tool="kills"} 3
call_seconds_bucket{le="0.1",a="b",tool="kills"} 1
call_seconds_bucket{le="2.0",a="b",tool="kills"} 2
call_seconds_bucket{le="+Inf",a="b",tool="kills"} 3
# HELP none_bytes Empty.
# TYPE none_bytes gauge
# UNIT none_bytes bytes
# EOF
`,
  )
})

test('the older format names a counter like its samples', () => {
  assert.equal(
    metricsText(FAMILIES.slice(0, 2), false),
    String.raw`# HELP queued Waiting.
# TYPE queued gauge
queued 2.0
# HELP kills_total Ended # of them.
# TYPE kills_total counter
kills_total{reason="a \"quoted\\\" one\nand a line"} 3.0
`,
  )
})

test('numbers of any size are written as floats', () => {
  const text = (value) =>
    metricsText([{ name: 'x', help: '', type: 'gauge', points: [{ labels: {}, value }] }], false)
      .split('\n')
      .at(-2)
  assert.equal(text(8_589_934_592), 'x 8589934592.0')
  assert.equal(text(-1), 'x -1.0')
  assert.equal(text(0.001), 'x 0.001')
  assert.equal(text(1e-9), 'x 1e-9')
})
