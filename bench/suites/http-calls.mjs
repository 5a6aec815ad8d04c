// Tool calls over HTTP in a session that stays: procward and the TypeScript SDK, with a server of
// the SDK's that answers with event streams, and with one that is no bottleneck and answers with
// JSON.

import { fileURLToPath } from 'node:url'
import { bareFetch } from '../support/bare-client.mjs'
import { measureEchoes, WIDTH } from '../support/echo-calls.mjs'
import { echoServer } from '../support/echo-server.mjs'
import { httpServer } from '../support/http-server.mjs'
import { shuffled } from '../support/order.mjs'
import { versionIn } from '../support/report.mjs'
import { Samples } from '../support/samples.mjs'
import { atLeast, atMost } from '../support/targets.mjs'
import { clock } from '../support/thread-cpu.mjs'
import { callers } from '../support/tool-callers.mjs'

const packages = new URL('../node_modules/@modelcontextprotocol/', import.meta.url)
const loopback = new URL('../../__test__/support/loopback.mjs', import.meta.url).href

const OURS = 'procward McpPool'
const SDK = 'TypeScript SDK'
const FLOOR = 'bare fetch'
const PARTIES = { [OURS]: callers[OURS], [SDK]: callers[SDK] }

/** Each server's name, how it starts, its clients, and calls a round. */
const SERVERS = [
  { name: 'server-everything', start: everything, parties: PARTIES, oneByOne: 150, parallel: 600 },
  {
    name: 'echo server',
    start: echo,
    parties: { ...PARTIES, [FLOOR]: bareFetch },
    oneByOne: 300,
    parallel: 1000,
  },
]
const WARM_UP = 20
const LATENCY = { what: 'one call', unit: 'ms' }
const THROUGHPUT = { what: 'eight in parallel', unit: 'calls/s' }
const THREAD = { what: 'CPU of the JavaScript thread a call', unit: 'µs' }
const CPU = { what: 'CPU of all threads a call', unit: 'µs' }

/** @param {{ rounds: number }} options */
export async function suite({ rounds }) {
  const samples = new Samples([...Object.keys(PARTIES), FLOOR])
  for (const server of SERVERS) {
    const { url, stop } = await server.start()
    try {
      for (const open of Object.values(server.parties)) await session(open, url, server)
      for (let round = 0; round < rounds; round++) {
        for (const name of shuffled(Object.keys(server.parties))) {
          const { p50, perSecond, threadCpu, cpu } = await session(
            server.parties[name],
            url,
            server,
          )
          samples.add(figureOf(server, LATENCY), name, p50)
          samples.add(figureOf(server, THROUGHPUT), name, perSecond)
          samples.add(figureOf(server, THREAD), name, threadCpu)
          samples.add(figureOf(server, CPU), name, cpu)
        }
        console.log(`http-calls, ${server.name}: round ${round + 1} of ${rounds}`)
      }
    } finally {
      await stop()
    }
  }
  return results(samples)
}

/**
 * Measures a session that is new, because the SDK's client warns, which costs time, of the abort
 * listeners of 1,500 calls.
 * @param {import('../support/tool-callers.mjs').Open} open
 * @param {string} url
 * @param {(typeof SERVERS)[number]} counts
 */
async function session(open, url, counts) {
  const { call, close } = await open({ url })
  try {
    for (let at = 0; at < WARM_UP; at++) await call('echo', { message: 'hello' })
    return await measureEchoes(call, counts)
  } finally {
    await close()
  }
}

function everything() {
  const script = fileURLToPath(new URL('server-everything/dist/index.js', packages))
  const args = ['--import', loopback, script, 'streamableHttp']
  const program = { command: process.execPath, args, env: { ...process.env, PORT: '0' } }
  return httpServer(program, (line) => {
    const [, port] = /^port (\d+)$/.exec(line) ?? []
    return port && `http://127.0.0.1:${port}/mcp`
  })
}

function echo() {
  return httpServer({ command: echoServer(), args: ['--http'] }, (line) => line)
}

/** @param {{ name: string }} server @param {{ what: string }} figure */
function figureOf({ name }, { what }) {
  return `${name}: ${what}`
}

/** @param {Samples} samples */
function results(samples) {
  return {
    title: 'http-calls',
    notes: [
      'server-everything is of the TypeScript SDK, runs in Node.js and answers with event streams; the echo server in Rust (`bench/echo-server`) is no bottleneck and answers with JSON.',
      'The floor is a bare `fetch` for each call and `JSON.parse` of its answer.',
      ...SERVERS.map(
        ({ name, oneByOne, parallel }) =>
          `${name}: the median of ${oneByOne} calls a round, one after the other; then ${parallel} calls, ${WIDTH} at a time.`,
      ),
      `CPU is that of the calls in parallel; of the JavaScript thread by ${clock}.`,
    ],
    versions: {
      '@modelcontextprotocol/sdk': versionIn(new URL('sdk/', packages)),
      'server-everything': versionIn(new URL('server-everything/', packages)),
      procward: versionIn(new URL('../../', import.meta.url)),
    },
    figures: SERVERS.flatMap((server) =>
      [LATENCY, THROUGHPUT, THREAD, CPU].map((figure) =>
        samples.figure(figureOf(server, figure), figure.unit),
      ),
    ),
    ratios: SERVERS.flatMap((server) => {
      const ratio = (figure) => samples.ratio(figureOf(server, figure), OURS, SDK)
      return [
        atMost(`${server.name}: a call's time, of the SDK's`, ratio(LATENCY), 0.75),
        atLeast(`${server.name}: throughput, of the SDK's`, ratio(THROUGHPUT), 1.6),
        atMost(`${server.name}: JavaScript thread's CPU, of the SDK's`, ratio(THREAD), 0.05),
      ]
    }),
  }
}
