// What a tool call costs: through procward, through the protocol's own TypeScript SDK with a client
// that stays open, and through mcporter, its library and its command. All take turns, round by
// round.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { echoes, measureEchoes, timed, WIDTH } from '../support/echo-calls.mjs'
import { mcporterCalls } from '../support/mcporter.mjs'
import { versionIn } from '../support/report.mjs'
import { median, summary } from '../support/statistics.mjs'
import { clock } from '../support/thread-cpu.mjs'
import { callers } from '../support/tool-callers.mjs'

const packages = new URL('../node_modules/', import.meta.url)
const script = (path) => fileURLToPath(new URL(`@modelcontextprotocol/${path}`, packages))
const everything = { command: process.execPath, args: [script('server-everything/dist/index.js')] }

const CALLS = { oneByOne: 500, parallel: 2000 }
const LARGE = 4 * 2 ** 20
const LARGE_CALLS = 3
/** Starting a server takes a while, and more rounds say no more. */
const COLD_ROUNDS = 5

/** @param {{ rounds: number }} options */
export async function suite({ rounds }) {
  const folder = mkdtempSync(join(tmpdir(), 'procward-bench-'))
  writeFileSync(join(folder, 'large.txt'), 'x'.repeat(LARGE))
  const files = {
    command: process.execPath,
    args: [script('server-filesystem/dist/index.js'), folder],
  }
  const warm = {}
  const large = {}
  for (const [name, open] of Object.entries(callers)) {
    warm[name] = await open(everything)
    large[name] = await open(files)
  }
  const processes = {
    'mcporter call': mcporterCalls(everything, { keepAlive: false }),
    'mcporter keep-alive': mcporterCalls(everything, { keepAlive: true }),
  }
  const found = { latency: {}, throughput: {}, cpu: {}, large: {}, cold: {} }
  const note = (kind, name, value) => {
    found[kind][name] = [...(found[kind][name] ?? []), value]
  }
  try {
    await processes['mcporter keep-alive'].echo('starts the daemon')
    for (const { call } of Object.values(warm)) await measureEchoes(call, CALLS)
    for (let round = 0; round < rounds; round++) {
      const names = Object.keys(callers)
      // Who comes first changes, because what comes second finds the processor warm.
      for (const name of round % 2 === 0 ? names : names.toReversed()) {
        const { p50, perSecond, threadCpu } = await measureEchoes(warm[name].call, CALLS)
        note('latency', name, p50)
        note('throughput', name, perSecond)
        note('cpu', name, threadCpu)
        note('large', name, await readsLarge(large[name], join(folder, 'large.txt')))
        if (round < COLD_ROUNDS) note('cold', name, await timed(() => once(callers[name])))
      }
      for (const [name, { echo }] of Object.entries(processes))
        note('latency', name, await timed(() => echoes(echo)))
      console.log(`tool-calls: round ${round + 1} of ${rounds}`)
    }
  } finally {
    const all = [...Object.values(warm), ...Object.values(large), ...Object.values(processes)]
    await Promise.all(all.map(({ close }) => close()))
    rmSync(folder, { recursive: true })
  }
  return results(found)
}

/** @param {import('../support/tool-callers.mjs').Caller} caller @param {string} path */
async function readsLarge({ call }, path) {
  const times = []
  for (let at = 0; at < LARGE_CALLS; at++) {
    times.push(
      await timed(async () => {
        const { content } = await call('read_text_file', { path })
        assert.equal(content[0].text.length, LARGE)
      }),
    )
  }
  return median(times)
}

/** A server from its start to its end. @param {(typeof callers)[string]} open */
async function once(open) {
  const { call, close } = await open(everything)
  await echoes((message) => call('echo', { message }))
  await close()
}

/**
 * @param {Record<'latency' | 'throughput' | 'cpu' | 'large' | 'cold', Record<string, number[]>>}
 *   found
 */
function results(found) {
  const [ours, sdk] = Object.keys(callers)
  const middle = (kind, name) => median(found[kind][name])
  const atMost = (what, is, most) => ({ what, is, target: `at most ${most}x`, met: is <= most })
  const atLeast = (what, is, least) => ({
    what,
    is,
    target: `at least ${least.toLocaleString('en')}x`,
    met: is >= least,
  })
  const ratio = (kind, over, under) => middle(kind, over) / middle(kind, under)
  const figure = (what, unit, kind) => ({
    what,
    unit,
    peers: Object.fromEntries(
      Object.entries(found[kind]).map(([name, values]) => [name, summary(values)]),
    ),
  })
  return {
    title: 'tool-calls',
    notes: [
      `One after the other: the median of ${CALLS.oneByOne} calls a round; of mcporter's commands one call a round.`,
      `In parallel: ${CALLS.parallel} calls a round, ${WIDTH} at a time. CPU of the JavaScript thread by ${clock}.`,
      `Large: a text file of ${LARGE / 2 ** 20} MiB through server-filesystem. Cold: a server's start, a call, its end.`,
      'All parties share the machine with their servers and whatever else runs; look at the ratios first.',
    ],
    versions: {
      '@modelcontextprotocol/sdk': versionIn(new URL('@modelcontextprotocol/sdk/', packages)),
      'server-everything': versionIn(new URL('@modelcontextprotocol/server-everything/', packages)),
      'server-filesystem': versionIn(new URL('@modelcontextprotocol/server-filesystem/', packages)),
      mcporter: versionIn(new URL('mcporter/', packages)),
      procward: versionIn(new URL('../../', import.meta.url)),
    },
    figures: [
      figure('one call, warm', 'ms', 'latency'),
      figure('eight in parallel', 'calls/s', 'throughput'),
      figure('CPU of the JavaScript thread a call', 'µs', 'cpu'),
      figure('a large result', 'ms', 'large'),
      figure('one call, cold', 'ms', 'cold'),
    ],
    ratios: [
      atMost("a call's time, of the SDK's", ratio('latency', ours, sdk), 1.1),
      atLeast("throughput, of the SDK's", ratio('throughput', ours, sdk), 1.2),
      atMost("JavaScript thread's CPU, of the SDK's", ratio('cpu', ours, sdk), 0.5),
      atLeast('faster than `mcporter call`', ratio('latency', 'mcporter call', ours), 1000),
      atLeast(
        "faster than mcporter's keep-alive daemon",
        ratio('latency', 'mcporter keep-alive', ours),
        100,
      ),
    ],
  }
}
