// Looking at all processes of a machine: the cleanup scanner beside what else lists processes for
// Node.js.

import { growthRatio } from '../support/growth.mjs'
import { noNamespace, program } from '../support/program.mjs'
import { versionIn } from '../support/report.mjs'
import { Samples } from '../support/samples.mjs'
import { atMost } from '../support/targets.mjs'

/** How many processes there are, and how many rounds of `--rounds` that leaves time for. */
const SIZES = [
  { processes: 100, share: 1 },
  { processes: 1000, share: 0.5 },
  { processes: 5000, share: 0.3 },
]
const JUDGED = 1000
const PEERS = ['ps-list', 'find-process', 'pidusage', 'systeminformation']

/** @param {{ rounds: number }} options */
export async function suite({ rounds }) {
  const versions = PEERS.map((name) => [
    name,
    versionIn(new URL(`../node_modules/${name}/`, import.meta.url)),
  ])
  const own = versionIn(new URL('../../', import.meta.url))
  const about = { title: 'scan', versions: { procward: own, ...Object.fromEntries(versions) } }
  if (noNamespace) return { ...about, skipped: noNamespace }
  const bySize = []
  for (const { processes, share } of SIZES) {
    const options = { rounds: Math.ceil(rounds * share), processes, repeated: 10 }
    bySize.push([processes, Samples.from(await program('scan', options, { isolated: true }))])
    console.log(`scan: ${processes} processes done`)
  }
  const growth = bySize.map(([size, samples]) => ({
    size,
    total: samples.summary(`CPU, ${size} processes`, 'procward').median,
  }))
  const [, judged] = bySize.find(([processes]) => processes === JUDGED)
  const time = `${JUDGED} processes`
  return {
    ...about,
    notes: [
      'A dry run of the scanner: it reads parent, group, session, start, user, program and environment of every process, and judges them.',
      'pidusage is given the pids, and reads CPU and memory, but neither program nor environment.',
      'All processes but one are `sleep`, in a PID namespace of their own.',
      'Nearly all of the time of a scan is the kernel’s: it opens and reads two files and a link of each process.',
    ],
    figures: bySize.flatMap(([processes, samples]) => [
      samples.figure(`${processes} processes`, 'ms'),
      samples.figure(`CPU, ${processes} processes`, 'ms'),
      samples.figure(`longest gap, ${processes} processes`, 'ms'),
      samples.figure(`a scan a minute, ${processes} processes`, 'ms of CPU'),
    ]),
    plot: [time, `CPU, ${time}`, `longest gap, ${time}`],
    ratios: [
      atMost(
        `${JUDGED} processes, of ps-list's time`,
        judged.ratio(time, 'procward', 'ps-list'),
        0.25,
      ),
      atMost(
        `${JUDGED} processes, of systeminformation's time`,
        judged.ratio(time, 'procward', 'systeminformation'),
        0.025,
      ),
      atMost(
        `longest gap, ${JUDGED} processes`,
        judged.summary(`longest gap, ${JUDGED} processes`, 'procward'),
        3,
        ' ms',
      ),
      growthRatio(`growth of ${SIZES[0].processes} to ${SIZES.at(-1).processes} processes`, growth),
    ],
  }
}
