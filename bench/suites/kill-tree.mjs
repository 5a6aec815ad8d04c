// How long it takes until a tree of processes is dead, and whether it then is, beside what else
// Node.js programs end trees with.

import { growthRatio } from '../support/growth.mjs'
import { noNamespace, program } from '../support/program.mjs'
import { versionIn } from '../support/report.mjs'
import { Samples } from '../support/samples.mjs'
import { atLeast } from '../support/targets.mjs'

const SIZE = 50
const GROWTH = [5, 500]

/** @param {{ rounds: number }} options */
export async function suite({ rounds }) {
  const versions = Object.fromEntries(
    ['tree-kill', 'fkill', 'execa'].map((name) => [
      name,
      versionIn(new URL(`../node_modules/${name}/`, import.meta.url)),
    ]),
  )
  const about = {
    title: 'kill-tree',
    versions: { procward: versionIn(new URL('../../', import.meta.url)), ...versions },
  }
  if (noNamespace) return { ...about, skipped: noNamespace }
  const options = { rounds: Math.ceil(rounds / 2), size: SIZE, growth: GROWTH }
  const samples = Samples.from(await program('kill-tree', options, { isolated: true }))
  const all = `all of ${SIZE} dead`
  const growth = [GROWTH[0], SIZE, GROWTH[1]].map((size) => ({
    size,
    total: samples.summary(`all of ${size} dead`, 'procward').median,
  }))
  return {
    ...about,
    notes: [
      'A shell, seven below it, and six more below each of those. All of this in a PID namespace of its own.',
      'procward asks first (SIGTERM) and kills what is left after `killGrace`, 2 s unless said otherwise; the others send SIGKILL.',
      'fkill looks for descendants on Windows alone, and execa 9 not at all: what they leave would stay for ever (∞).',
      'A process group is what `detached: true` and `process.kill(-pid)` give: quick, and blind to whoever has left the group.',
      'What bounds the time: with one system call for all of them, the group’s, the 50 take about as long to die.',
    ],
    figures: [
      samples.figure(all, 'ms'),
      samples.figure(`settled, ${SIZE}`, 'ms'),
      samples.figure(`left of ${SIZE}`, 'processes'),
      ...GROWTH.map((size) => samples.figure(`all of ${size} dead`, 'ms')),
    ],
    plot: [all],
    ratios: [
      atLeast('faster than tree-kill', samples.ratio(all, 'tree-kill', 'procward'), 40),
      growthRatio(`growth of ${GROWTH[0]} to ${GROWTH[1]} processes`, growth),
    ],
  }
}
