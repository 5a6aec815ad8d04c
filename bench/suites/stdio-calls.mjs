// Tool calls over pipes to a server that is no bottleneck: procward, the TypeScript SDK, and a bare
// client as the floor.

import { bareStdio } from '../support/bare-client.mjs'
import { measureEchoes, WIDTH } from '../support/echo-calls.mjs'
import { echoServer } from '../support/echo-server.mjs'
import { shuffled } from '../support/order.mjs'
import { versionIn } from '../support/report.mjs'
import { Samples } from '../support/samples.mjs'
import { atLeast, atMost } from '../support/targets.mjs'
import { clock } from '../support/thread-cpu.mjs'
import { callers } from '../support/tool-callers.mjs'

const OURS = 'procward McpPool'
const SDK = 'TypeScript SDK'
const FLOOR = 'bare client'
const PARTIES = { [OURS]: callers[OURS], [SDK]: callers[SDK], [FLOOR]: bareStdio }

const ONE_BY_ONE = 1000
const PARALLEL = 10_000
const LATENCY = 'one call'
const THROUGHPUT = 'eight in parallel'
const THREAD = 'CPU of the JavaScript thread a call'
const CPU = 'CPU of all threads a call'

/** @param {{ rounds: number }} options */
export async function suite({ rounds }) {
  const server = { command: echoServer(), args: [] }
  const clients = {}
  const samples = new Samples(Object.keys(PARTIES))
  try {
    for (const [name, open] of Object.entries(PARTIES)) clients[name] = await open(server)
    const counts = { oneByOne: ONE_BY_ONE, parallel: PARALLEL }
    for (const { call } of Object.values(clients)) await measureEchoes(call, counts)
    for (let round = 0; round < rounds; round++) {
      for (const name of shuffled(Object.keys(clients))) {
        const { p50, perSecond, threadCpu, cpu } = await measureEchoes(clients[name].call, counts)
        samples.add(LATENCY, name, p50 * 1000)
        samples.add(THROUGHPUT, name, perSecond)
        samples.add(THREAD, name, threadCpu)
        samples.add(CPU, name, cpu)
      }
      console.log(`stdio-calls: round ${round + 1} of ${rounds}`)
    }
  } finally {
    await Promise.all(Object.values(clients).map(({ close }) => close()))
  }
  return results(samples)
}

/** @param {Samples} samples */
function results(samples) {
  return {
    title: 'stdio-calls',
    notes: [
      'The server is the echo server in Rust (`bench/echo-server`): it takes 1 µs a call.',
      'The floor is a bare client: it writes a line for each call, splits lines, `JSON.parse`, a `Map` of promises.',
      `One after the other: the median of ${ONE_BY_ONE} calls a round. In parallel: ${PARALLEL} calls a round, ${WIDTH} at a time.`,
      `CPU is that of the calls in parallel; of the JavaScript thread by ${clock}.`,
    ],
    versions: {
      '@modelcontextprotocol/sdk': versionIn(
        new URL('../node_modules/@modelcontextprotocol/sdk/', import.meta.url),
      ),
      procward: versionIn(new URL('../../', import.meta.url)),
    },
    figures: [
      samples.figure(LATENCY, 'µs'),
      samples.figure(THROUGHPUT, 'calls/s'),
      samples.figure(THREAD, 'µs'),
      samples.figure(CPU, 'µs'),
    ],
    ratios: [
      atLeast("throughput, of the SDK's", samples.ratio(THROUGHPUT, OURS, SDK), 1.7),
      atMost("a call's time, of the SDK's", samples.ratio(LATENCY, OURS, SDK), 0.75),
      atMost("JavaScript thread's CPU, of the SDK's", samples.ratio(THREAD, OURS, SDK), 0.5),
    ],
  }
}
