// What a warden costs: memory, and time until a command's call has ended.

import { createRequire } from 'node:module'
import { check, figure, median } from '../support/figures.mjs'
import { facts, living } from '../support/processes.mjs'

const { run: start, spawn } = createRequire(import.meta.url)('../..')

export const title = 'memory per warden, and the time it adds to a call'
export const isolated = false
export const counts = { full: { calls: 1000, wardens: 10 }, quick: { calls: 100, wardens: 3 } }
const MOST_PRIVATE = 1024

/** @param {{ calls: number, wardens: number }} counts */
export async function run({ calls, wardens }) {
  await memory(wardens)
  await time(calls)
}

/** @param {number} count */
async function memory(count) {
  const children = Array.from({ length: count }, () => spawn('sleep', ['100000']))
  await Promise.all(children.map((child) => new Promise((resolve) => child.once('spawn', resolve))))
  const pids = living().filter(({ parent }) => parent === process.pid)
  const sizes = pids.map(({ pid }) => privateMemory(pid)).filter((size) => size !== undefined)
  await Promise.all(children.map((child) => child.kill().then(() => child.exited.catch(() => {}))))
  const [size, worst] = [median(sizes), Math.max(...sizes)]
  const text = `private memory of a warden: median ${size} KiB, worst ${worst} KiB of ${MOST_PRIVATE} KiB`
  check(sizes.length === count && worst <= MOST_PRIVATE, `${text} (${sizes.length} wardens)`)
}

/** In KiB. @param {number} pid */
function privateMemory(pid) {
  const lines = facts(pid, 'smaps_rollup').match(/^Private_(?:Clean|Dirty): +\d+/gm)
  return lines?.reduce((sum, line) => sum + Number(line.split(':')[1]), 0)
}

/** One with and one without in turn, so that both meet the same load. @param {number} calls */
async function time(calls) {
  /** @type {Record<string, number[]>} */
  const times = { on: [], off: [] }
  for (let at = 0; at < 2 * (calls + 10); at++) {
    const warden = at % 2 ? 'on' : 'off'
    process.env.PROCWARD_WARDEN = warden
    const begin = performance.now()
    await start('/bin/true')
    // The first few only warm up.
    if (at >= 20) times[warden].push(performance.now() - begin)
  }
  const [on, off] = [median(times.on), median(times.off)]
  figure(
    `/bin/true, median of ${calls} calls: ${on.toFixed(2)} ms with a warden, ${off.toFixed(2)} ms without`,
  )
  const goal = on - off <= 1 ? 'reached' : 'not reached'
  figure(`a warden adds ${(on - off).toFixed(2)} ms (the aim, 1 ms, is ${goal} here)`)
}
