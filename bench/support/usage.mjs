// What some work takes: time, CPU, and the event loop.

import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { threadCpu } from './thread-cpu.mjs'

/** The kernel counts the time of processes that have ended in ticks of so many ms. */
const TICK = 10
/** How often the event loop is looked at, in ms. */
const RESOLUTION = 1

/**
 * @typedef {{ wall: number, cpu: number, children: number, thread: number, busy: number, gap:
 *   number }} Usage in ms: from start to end; on a CPU, by all threads and by child processes that
 *   have ended; by these alone; by the
 * JavaScript thread alone; by the
 *   event loop, in which it did nothing else; the longest that it was held up.
 */

/** @param {() => Promise<unknown>} work @returns {Promise<Usage>} */
export async function usage(work) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
  delay.enable()
  await sleep(RESOLUTION * 2)
  delay.reset()
  const [start, before, loopBefore] = [
    performance.now(),
    cpuTimes(),
    performance.eventLoopUtilization(),
  ]
  await work()
  const { active } = performance.eventLoopUtilization(loopBefore)
  const [end, after] = [performance.now(), cpuTimes()]
  // The end of the last gap has to be seen too.
  await sleep(RESOLUTION * 2)
  delay.disable()
  return {
    wall: end - start,
    cpu: after.own - before.own + after.children - before.children,
    children: after.children - before.children,
    thread: after.thread - before.thread,
    busy: active,
    gap: Math.max(0, delay.max / 1e6 - RESOLUTION),
  }
}

/** Of this process, and of its children that have ended. */
function cpuTimes() {
  const { user, system } = process.cpuUsage()
  return { own: (user + system) / 1000, children: endedChildren(), thread: threadCpu() }
}

function endedChildren() {
  if (process.platform !== 'linux') return Number.NaN
  const stat = readFileSync('/proc/self/stat', 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * TICK
}

/**
 * Does the same `count` times, `width` at a time.
 * @param {number} count
 * @param {number} width
 * @param {() => Promise<unknown>} once
 */
export async function inParallel(count, width, once) {
  let left = count
  const worker = async () => {
    while (left-- > 0) await once()
  }
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker))
}
