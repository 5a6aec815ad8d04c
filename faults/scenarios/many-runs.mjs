// A server that runs for long does not grow.

import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { check, figure } from '../support/figures.mjs'
import { all } from '../support/processes.mjs'

const { getActiveProcesses, run: start } = createRequire(import.meta.url)('../..')

export const title = 'sequential runs of a trivial command'
export const isolated = false
export const counts = { full: { runs: 10_000, warmUp: 1000 }, quick: { runs: 500, warmUp: 200 } }
const MIB = 2 ** 20
/** Threads that read the process table come and go. */
const BOUNDS = { rss: 16 * MIB, descriptors: 2, threads: 4 }

/** @param {{ runs: number, warmUp: number }} counts */
export async function run({ runs, warmUp }) {
  await repeat(warmUp)
  const before = levels()
  const begin = performance.now()
  await repeat(runs)
  const perSecond = (runs / (performance.now() - begin)) * 1000
  const after = levels()

  const growth = (after.rss - before.rss) / MIB
  check(
    after.rss - before.rss <= BOUNDS.rss,
    `RSS: ${mib(before.rss)}, then ${mib(after.rss)} (bound +${mib(BOUNDS.rss)})`,
  )
  for (const name of /** @type {const} */ (['descriptors', 'threads'])) {
    const text = `${name}: ${before[name]}, then ${after[name]} (bound +${BOUNDS[name]})`
    check(after[name] - before[name] <= BOUNDS[name], text)
  }
  const zombies = all().filter(({ parent, state }) => parent === process.pid && state === 'Z')
  check(zombies.length === 0, `zombies: ${zombies.length}`)
  check(getActiveProcesses().length === 0, `listed as active: ${getActiveProcesses().length}`)
  figure(
    `${runs} runs, ${perSecond.toFixed(0)}/s, ${((growth / runs) * MIB).toFixed(0)} bytes of RSS a run`,
  )
}

/** @param {number} runs */
async function repeat(runs) {
  for (let at = 0; at < runs; at++) await start('/bin/true')
}

function levels() {
  globalThis.gc?.()
  return {
    rss: process.memoryUsage.rss(),
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
  }
}

/** @param {number} bytes */
function mib(bytes) {
  return `${(bytes / MIB).toFixed(1)} MiB`
}
