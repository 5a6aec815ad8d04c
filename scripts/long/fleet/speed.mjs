// The speed of a fleet beside redis-semaphore and bottleneck, in interleaved rounds.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startRedis } from '../../../__test__/support/redis.mjs'
import { npmPackages } from '../support/install.mjs'
import { fleetLimit, take } from './limit.mjs'
import { now } from './processes.mjs'
import { within } from './within.mjs'

const PEERS = { ioredis: '6.0.0', 'redis-semaphore': '5.8.0', bottleneck: '2.19.5' }
const LIBRARIES = ['procward', 'redis-semaphore', 'bottleneck']
const SLOTS = 3
const LEASE = 4000
const CALL = 5
const ROUND = 6
/** The time in which processes load their library and connect, in s. */
const WARM_UP = 6

const racer = fileURLToPath(new URL('racer.mjs', import.meta.url))
const median = (values) => [...values].sort((one, other) => one - other)[values.length >> 1]

/** @type {Record<string, () => Promise<string>>} */
export const speeds = {
  'calls a second and waits, 4 processes with 8 callers': () =>
    race({ processes: 4, callers: 8, rounds: 5 }, (of) => {
      const { 'redis-semaphore': semaphore, bottleneck, procward } = of
      const faster = procward.rate / semaphore.rate
      const muchFaster = procward.rate / bottleneck.rate
      const shorter = procward.p99 / semaphore.p99
      return {
        problems: [
          faster < 1 && 'fewer calls than redis-semaphore',
          muchFaster < 2.5 && 'fewer than 2.5 times the calls of bottleneck',
          shorter > 0.3 && "p99 above 0.3 of redis-semaphore's",
        ],
        text: [
          `calls a second ${LIBRARIES.map((each) => of[each].rate.toFixed(0)).join(', ')}`,
          `p99 ${LIBRARIES.map((each) => of[each].p99.toFixed(0)).join(', ')} ms`,
          `${faster.toFixed(2)} and ${muchFaster.toFixed(2)} times the calls`,
          `${shorter.toFixed(2)} of the p99`,
        ].join('; '),
      }
    }),
  "Redis's CPU for a call, 16 processes with 2 callers": () =>
    race({ processes: 16, callers: 2, rounds: 3 }, (of) => {
      const share = of.procward.cpu / of.bottleneck.cpu
      return {
        problems: [share > 0.5 && "above half of bottleneck's"],
        text: [
          `${LIBRARIES.map((each) => (of[each].cpu * 1e6).toFixed(0)).join(', ')} us`,
          `${share.toFixed(2)} of bottleneck's`,
        ].join('; '),
      }
    }),
  'round trips without contention, and when idle': () =>
    within(async (t) => {
      const redis = await startRedis(t)
      const limit = fleetLimit(SLOTS, { url: redis.url, lease: LEASE })
      await take(limit)
      const calls = 200
      const before = await commands(redis)
      for (let number = 0; number < calls; number++) (await take(limit)).release()
      // The last release is on its way.
      await sleep(100)
      const trips = (difference(await commands(redis), before).evalsha ?? 0) / calls
      const idleBefore = await commands(redis)
      await sleep(3 * LEASE)
      const idle = difference(await commands(redis), idleBefore)
      limit.close()
      const beats = idle.evalsha ?? 0
      const others = Object.keys(idle).filter((name) => !['evalsha', 'info'].includes(name))
      // Commands inside of the script are counted by Redis too.
      const outside = others.filter((name) => !INSIDE.test(name))
      const text = `${trips.toFixed(2)} round trips a call, ${beats} heartbeats in three leases`
      if (trips > 2.1) throw new Error(`more than two round trips (${text})`)
      if (beats > 16 || outside.length > 0)
        throw new Error(`more than heartbeats (${text}; ${outside})`)
      return text
    }),
}

const INSIDE = /^(time|hmget|hget|hset|hincrby|hdel|z\w+|pubsub.*|publish|h\w+|unlink)$/

/** Returns how often each command was executed. */
async function commands(redis) {
  const text = await redis.command('INFO', 'commandstats')
  const found = text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)
  return Object.fromEntries([...found].map(([, name, count]) => [name, Number(count)]))
}

function difference(after, before) {
  const entries = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)])
  return Object.fromEntries(entries.filter(([, count]) => count > 0))
}

/**
 * @typedef {{ rate: number, p99: number, cpu: number }} Result
 * @param {{ processes: number, callers: number, rounds: number }} size
 * @param {(of: Record<string, Result>) => { problems: (string | false)[], text: string }} judge
 */
function race(size, judge) {
  return within(async (t) => {
    const peers = await npmPackages('fleet', PEERS)
    const redis = await startRedis(t)
    // The first use of a name waits one lease.
    const limit = fleetLimit(SLOTS, { url: redis.url, lease: LEASE })
    const first = await take(limit)
    first.release()
    limit.close()
    /** @type {Record<string, Result[]>} */
    const rounds = Object.fromEntries(LIBRARIES.map((library) => [library, []]))
    for (let number = 0; number < size.rounds; number++) {
      for (const library of LIBRARIES)
        rounds[library].push(await oneRound(redis, library, peers, size))
    }
    const of = Object.fromEntries(
      LIBRARIES.map((library) => {
        const middle = (key) => median(rounds[library].map((result) => result[key]))
        return [library, { rate: middle('rate'), p99: middle('p99'), cpu: middle('cpu') }]
      }),
    )
    const { problems, text } = judge(of)
    const wrong = problems.filter(Boolean)
    if (wrong.length > 0) throw new Error(`${wrong.join(', ')} (${text})`)
    return text
  })
}

/** Runs one library for one round. @returns {Promise<Result>} */
async function oneRound(redis, library, peers, { processes, callers }) {
  const start = now() + WARM_UP * 1000
  const end = start + ROUND * 1000
  const settings = { library, peers, port: redis.port, slots: SLOTS, lease: LEASE, call: CALL }
  const texts = Array.from({ length: processes }, () =>
    output(JSON.stringify({ ...settings, callers, start, end })),
  )
  await sleep(start - now())
  const before = await processorTime(redis)
  const waits = (await Promise.all(texts)).flatMap((text) => JSON.parse(text))
  const used = (await processorTime(redis)) - before
  waits.sort((one, other) => one - other)
  return {
    rate: waits.length / ROUND,
    p99: waits[Math.floor(waits.length * 0.99)],
    cpu: used / waits.length,
  }
}

/** @param {string} settings */
async function output(settings) {
  const child = spawn(process.execPath, [racer, settings], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (data) => {
    text += data
  })
  const killed = setTimeout(() => child.kill('SIGKILL'), 120_000)
  const [code] = await once(child, 'close')
  clearTimeout(killed)
  if (code !== 0) throw new Error(`a process ended with ${code}`)
  return text
}

async function processorTime(redis) {
  const text = await redis.command('INFO', 'cpu')
  const found = [...text.matchAll(/^used_cpu_(?:user|sys):([\d.]+)/gm)]
  return found.reduce((sum, [, seconds]) => sum + Number(seconds), 0)
}
