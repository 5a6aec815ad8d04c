// The limits of a helper by server: the wait of others beside a server that is stuck at its limit,
// and the most calls of a rate in one interval. The calls are timers, so only the limits count.

import { setTimeout as sleep } from 'node:timers/promises'
import limiterModule from '../../lib/limiter.js'
import { versionIn } from '../support/report.mjs'
import { pairedRatios, summary } from '../support/statistics.mjs'

const { CallLimiter } = limiterModule

const SERVERS = ['one', 'two', 'three']
const CALLERS = 4
const SLOTS = 8
const WAITING = 1000
const CALL_MS = 2
const ROUND_MS = 1500
const RATE = { limit: 50, interval: 1000 }
const RATE_MS = 3000

/** @param {{ rounds: number }} options */
export async function suite({ rounds }) {
  /** @type {Record<string, number[]>} */
  const p99 = { alone: [], 'beside a stuck server': [] }
  const most = []
  for (let round = 0; round < rounds; round++) {
    const names = Object.keys(p99)
    for (const name of round % 2 === 0 ? names : names.toReversed())
      p99[name].push(await waits(name !== 'alone'))
  }
  for (let round = 0; round < Math.max(1, Math.round(rounds / 3)); round++)
    most.push(await mostOfRate())
  console.log(`server-limits: ${rounds} rounds`)
  return results(p99, most)
}

/** Returns the p99 of the waits of three servers' callers in ms. @param {boolean} hasStuck */
async function waits(hasStuck) {
  const limiter = limiterOf({ limits: { stuck: 1 }, rates: {} })
  const stuck = Array.from({ length: hasStuck ? WAITING + 1 : 0 }, () =>
    limiter.acquire(request('stuck')).catch(() => {}),
  )
  /** @type {number[]} */
  const all = []
  const end = performance.now() + ROUND_MS
  const caller = async (/** @type {string} */ server) => {
    while (performance.now() < end) {
      const began = performance.now()
      const slots = await limiter.acquire(request(server))
      all.push(performance.now() - began)
      await sleep(CALL_MS)
      slots.release()
    }
  }
  await Promise.all(
    SERVERS.flatMap((server) => Array.from({ length: CALLERS }, () => caller(server))),
  )
  limiter.close()
  await Promise.all(stuck)
  return all.sort((one, other) => one - other)[Math.floor(all.length * 0.99)]
}

/** Returns the most calls of four eager callers within any interval of the rate. */
async function mostOfRate() {
  const limiter = limiterOf({ limits: {}, rates: { rated: RATE } })
  /** @type {number[]} */
  const sent = []
  const end = performance.now() + RATE_MS
  const caller = async () => {
    while (performance.now() < end) {
      const slots = await limiter.acquire(request('rated'))
      sent.push(performance.now())
      slots.onSent?.()
      slots.release()
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  let [most, first] = [0, 0]
  for (const [last, time] of sent.entries()) {
    while (time - sent[first] > RATE.interval) first++
    most = Math.max(most, last - first + 1)
  }
  return most
}

/** @param {object} options */
function limiterOf(options) {
  return new CallLimiter(SLOTS, { maxQueue: Infinity, ...options })
}

/** @param {string} server */
function request(server) {
  return { server, cost: 1, timeout: Infinity }
}

/** @param {Record<string, number[]>} p99 @param {number[]} most */
function results(p99, most) {
  const peers = Object.fromEntries(
    Object.entries(p99).map(([name, values]) => [name, summary(values)]),
  )
  const [alone, beside] = Object.values(p99)
  const ratio = pairedRatios(beside, alone).median
  const calls = Math.max(...most)
  return {
    title: 'server-limits',
    notes: [
      `${SERVERS.length} servers with ${CALLERS} callers each, ${SLOTS} slots, calls of ${CALL_MS} ms. The stuck server has a limit of 1, a call that never ends, and ${WAITING.toLocaleString('en')} waiters.`,
      `The rate is ${RATE.limit} calls in ${RATE.interval.toLocaleString('en')} ms, under ${CALLERS} callers for ${RATE_MS.toLocaleString('en')} ms.`,
    ],
    versions: { procward: versionIn(new URL('../../', import.meta.url)) },
    figures: [{ what: 'p99 of the wait for a slot', unit: 'ms', peers }],
    ratios: [
      {
        what: 'p99 of the wait beside a stuck server, of that without',
        is: ratio,
        target: 'at most 1.2x',
        met: ratio <= 1.2,
      },
      {
        what: 'the most calls within any interval of the rate',
        is: calls,
        unit: ' calls',
        target: `at most ${RATE.limit}`,
        met: calls <= RATE.limit,
      },
    ],
  }
}
