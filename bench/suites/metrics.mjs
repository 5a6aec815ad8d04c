// What recording a call costs: ours, as every call does it, and a histogram of prom-client with the
// same labels, where the labels are at hand and where they are looked up. No call is made.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Histogram, Registry } from 'prom-client'
import { recordAnswer } from '../../lib/metrics/record.js'
import { versionIn } from '../support/report.mjs'
import { median, summary } from '../support/statistics.mjs'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')

const CALLS = 200_000
/**
 * Within what V8 gives to young objects, so that no collection takes any away before they are
 * counted.
 */
const COUNTED = 2000
const TOOLS = Array.from({ length: 50 }, (_, at) => ({
  server: `server ${at % 5}`,
  tool: `tool ${at}`,
}))

const histogram = new Histogram({
  name: 'calls_seconds',
  help: 'Calls.',
  labelNames: ['server', 'tool', 'outcome'],
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  registers: [new Registry()],
})

/** @type {Record<string, (call: { server: string, tool: string }, began: number) => void>} */
const ways = {
  procward: recordAnswer,
  'prom-client': ({ server, tool }, began) =>
    histogram.observe({ server, tool, outcome: 'ok' }, (performance.now() - began) / 1000),
  'the clock alone': (_, began) => {
    if (performance.now() < began) throw new Error('time goes backwards')
  },
}

/** @param {{ rounds: number }} options */
export async function suite({ rounds }) {
  const found = { time: {}, bytes: {} }
  for (const record of Object.values(ways)) for (let warm = 0; warm < 3; warm++) time(record)
  for (let round = 0; round < rounds; round++) {
    const names = Object.keys(ways)
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      found.time[name] = [...(found.time[name] ?? []), time(ways[name])]
      found.bytes[name] = [...(found.bytes[name] ?? []), bytes(ways[name])]
    }
  }
  console.log(`metrics: ${rounds} rounds`)
  return results(found)
}

/** ns a call. */
function time(record) {
  const start = performance.now()
  for (let at = 0; at < CALLS; at++) record(TOOLS[at % TOOLS.length], start)
  return ((performance.now() - start) * 1e6) / CALLS
}

/** Bytes of the JavaScript heap a call. */
function bytes(record) {
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  for (let at = 0; at < COUNTED; at++) record(TOOLS[at % TOOLS.length], 0)
  return Math.max(process.memoryUsage().heapUsed - before, 0) / COUNTED
}

/** @param {Record<'time' | 'bytes', Record<string, number[]>>} found */
function results(found) {
  const figure = (what, unit, kind) => ({
    what,
    unit,
    peers: Object.fromEntries(
      Object.entries(found[kind]).map(([name, values]) => [name, summary(values)]),
    ),
  })
  const [ours, theirs] = Object.keys(ways).map((name) => median(found.time[name]))
  return {
    title: 'metrics',
    notes: [
      `${CALLS.toLocaleString('en')} records a round, of ${TOOLS.length} tools in turn. Reading the clock is part of each.`,
      `Memory: of the JavaScript heap, over ${COUNTED.toLocaleString('en')} records after a collection. Numbers with a fraction cost V8 some bytes each.`,
    ],
    versions: {
      'prom-client': versionIn(new URL('../../node_modules/prom-client/', import.meta.url)),
      procward: versionIn(new URL('../../', import.meta.url)),
    },
    figures: [
      figure('recording a call', 'ns', 'time'),
      figure('memory for that', 'bytes', 'bytes'),
    ],
    ratios: [
      {
        what: 'recording a call',
        is: ours,
        unit: ' ns',
        target: 'at most 1,000 ns',
        met: ours <= 1000,
      },
      {
        what: "recording a call, of prom-client's",
        is: ours / theirs,
        target: 'at most 1x',
        met: ours <= theirs,
      },
    ],
  }
}
