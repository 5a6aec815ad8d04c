// A million calls to ten thousand tools: invented names take no memory, and the quantiles stay
// right.

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { getMetrics } from '../index.js'
import { recordAnswer, recordFailure } from '../lib/metrics/record.js'
import { randomFrom } from './fixtures/random.mjs'
import { collectGarbage } from './support/garbage.mjs'

const CALLS = 1_000_000
const TOOLS = 10_000
const MB = 2 ** 20
const random = randomFrom(20_261_126)

/** What was recorded. All of its memory is taken before anything is measured. */
const seconds = new Float64Array(CALLS).fill(1)
const series = new Array(CALLS).fill('')
const names = Array.from({ length: TOOLS }, (_, at) => `tool ${at}`)
const named = new Set()

/** Ms, most of them few and some of them many, as calls are. */
const duration = () => 1 + 40 * -Math.log(1 - random()) + (random() < 0.02 ? 2000 * random() : 0)

function record(from, to) {
  // A call lasts exactly as long as is said, however often this process is interrupted.
  performance.now = () => 10_000_000
  for (let at = from; at < to; at++) {
    // Every third goes to one of ten tools.
    const tool = names[at % 3 === 0 ? at % 10 : Math.floor(random() * TOOLS)]
    if (named.size < 200) named.add(tool)
    const ms = duration()
    series[at] = named.has(tool) ? tool : 'other'
    seconds[at] = ms / 1000
    const began = performance.now() - ms
    if (at % 100 === 0) recordFailure({ server: 'many', tool }, { code: 'ERR_TOOL' }, began)
    else recordAnswer({ server: 'many', tool }, began)
  }
  // The clock of the prototype again.
  Reflect.deleteProperty(performance, 'now')
}

function memory() {
  collectGarbage()
  const { rss, heapUsed } = process.memoryUsage()
  return { rss, heapUsed }
}

describe(`${CALLS.toLocaleString('en')} calls to ${TOOLS.toLocaleString('en')} tools`, () => {
  let grown
  /** What was recorded, by series, shortest first. @type {Map<string, number[]>} */
  const exact = new Map()

  before(() => {
    record(0, CALLS / 4)
    const first = memory()
    record(CALLS / 4, CALLS)
    const last = memory()
    grown = { rss: last.rss - first.rss, heapUsed: last.heapUsed - first.heapUsed }
    for (const [at, name] of series.entries())
      exact
        .set(name, exact.get(name) ?? [])
        .get(name)
        .push(seconds[at])
    for (const times of exact.values()) times.sort((one, other) => one - other)
  })

  test('are all counted', () => {
    const { calls } = getMetrics()
    const sum = (of) => calls.reduce((all, call) => all + of(call), 0)
    assert.deepEqual(
      [sum(({ count }) => count), sum(({ failures }) => failures.tool ?? 0)],
      [CALLS, CALLS / 100],
    )
  })

  test('have two hundred series and one for all others', () => {
    const { calls } = getMetrics()
    assert.equal(calls.length, 201)
    for (const { tool, count } of calls) assert.equal(count, exact.get(tool)?.length, tool)
  })

  test('have quantiles within two hundredths of the exact ones', () => {
    for (const { tool, ...seen } of getMetrics().calls) {
      const times = exact.get(tool) ?? []
      for (const [name, share] of Object.entries({ p50: 0.5, p95: 0.95, p99: 0.99, max: 1 })) {
        const right = times[Math.ceil(share * times.length) - 1]
        assert.ok(
          Math.abs(seen[name] / right - 1) < 0.02,
          `${name} of ${tool}: ${seen[name]} for ${right}`,
        )
      }
    }
  })

  test('take bounded memory for any number of calls', () => {
    assert.ok(grown.heapUsed < 2 * MB && grown.rss < 24 * MB, JSON.stringify(grown))
  })
})

test('names beyond the limit are not stored', () => {
  const call = (at) =>
    recordAnswer({ server: `server ${at}`, tool: `${at} ${'long '.repeat(20)}` }, performance.now())
  for (let at = 0; at < 1000; at++) call(at)
  const before = memory()
  for (let at = 1000; at < 300_000; at++) call(at)
  const grown = memory().heapUsed - before.heapUsed
  assert.ok(grown < 2 * MB, `${grown} bytes`)
})
