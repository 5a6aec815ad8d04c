// What the sessions cost the server that has them: resident memory that four idle ones add, each
// way in a fresh process.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { versionIn } from '../support/report.mjs'
import { median, summary } from '../support/statistics.mjs'

const program = fileURLToPath(new URL('../support/host-memory-program.mjs', import.meta.url))
const WAYS = { procward: 'procward McpPool', sdk: 'TypeScript SDK', nothing: 'nothing at all' }
const TARGET = 15

/** @param {{ rounds: number }} options */
export async function suite({ rounds }) {
  /** @type {Record<string, number[]>} */
  const found = Object.fromEntries(Object.values(WAYS).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [way, name] of Object.entries(WAYS)) {
      const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, way])
      found[name].push(JSON.parse(stdout).added / 1e6)
    }
    console.log(`host-memory: round ${round + 1} of ${rounds}`)
  }
  const ours = median(found[WAYS.procward]) - median(found[WAYS.nothing])
  return {
    title: 'host-memory',
    notes: [
      'Resident memory after loading the library, four servers and a call of each, less that before, after collection.',
    ],
    versions: { procward: versionIn(new URL('../../', import.meta.url)) },
    figures: [
      {
        what: 'added by four idle sessions',
        unit: 'MB',
        peers: Object.fromEntries(
          Object.entries(found).map(([name, values]) => [name, summary(values)]),
        ),
      },
    ],
    ratios: [
      {
        what: 'added, less what waiting alone adds',
        is: ours,
        unit: ' MB',
        target: `at most ${TARGET} MB`,
        met: ours <= TARGET,
      },
    ],
  }
}
