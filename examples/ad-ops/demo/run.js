'use strict'

const { Sampler } = require('./sampler')

/**
 * @typedef {{
 *   peaks: { node: number, mcporter: number, servers: number, shared: number, resident: number },
 *   cpu: number,
 *   wall: number,
 *   latencies: number[],
 *   failures: { call: string, message: string }[],
 *   left: number,
 * }} Outcome times in ms, sizes in bytes
 */

/**
 * Runs the campaign, all calls of a phase at the same time, and watches the processes meanwhile.
 * @param {object} options
 * @param {ReturnType<typeof import('./campaign').campaign>} options.phases
 * @param {(call: import('./tools').Call) => Promise<any>} options.callTool
 * @param {{ root: number, except?: number[], kept?: () => Promise<number[]> }} options.watched
 * @param {import('./progress').Progress} options.progress
 * @param {AbortSignal} options.signal
 * @returns {Promise<Outcome>}
 */
async function run({ phases, callTool, watched, progress, signal }) {
  const latencies = []
  const failures = []
  const sampler = await Sampler.start(watched)
  const start = performance.now()

  async function one(call) {
    const sent = performance.now()
    try {
      call.check(await callTool(call))
      latencies.push(performance.now() - sent)
    } catch (error) {
      failures.push({ call: `${call.server}.${call.tool}`, message: error.message })
    }
    progress.advance()
  }

  let wall
  let left
  try {
    for (const { name, calls } of phases) {
      signal.throwIfAborted()
      progress.phase(name)
      await Promise.all(calls.map(one))
    }
  } finally {
    wall = performance.now() - start
    progress.end()
    left = await sampler.stop()
  }
  signal.throwIfAborted()
  return { peaks: sampler.peaks, cpu: sampler.cpu, wall, latencies, failures, left }
}

module.exports = { run }
