// What a warm tool call costs: `echo` on the protocol's own server "everything", through procward, through the protocol's
// own TypeScript SDK with a client that stays open, and through mcporter. All take turns, round by round.

import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { McpPool } from '../../index.js'
import { mcporterCalls } from '../support/mcporter.mjs'
import { versionIn } from '../support/report.mjs'
import { median, summary } from '../support/statistics.mjs'
import { clock, threadCpu } from '../support/thread-cpu.mjs'

const packages = new URL('../node_modules/', import.meta.url)
const everything = {
  command: process.execPath,
  args: [fileURLToPath(new URL('@modelcontextprotocol/server-everything/dist/index.js', packages))],
}

const ONE_BY_ONE = 500
const IN_PARALLEL = 2000
const WIDTH = 8

/** @type {Record<string, () => Promise<{ echo: (message: string) => Promise<any>, close: () => Promise<void> }>>} */
const sessions = {
  async 'procward McpPool'() {
    const pool = new McpPool({ servers: { everything }, idleTimeout: Infinity })
    const echo = (message) => pool.callTool('everything', 'echo', { message })
    return { echo, close: () => pool.close() }
  },
  async 'TypeScript SDK'() {
    const client = new Client({ name: 'bench', version: '1.0.0' })
    await client.connect(new StdioClientTransport({ ...everything, stderr: 'ignore' }))
    const echo = (message) => client.callTool({ name: 'echo', arguments: { message } })
    return { echo, close: () => client.close() }
  },
}

/** @param {{ rounds: number }} options */
export async function suite({ rounds }) {
  const peers = {}
  for (const [name, open] of Object.entries(sessions)) peers[name] = await open()
  const processes = {
    'mcporter call': mcporterCalls(everything, { keepAlive: false }),
    'mcporter keep-alive': mcporterCalls(everything, { keepAlive: true }),
  }
  const found = { latency: {}, throughput: {}, cpu: {} }
  const note = (kind, name, value) => {
    found[kind][name] = [...(found[kind][name] ?? []), value]
  }
  try {
    await processes['mcporter keep-alive'].echo('starts the daemon')
    for (const peer of Object.values(peers)) await measure(peer)
    for (let round = 0; round < rounds; round++) {
      const names = Object.keys(peers)
      // Who comes first changes, because what comes second finds the processor warm.
      for (const name of round % 2 === 0 ? names : names.toReversed()) {
        const { p50, perSecond, cpu } = await measure(peers[name])
        note('latency', name, p50)
        note('throughput', name, perSecond)
        note('cpu', name, cpu * 1000)
      }
      for (const [name, { echo }] of Object.entries(processes)) note('latency', name, await timed(echo))
      console.log(`tool-calls: round ${round + 1} of ${rounds}`)
    }
  } finally {
    await Promise.all([...Object.values(peers), ...Object.values(processes)].map(({ close }) => close()))
  }
  return results(found)
}

/** @param {{ echo: (message: string) => Promise<any> }} peer */
async function measure({ echo }) {
  const times = []
  for (let at = 0; at < ONE_BY_ONE; at++) times.push(await timed(echo))
  const [start, before] = [performance.now(), threadCpu()]
  let left = IN_PARALLEL
  const worker = async () => {
    while (left-- > 0) await echo('hello')
  }
  await Promise.all(Array.from({ length: WIDTH }, worker))
  const cpu = threadCpu() - before
  return { p50: median(times), perSecond: (IN_PARALLEL / (performance.now() - start)) * 1000, cpu: cpu / IN_PARALLEL }
}

/** @param {(message: string) => Promise<any>} echo */
async function timed(echo) {
  const start = performance.now()
  const { content } = await echo('hello')
  const took = performance.now() - start
  assert.equal(content[0].text, 'Echo: hello')
  return took
}

/** @param {Record<'latency' | 'throughput' | 'cpu', Record<string, number[]>>} found */
function results(found) {
  const [ours, sdk] = Object.keys(sessions)
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
    peers: Object.fromEntries(Object.entries(found[kind]).map(([name, values]) => [name, summary(values)])),
  })
  return {
    title: 'tool-calls',
    notes: [
      `One after the other: the median of ${ONE_BY_ONE} calls a round; of mcporter one call a round.`,
      `In parallel: ${IN_PARALLEL} calls a round, ${WIDTH} at a time. CPU of the JavaScript thread by ${clock}.`,
      'All parties share the machine with their servers and whatever else runs; look at the ratios first.',
    ],
    versions: {
      '@modelcontextprotocol/sdk': versionIn(new URL('@modelcontextprotocol/sdk/', packages)),
      'server-everything': versionIn(new URL('@modelcontextprotocol/server-everything/', packages)),
      mcporter: versionIn(new URL('mcporter/', packages)),
      procward: versionIn(new URL('../../', import.meta.url)),
    },
    figures: [
      figure('one call, warm', 'ms', 'latency'),
      figure('eight in parallel', 'calls/s', 'throughput'),
      figure('CPU of the JavaScript thread a call', 'µs', 'cpu'),
    ],
    ratios: [
      atMost("a call's time, of the SDK's", ratio('latency', ours, sdk), 1.1),
      atLeast("throughput, of the SDK's", ratio('throughput', ours, sdk), 1.1),
      atMost("JavaScript thread's CPU, of the SDK's", ratio('cpu', ours, sdk), 0.5),
      atLeast('faster than `mcporter call`', ratio('latency', 'mcporter call', ours), 1000),
      atLeast("faster than mcporter's keep-alive daemon", ratio('latency', 'mcporter keep-alive', ours), 100),
    ],
  }
}
