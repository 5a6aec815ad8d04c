// Starting processes does not stop the event loop, however much memory the server has: posix_spawn,
// not fork.

import { spawn as nodeSpawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { loadavg } from 'node:os'
import { check, figure, median } from '../support/figures.mjs'

const { run: start } = createRequire(import.meta.url)('../..')

export const title =
  'the event loop while processes are started, with touched Buffers and 3 spawns in flight'
export const isolated = false
export const counts = {
  full: { mebibytes: 1024, spawns: 200 },
  quick: { mebibytes: 256, spawns: 200 },
}
const IN_FLIGHT = 3
/** Batches take turns, so that both ways meet the same load. */
const BATCHES = 8
/**
 * In ms: what a loop that nothing holds up should stay under, as far as the machine's load allows.
 */
const AIM = 20
const FRACTION = 0.5

const ways = {
  procward: () => start('/bin/true'),
  node: () => once(nodeSpawn('/bin/true'), 'close'),
}

/** @param {{ mebibytes: number, spawns: number }} counts */
export async function run({ mebibytes, spawns }) {
  const buffers = Array.from({ length: mebibytes }, () => Buffer.alloc(2 ** 20, 1))
  /** @type {Record<keyof typeof ways, number[]>} */
  const gaps = { procward: [], node: [] }
  for (let batch = 0; batch < BATCHES; batch++) {
    for (const [name, way] of Object.entries(ways)) {
      // After a fork each page is copied when it is written to again.
      for (const buffer of buffers)
        for (let at = 0; at < buffer.length; at += 4096) buffer[at] = batch
      gaps[name].push(await largestGap(way, spawns / BATCHES))
    }
  }
  const [worst, nodeWorst] = [Math.max(...gaps.procward), Math.max(...gaps.node)]
  const [typical, nodeTypical] = [median(gaps.procward), median(gaps.node)]
  figure(
    `largest gap of a 1 ms ticker in ${spawns} spawns: ${worst.toFixed(1)} ms, Node's own ${nodeWorst.toFixed(1)} ms`,
  )
  const reached = worst < AIM ? 'reached' : 'not reached'
  figure(`the aim of ${AIM} ms is ${reached} here, with a load of ${loadavg()[0].toFixed(1)}`)
  const text = `the largest gap of a batch, median: ${typical.toFixed(1)} ms, Node's own ${nodeTypical.toFixed(1)} ms`
  check(
    typical < nodeTypical * FRACTION,
    `${text} (bound: ${FRACTION} of Node's, ${mebibytes} MiB)`,
  )
}

/** @param {() => Promise<unknown>} way @param {number} spawns */
async function largestGap(way, spawns) {
  let last = performance.now()
  let largest = 0
  const tick = () => {
    const now = performance.now()
    largest = Math.max(largest, now - last)
    last = now
  }
  const ticker = setInterval(tick, 1)
  let left = spawns
  const worker = async () => {
    while (left-- > 0) await way()
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  tick()
  clearInterval(ticker)
  return largest
}
