// What `procward/child_process` and `procward/register` cost beside Node.js's own module: the time
// until `spawn` returns, and a start of Node.js that starts no child.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { shuffled } from '../support/order.mjs'
import { program } from '../support/program.mjs'
import { versionIn } from '../support/report.mjs'
import { Samples } from '../support/samples.mjs'
import { summary } from '../support/statistics.mjs'
import { atMost } from '../support/targets.mjs'

const MEBIBYTES = [0, 1024]
const CALLS = 40
const OURS = 'procward/child_process'
const PEER = 'node:child_process'
const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
/** The flags of a start of Node.js. */
const STARTS = { [OURS]: ['--require', path('lib/register.js')], [PEER]: [] }
const STARTS_A_ROUND = 5

/** @param {{ rounds: number }} options */
export async function suite({ rounds }) {
  const spawning = []
  for (const mebibytes of MEBIBYTES) {
    const options = { rounds, mebibytes, calls: CALLS }
    spawning.push(Samples.from(await program('child-process', options)))
    console.log(`child-process: spawn with ${mebibytes} MiB of Buffers done`)
  }
  const starting = new Samples([OURS, PEER])
  for (let round = 0; round < rounds * STARTS_A_ROUND; round++)
    for (const name of shuffled(Object.keys(STARTS))) start(starting, name)
  return results(spawning, starting)
}

/** @param {Samples} samples @param {string} name */
function start(samples, name) {
  const flags = ['--expose-gc', ...STARTS[name], path('bench/programs/started.cjs')]
  const began = performance.now()
  const printed = execFileSync(process.execPath, flags, { encoding: 'utf8' })
  samples.add('a start of Node.js', name, performance.now() - began)
  samples.add('its resident memory', name, JSON.parse(printed).resident / 1e6)
}

/** @param {Samples[]} spawning @param {Samples} starting */
function results(spawning, starting) {
  const returns = (at) => `spawn returns, ${MEBIBYTES[at]} MiB`
  const added = (what) => {
    const [ours, theirs] = [OURS, PEER].map((name) => starting.summary(what, name).median)
    return summary([ours - theirs])
  }
  return {
    title: 'child-process',
    notes: [
      `\`spawn('/bin/true')\` with three pipes, ${CALLS} times a round, one after the other; the time until \`spawn\` has returned. Buffers are touched before each measurement.`,
      'What bounds the time without Buffers: the system executes two programs one after the other, the warden and the command, and the pid is known only then. About 0.3 ms of both are the JavaScript of Node.js.',
      'The warden is not started ahead: it would have the user, limits, priority and control group that the server had then.',
    ],
    versions: { procward: versionIn(new URL('../../', import.meta.url)) },
    figures: [
      ...spawning.flatMap((samples, at) => [
        samples.figure(returns(at), 'ms'),
        samples.figure(`CPU of the JavaScript thread a spawn, ${MEBIBYTES[at]} MiB`, 'ms'),
      ]),
      starting.figure('a start of Node.js', 'ms'),
      starting.figure('its resident memory', 'MB'),
    ],
    plot: MEBIBYTES.map((_, at) => returns(at)),
    ratios: [
      atMost(`${returns(0)}, of Node.js's`, spawning[0].ratio(returns(0), OURS, PEER), 0.5),
      atMost(`${returns(1)}, of Node.js's`, spawning[1].ratio(returns(1), OURS, PEER), 1 / 30),
      atMost('added to a start by register', added('a start of Node.js'), 5, ' ms'),
      atMost('memory added to a start by register', added('its resident memory'), 1, ' MB'),
    ],
  }
}
