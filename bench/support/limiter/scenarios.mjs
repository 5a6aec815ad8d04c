// What is done with a limiter of either kind; each gives its figures by name. CPU is the whole
// process's, in µs, because what one leaves to the garbage collector's threads is its work too.

import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { quantile } from '../statistics.mjs'

const LIMIT = 3

/**
 * How long each waiter is patient: a half for a moment, in no order, and a half for longer than the
 * bench takes.
 */
const PATIENCE = [40, 600_000, 10, 600_000, 30, 600_000, 20, 600_000]

/** Nothing, which takes part of a turn, a turn, or a millisecond. */
const tasks = { immediate: async () => {}, setImmediate: () => turn(), timer: () => sleep(1) }

/** @typedef {import('./peers.mjs').Limiter} Limiter */

/**
 * @type {Record<string, (create: (limit: number) => Limiter, size: number) =>
 *   Promise<Record<string, number>>>}
 */
export const scenarios = {
  async cycle(create, size) {
    const { cycle } = create(LIMIT)
    return perUnit(size, async () => {
      for (let left = size; left > 0; left--) await cycle()
    })
  },
  async use(create, size) {
    const { use } = create(LIMIT)
    return perUnit(size, async () => {
      for (let left = size; left > 0; left--) await use(tasks.immediate)
    })
  },
  immediate: contended(tasks.immediate),
  setImmediate: contended(tasks.setImmediate),
  timer: contended(tasks.timer),

  /** From the end of one task to the start of the next, which waited for it. */
  async handOff(create, size) {
    const { use } = create(1)
    const gaps = []
    let ended
    const task = () => {
      const started = performance.now()
      if (ended !== undefined) gaps.push((started - ended) * 1000)
      ended = performance.now()
    }
    await Promise.all(Array.from({ length: size }, () => use(task)))
    return { p50: quantile(gaps, 0.5), p99: quantile(gaps, 0.99) }
  },

  /** What a waiter takes, in bytes: of V8's heap, and of the process's memory altogether. */
  async memory(create, size) {
    const [limiter, free] = await full(create)
    const waiting = new Array(size)
    const before = memory()
    for (let at = 0; at < size; at++) waiting[at] = limiter.use(tasks.immediate)
    const bytes = added(before, size)
    free()
    await Promise.all(waiting)
    return bytes
  },

  /** Waiters with a timeout each, of which one half runs out and the other half is let in. */
  async armed(create, size) {
    const [limiter, free] = await full(create)
    const waiting = new Array(size)
    const before = memory()
    const cpu = process.cpuUsage()
    for (let at = 0; at < size; at++) waiting[at] = limiter.armed(PATIENCE[at % PATIENCE.length])
    const arming = micros(cpu)
    const bytes = added(before, size)
    const rest = process.cpuUsage()
    const over = waiting.map((wait) => wait.then((release) => release?.()))
    const hasty = await Promise.allSettled(over.filter((_, at) => at % 2 === 0))
    const gaveUp = hasty.filter(({ status }) => status === 'rejected').length
    const ghosts = limiter.queued() - (size - gaveUp)
    free()
    await Promise.all(over.filter((_, at) => at % 2 === 1))
    return { ...bytes, cpu: (arming + micros(rest)) / size, ghosts }
  },
}

/** @param {() => unknown} task */
function contended(task) {
  return async (create, size) => {
    const { use } = create(LIMIT)
    return perUnit(size, () => Promise.all(Array.from({ length: size }, () => use(task))))
  }
}

/**
 * A limiter whose only slot is taken, and what gives it back.
 * @returns {Promise<[Limiter, () => void]>}
 */
async function full(create) {
  const limiter = create(1)
  let free
  await new Promise((started) => {
    limiter.use(() => {
      started()
      return new Promise((end) => {
        free = end
      })
    })
  })
  return [limiter, free]
}

async function perUnit(size, work) {
  globalThis.gc()
  const [cpu, start] = [process.cpuUsage(), performance.now()]
  await work()
  return { cpu: micros(cpu) / size, wall: ((performance.now() - start) * 1000) / size }
}

function micros(since) {
  const { user, system } = process.cpuUsage(since)
  return user + system
}

function memory() {
  globalThis.gc()
  const { heapUsed, rss } = process.memoryUsage()
  return { heapUsed, rss }
}

function added(before, size) {
  const after = memory()
  return { heap: (after.heapUsed - before.heapUsed) / size, rss: (after.rss - before.rss) / size }
}
