// Calls of the tool `echo`: how long one takes, how many are done in a second, and their CPU time.

import assert from 'node:assert/strict'
import { median } from './statistics.mjs'
import { threadCpu } from './thread-cpu.mjs'
import { inParallel } from './usage.mjs'

/** How many calls are in flight where they run in parallel. */
export const WIDTH = 8

/**
 * One call after the other, then many in parallel, whose CPU time is counted.
 * @param {import('./tool-callers.mjs').Caller['call']} call
 * @param {{ oneByOne: number, parallel: number }} counts
 * @returns {Promise<{ p50: number, perSecond: number, threadCpu: number, cpu: number }>} ms , and
 *   µs of CPU a call: of the JavaScript thread alone, and of all threads
 */
export async function measureEchoes(call, { oneByOne, parallel }) {
  const echo = (message) => call('echo', { message })
  const times = []
  for (let at = 0; at < oneByOne; at++) times.push(await timed(() => echoes(echo)))
  const [start, thread, all] = [performance.now(), threadCpu(), process.cpuUsage()]
  await inParallel(parallel, WIDTH, () => echo('hello'))
  const [took, spent, { user, system }] = [
    performance.now() - start,
    threadCpu() - thread,
    process.cpuUsage(all),
  ]
  return {
    p50: median(times),
    perSecond: (parallel / took) * 1000,
    threadCpu: (spent / parallel) * 1000,
    cpu: (user + system) / parallel,
  }
}

/** A call whose answer is checked. @param {(message: string) => Promise<any>} echo */
export async function echoes(echo) {
  const { content } = await echo('hello')
  assert.equal(content[0].text, 'Echo: hello')
}

/** @param {() => Promise<unknown>} work */
export async function timed(work) {
  const start = performance.now()
  await work()
  return performance.now() - start
}
