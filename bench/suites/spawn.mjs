// What it takes to run a command: `run` beside what else Node.js programs start processes with. All
// take turns, in another order each round.

import { growthRatio } from '../support/growth.mjs'
import { program } from '../support/program.mjs'
import { Samples } from '../support/samples.mjs'
import { versions } from '../support/spawn-ways.mjs'
import { atLeast, atMost } from '../support/targets.mjs'

const WIDTHS = [1, 3, 16]
const MEBIBYTES = [0, 256, 1024]
const AT_ONCE = [4, 40, 400]
const CALLS = 150
const OUTPUT = 100_000_000

/** @param {{ rounds: number }} options */
export async function suite({ rounds }) {
  const options = { rounds, widths: WIDTHS, calls: CALLS, growth: AT_ONCE }
  const throughput = Samples.from(await program('spawn-throughput', options))
  console.log('spawn: throughput done')
  const output = Samples.from(
    await program('spawn-output', { rounds: Math.ceil(rounds / 3), bytes: OUTPUT }),
  )
  console.log('spawn: output done')
  const blocking = []
  for (const mebibytes of MEBIBYTES) {
    const options = { rounds: Math.ceil(rounds / 2), mebibytes, calls: 24 }
    blocking.push([mebibytes, Samples.from(await program('spawn-blocking', options))])
    console.log(`spawn: event loop with ${mebibytes} MiB of Buffers done`)
  }
  return results(throughput, output, blocking)
}

/** @param {Samples} throughput @param {Samples} output @param {[number, Samples][]} blocking */
function results(throughput, output, blocking) {
  const [mebibytes, most] = blocking[blocking.length - 1]
  const taken = `event loop taken by a call, ${mebibytes} MiB`
  const growth = AT_ONCE.map((size) => ({
    size,
    total: throughput.summary(`${size} at once`, 'procward').median,
  }))
  return {
    title: 'spawn',
    notes: [
      `\`/bin/echo hello\`, ${CALLS} times a round; the CPU is that of all threads and of the processes that were started.`,
      'The event loop is taken while it can do nothing else, also while others have its processor; its CPU is what it did itself. Buffers are touched before each measurement; three calls in flight.',
      'What bounds the calls/s: of the CPU of a call of procward three quarters are in child processes, and all but 0.2 ms of that is the command, mostly its dynamic loader.',
      'A command that is started by `fork` also copies what it touches until it runs; child_process and those above it hold the event loop until then.',
      '`posix_spawn in C` starts the command and waits for its exit, without pipes: the physical limit.',
      '`procward, no warden` is `PROCWARD_WARDEN=off`: what the guarantee costs, that nothing outlives the server.',
    ],
    versions,
    figures: [
      ...WIDTHS.map((width) => throughput.figure(`${width} in parallel`, 'calls/s')),
      ...WIDTHS.flatMap((width) => [
        throughput.figure(`CPU a call, ${width} in parallel`, 'ms'),
        throughput.figure(`of that in child processes, ${width} in parallel`, 'ms'),
      ]),
      ...AT_ONCE.map((count) => throughput.figure(`${count} at once`, 'ms')),
      ...blocking.flatMap(([size, samples]) => [
        samples.figure(`event loop taken by a call, ${size} MiB`, 'ms'),
        samples.figure(`CPU of the JavaScript thread a call, ${size} MiB`, 'ms'),
        samples.figure(`longest gap, ${size} MiB`, 'ms'),
      ]),
      output.figure('100 MB of output', 'ms'),
      output.figure('CPU for 100 MB of output', 'ms'),
      output.figure('longest gap, 100 MB of output', 'ms'),
    ],
    plot: [
      '3 in parallel',
      'CPU a call, 3 in parallel',
      `event loop taken by a call, ${mebibytes} MiB`,
    ],
    ratios: [
      atLeast(
        'calls/s, 3 in parallel, of those without a warden',
        throughput.ratio('3 in parallel', 'procward', 'procward, no warden'),
        0.9,
      ),
      atLeast(
        "calls/s, 3 in parallel, of child_process's",
        throughput.ratio('3 in parallel', 'procward', 'child_process'),
        1.8,
      ),
      atLeast(
        "calls/s, 3 in parallel, of execa's",
        throughput.ratio('3 in parallel', 'procward', 'execa'),
        4,
      ),
      atMost(
        `event loop at ${mebibytes} MiB, of child_process's`,
        most.ratio(taken, 'procward', 'child_process'),
        0.01,
      ),
      growthRatio(`growth of ${AT_ONCE[0]} to ${AT_ONCE.at(-1)} calls at once`, growth),
    ],
  }
}
