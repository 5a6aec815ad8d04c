// The example's campaign, 44 tool calls, eleven at a time: a process of mcporter for each call, the
// same with no more than three at a time, and the example server with procward.

import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { Semaphore } from '../../index.js'
import { shuffled } from '../support/order.mjs'
import { versionIn } from '../support/report.mjs'
import { Samples } from '../support/samples.mjs'
import { atMost } from '../support/targets.mjs'

const require = createRequire(import.meta.url)
const { temporaryDataFolder } = require('../../examples/ad-ops/data-folder')
const { AdOpsClient } = require('../../examples/ad-ops/demo/ad-ops-client')
const { campaign } = require('../../examples/ad-ops/demo/campaign')
const { run } = require('../../examples/ad-ops/demo/run')
const { ServerProcess } = require('../../examples/ad-ops/demo/server-process')
const { withoutLimits } = require('../../examples/ad-ops/demo/without-limits')

const SEED_LIMIT = 3
const silent = { phase: () => {}, advance: () => {}, end: () => {} }

/**
 * @type {Record<string, (signal: AbortSignal) =>
 *   Promise<import('../../examples/ad-ops/demo/run').Outcome>>}
 */
const ways = {
  'without limits': (signal) =>
    play(withoutLimits(temporaryDataFolder(), signal), { root: process.pid }, signal),
  'limit 3, a process a call': (signal) => {
    const callTool = withoutLimits(temporaryDataFolder(), signal)
    const semaphore = new Semaphore(SEED_LIMIT)
    return play((call) => semaphore.use(() => callTool(call)), { root: process.pid }, signal)
  },
  procward: (signal) =>
    onServer(({ callTool }, watched) => play(callTool, watched, signal), signal),
  'procward, servers up': (signal) =>
    onServer(async ({ callTool }, watched) => {
      await play(callTool, watched, signal)
      return play(callTool, watched, signal)
    }, signal),
}

/**
 * A server of the example that is new.
 * @template T
 * @param {(client: any, watched: object) => Promise<T>} use
 * @param {AbortSignal} signal
 */
async function onServer(use, signal) {
  const server = await ServerProcess.start()
  try {
    const client = new AdOpsClient(server.url, signal)
    const kept = async () =>
      (await client.processHealth()).pool.sessions.map(({ pid }) => pid).filter(Boolean)
    return await use(client, { root: server.pid, kept })
  } finally {
    await server.stop()
  }
}

function play(callTool, watched, signal) {
  return run({
    phases: campaign(randomBytes(3).toString('hex')),
    callTool,
    watched,
    progress: silent,
    signal,
  })
}

/** @param {{ rounds: number }} options */
export async function suite({ rounds }) {
  const samples = new Samples(Object.keys(ways))
  const times = Math.ceil(rounds / 4)
  for (let round = 0; round < times; round++) {
    for (const name of shuffled(Object.keys(ways))) {
      const { cpu, failures, left, peaks, wall } = await ways[name](new AbortController().signal)
      if (failures.length > 0)
        throw new Error(`${name}: ${failures[0].call} failed: ${failures[0].message}`)
      if (left > 0) throw new Error(`${name}: ${left} processes are left`)
      samples.add('wall', name, wall / 1000)
      samples.add('cpu', name, cpu / 1000)
      samples.add('shared', name, peaks.shared / 2 ** 20)
      samples.add('resident', name, peaks.resident / 2 ** 20)
      samples.add('node', name, peaks.node)
    }
    console.log(`workload: round ${round + 1} of ${times}`)
  }
  return results(samples)
}

/** @param {Samples} samples */
function results(samples) {
  const ratio = (what) => samples.ratio(what, 'procward', 'without limits')
  const titles = {
    wall: ['wall time', 's'],
    cpu: ['CPU of the processes', 's'],
    shared: ['peak memory (PSS)', 'MiB'],
    resident: ['peak memory (RSS)', 'MiB'],
    node: ['at once, at most', 'Node.js processes'],
  }
  return {
    title: 'workload',
    notes: [
      'The calls of `npm run demo`, each checked. The processes are those that the calls start: with procward the MCP servers below it.',
      'With procward all four servers start anew in each round; where they are up, the campaign was played before.',
      'What bounds the time: one of the calls lasts a second by itself, and four Node.js processes have to start.',
    ],
    versions: {
      procward: versionIn(new URL('../../', import.meta.url)),
      mcporter: versionIn(new URL('../../node_modules/mcporter/', import.meta.url)),
    },
    figures: Object.entries(titles).map(([what, [title, unit]]) => ({
      ...samples.figure(what, unit),
      what: title,
    })),
    ratios: [
      atMost('wall time, of that without limits', ratio('wall'), 0.1),
      atMost('memory (PSS), of that without limits', ratio('shared'), 0.25),
      atMost('memory (RSS), of that without limits', ratio('resident'), 0.25),
    ],
  }
}
