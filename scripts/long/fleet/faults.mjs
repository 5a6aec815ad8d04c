// The faults that a fleet has to stand, each as a run of four processes with the limit 3.

import { setTimeout as sleep } from 'node:timers/promises'
import { commandAt, startRedis, startSentinel } from '../../../__test__/support/redis.mjs'
import { figures } from './figures.mjs'
import { fleetLimit, take } from './limit.mjs'
import { now, Processes } from './processes.mjs'
import { startProxy } from './proxy.mjs'
import { watchQueue } from './queue-witness.mjs'
import { within } from './within.mjs'

const SLOTS = 3
const LEASE = 4000
const PROCESSES = 4
const CALLERS = 4
const CALL = 5
/** The longest that a stopped process may take to hear that it has lost its slots, in ms. */
const TOLD = 1000
const HOUR = 3_600_000

/**
 * @typedef {{ kind: import('../../../__test__/support/redis.mjs').Kind, seconds: number }} Given
 * @typedef {Awaited<ReturnType<typeof startRedis>>} Redis
 * @typedef {{ processes: Processes, redis: Redis, until: number }} Running
 */

/** @type {Record<string, (given: Given) => Promise<string>>} */
export const faults = {
  'a process is killed every 1.5 s': (given) =>
    run(given, {
      isOrdered: true,
      async disturb({ processes, until }) {
        let kills = 0
        for (; now() < until; kills++) {
          await sleep(1500)
          processes.kill(processes.any())
          processes.add()
        }
        return `${kills} kills`
      },
    }),
  'Redis is killed every 12 s, without AOF': (given) => run(given, { disturb: restarts }),
  'Redis is killed every 12 s, with AOF': (given) =>
    run(given, { settings: ['appendonly yes', 'appendfsync everysec'], disturb: restarts }),
  'SCRIPT FLUSH and FLUSHALL': (given) =>
    run(given, {
      async disturb({ redis, until }) {
        let flushes = 0
        for (; now() < until; flushes++) {
          await sleep(1000)
          await redis.command('SCRIPT', 'FLUSH')
          if (flushes % 12 === 5) await redis.command('FLUSHALL')
        }
        return `${flushes} flushes`
      },
    }),
  'failover by sentinel': (given) => failovers(given),
  'every connection is cut for 1 to 5 s': (given) => cuts(given),
  'an hour off, and a blocked event loop': (given) =>
    run(given, {
      isOrdered: true,
      members: [{ skew: HOUR }, { block: { at: 2 * LEASE, time: 2 * LEASE } }],
    }),
  'a process is stopped for two leases': (given) => stops(given),
  "Redis is killed every 12 s, 'local'": (given) => local(given),
}

/** @param {Running} running */
async function restarts({ redis, until }) {
  let kills = 0
  for (; now() < until - 12_000 || kills === 0; kills++) {
    await sleep(9000)
    await redis.kill()
    await sleep(3000)
    await redis.start()
  }
  return `${kills} kills`
}

/** @param {Given} given */
function failovers({ kind, seconds }) {
  return within(async (t) => {
    const servers = [await startRedis(t, { kind }), await startRedis(t, { kind })]
    const [master, replica] = servers
    await replica.command('REPLICAOF', '127.0.0.1', String(master.port))
    const sentinel = await startSentinel(t, master)
    const known = async () => (await sentinel.command('SENTINEL', 'REPLICAS', 'limits')).length
    const masterPort = async () => Number((await sentinel.command(...MASTER))[1])
    while ((await known()) === 0) await sleep(100)
    const url = `redis-sentinel://127.0.0.1:${sentinel.port}/limits`
    return measured(url, seconds, {
      // Grants that a replica had not received are given again; they are counted.
      isLossy: true,
      async disturb({ until }) {
        let count = 0
        for (; now() < until - 15_000 || count === 0; count++) {
          await sleep(7000)
          const old = await masterPort()
          const [dies] = servers.filter(({ port }) => port === old)
          await dies.kill()
          while ((await masterPort()) === old) await sleep(50)
          await sleep(4000)
          await dies.start()
          while ((await roleOf(dies.port)) !== 'slave') await sleep(100)
        }
        return `${count} failovers`
      },
    })
  })
}

const MASTER = ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'limits']

/** @param {number} port */
async function roleOf(port) {
  // A server that changes its role breaks its connections.
  const [role] = await commandAt(port, ['ROLE']).catch(() => [])
  return role
}

/** @param {Given} given */
function cuts({ kind, seconds }) {
  return within(async (t) => {
    const redis = await startRedis(t, { kind })
    const proxy = await startProxy(redis.port)
    t.after(() => proxy.close())
    const witness = await watchQueue(redis)
    t.after(() => witness.close())
    return measured(proxy.url, seconds, {
      async disturb({ until }) {
        let cut = 0
        for (; now() < until - 5000 || cut === 0; cut++) {
          await sleep(3000)
          if (cut % 2 === 0) proxy.cut()
          else proxy.stall()
          await sleep(1000 + Math.random() * 4000)
          proxy.mend()
        }
        return `${cut} cuts`
      },
      check() {
        const { granted, passed } = witness.found()
        const text = `${granted} grants from the queue, ${passed} past a lower ticket in it`
        if (granted === 0 || passed > 0) throw new Error(text)
        return text
      },
    })
  })
}

/** @param {Given} given */
function stops(given) {
  return run(given, {
    // Its one call lasts longer than it is stopped.
    members: [{ call: 3 * LEASE, callers: 1 }],
    async disturb({ processes, until }) {
      let stopped = 0
      for (; now() < until - 2 * LEASE - 3000 || stopped === 0; stopped++) {
        await sleep(2000)
        await processes.stop(processes.first(), 2 * LEASE)
      }
      return `${stopped} stops`
    },
    check({ calls }) {
      const told = calls.flatMap((call) => /** @type {any} */ (call).toldAfter ?? [])
      const latest = Math.max(0, ...told)
      if (told.length === 0) throw new Error('no process was told of a loss')
      if (latest > TOLD) throw new Error(`a process was told after ${latest.toFixed(0)} ms`)
      return `${told.length} told, the latest after ${latest.toFixed(0)} ms`
    },
  })
}

/** Each process may use its share, which is 1, beside what is held. @param {Given} given */
function local(given) {
  return run(given, { onUnreachable: 'local', most: PROCESSES + SLOTS, disturb: restarts })
}

/**
 * Measures a run on a server of its own.
 * @param {Given} given
 * @param {Run & { settings?: string[] }} settings
 */
function run({ kind, seconds }, { settings, ...run }) {
  return within(async (t) => {
    const redis = await startRedis(t, { kind, settings })
    return measured(redis.url, seconds, { ...run, redis })
  })
}

/**
 * @typedef {{ redis?: Redis, call?: number, onUnreachable?: 'local' | 'refuse', members?: object[],
 *   most?: number, isOrdered?: boolean, isLossy?: boolean,
 *   disturb?: (running: Running) => Promise<string>,
 *   check?: (found: ReturnType<typeof figures>) => string }} Run
 */

/**
 * Runs the processes, and checks what must hold in each run.
 * @param {string} url
 * @param {number} seconds
 * @param {Run} run
 */
async function measured(url, seconds, run) {
  const { call = CALL, onUnreachable = 'refuse', members = [], most = SLOTS } = run
  const end = now() + LEASE + seconds * 1000
  const settings = { url, slots: SLOTS, lease: LEASE, call, callers: CALLERS, end, onUnreachable }
  const processes = new Processes(settings)
  try {
    for (let number = 0; number < PROCESSES; number++) processes.add(members[number])
    // The first use of a name waits one lease.
    await sleep(LEASE + 1000)
    const running = /** @type {Running} */ ({ processes, redis: run.redis, until: end - 2000 })
    const said = (await run.disturb?.(running)) ?? ''
    await processes.ended(Math.max(0, end - now()) + 5 * LEASE)
    const back = await slotsBack(url)
    const found = figures(processes.logs())
    const texts = [said, summary(found), `slots back after ${back.toFixed(0)} ms`]
    if (run.check) texts.push(run.check(found))
    const problems = faultsOf(found, run, most, back)
    const text = texts.filter(Boolean).join(', ')
    if (problems.length > 0) throw new Error(`${problems.join('; ')} (${text})`)
    return text
  } finally {
    await processes.remove()
  }
}

/**
 * @param {ReturnType<typeof figures>} found
 * @param {Run} run
 * @param {number} most
 * @param {number} back
 */
function faultsOf(found, { isOrdered, isLossy }, most, back) {
  return [
    found.count === 0 && 'no call was made',
    !isLossy && found.most > most && `${found.most} at once`,
    found.open > 0 && `${found.open} calls without an end`,
    !isLossy && found.fenceFaults > 0 && `${found.fenceFaults} fences did not rise`,
    isOrdered && found.outOfOrder > 0 && `${found.outOfOrder} out of order`,
    back > LEASE + 1000 && `the slots were back after ${back.toFixed(0)} ms`,
  ].filter(Boolean)
}

/** @param {ReturnType<typeof figures>} found */
function summary(found) {
  const { count, most, over, overTime, refused, lost, p99, silence, outOfOrder } = found
  const excess = over > 0 ? ` (${over} above, for ${overTime.toFixed(0)} ms)` : ''
  return [
    `${count} calls`,
    `most at once ${most}${excess}`,
    `${refused} refused`,
    `${lost} lost`,
    `p99 of waits ${p99.toFixed(0)} ms`,
    `longest silence ${silence.toFixed(0)} ms`,
    `${outOfOrder} out of ticket order`,
  ].join(', ')
}

/** Takes all slots at once; returns the ms until they were free. @param {string} url */
async function slotsBack(url) {
  const began = now()
  const limit = fleetLimit(SLOTS, { url, lease: LEASE })
  const held = await take(limit, { cost: SLOTS, timeout: 30_000 })
  const took = now() - began
  held.release()
  limit.close()
  await limit.left()
  return took
}
