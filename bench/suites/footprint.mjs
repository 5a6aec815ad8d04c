// What procward costs a server that does nothing with it: the time and memory of loading it, its
// size, and a minute of idleness.

import { execFile } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { shuffled } from '../support/order.mjs'
import { versionIn } from '../support/report.mjs'
import { median, summary } from '../support/statistics.mjs'

const MINUTE = 60_000
const root = new URL('../../', import.meta.url)
const packages = new URL('../node_modules/', import.meta.url)
const path = (url) => fileURLToPath(url)

/** The program's arguments. */
const LOADED = {
  "require('procward')": ['require', path(root)],
  "import 'procward'": ['import', new URL('index.js', root).href],
  'p-queue': ['import', new URL('p-queue/dist/index.js', packages).href],
  bottleneck: ['require', path(new URL('bottleneck', packages))],
  cockatiel: ['require', path(new URL('cockatiel', packages))],
  'TypeScript SDK, client': [
    'import',
    new URL('@modelcontextprotocol/sdk/dist/esm/client/index.js', packages).href,
  ],
  nothing: ['nothing'],
}
const [OURS] = Object.keys(LOADED)
const IDLE = {
  nothing: 'Node.js alone',
  required: 'procward, loaded',
  scanning: 'procward, after a call, with its scanner',
}

/** @param {{ rounds: number }} options */
export async function suite({ rounds }) {
  const idle = Promise.all(Object.keys(IDLE).map((way) => output('idle.mjs', way, String(MINUTE))))
  /** @type {Record<string, Record<string, number>[]>} */
  const found = Object.fromEntries(Object.keys(LOADED).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const name of shuffled(Object.keys(LOADED)))
      found[name].push(await output('import.cjs', ...LOADED[name]))
    console.log(`footprint: round ${round + 1} of ${rounds}`)
  }
  console.log('footprint: a minute of idleness')
  return results(found, await idle)
}

/** What one of the programs prints. @param {string} program @param {...string} args */
async function output(program, ...args) {
  const file = path(new URL(`../programs/${program}`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', file, ...args])
  return JSON.parse(stdout)
}

/**
 * @param {Record<string, Record<string, number>[]>} found
 * @param {{ cpu: number, threads: number }[]} idle in the order of `IDLE`
 */
function results(found, idle) {
  const values = (name, kind, scale = 1) => found[name].map((figures) => figures[kind] / scale)
  const loading = (what, unit, kind, scale) => ({
    what,
    unit,
    peers: Object.fromEntries(
      Object.keys(LOADED).map((name) => [name, summary(values(name, kind, scale))]),
    ),
  })
  const idling = (what, unit, of) => ({
    what,
    unit,
    peers: Object.fromEntries(
      Object.values(IDLE).map((name, at) => [name, summary([of(idle[at])])]),
    ),
  })
  const share = ({ cpu }) => (cpu / MINUTE) * 100
  const atMost = (what, is, most, unit) => ({
    what,
    is,
    unit,
    target: `at most ${most}${unit}`,
    met: is <= most,
  })
  const addon = readdirSync(root).find((file) => /^procward\..*\.node$/.test(file)) ?? ''
  return {
    title: 'footprint',
    notes: [
      "Each package in fresh processes that have loaded what servers load: `node:http`, `node:crypto`, `node:child_process` and V8's optimising compiler.",
      "Resident memory counts pages of files too, which all processes share: the addon's, and those of Node.js itself that nothing had touched before. The rest is the process's own.",
      "Of the time of `require` a fifth is the system's loader, which has 20,000 places of the addon to relocate, a tenth the generated loader in front of it; the rest goes to 18 files, each about as long. All packages take twice as long on a slow day: compare with theirs.",
      '`require` leaves `McpPool` and `ProcessPool` for when they are asked for; `import` asks for every name.',
      'Idle: one process each, side by side, for a minute, from 20 s after its start; the scanner looks once in that time.',
    ],
    versions: {
      ...Object.fromEntries(
        ['p-queue', 'bottleneck', 'cockatiel'].map((name) => [
          name,
          versionIn(new URL(`${name}/`, packages)),
        ]),
      ),
      '@modelcontextprotocol/sdk': versionIn(new URL('@modelcontextprotocol/sdk/', packages)),
      procward: versionIn(root),
    },
    figures: [
      loading('to load it', 'ms', 'took', 1),
      loading('resident memory added', 'MB', 'resident', 1e6),
      loading("of that the process's own", 'MB', 'anonymous', 1e6),
      loading('threads added', 'threads', 'threads', 1),
      {
        what: "the addon's file",
        unit: 'MB',
        peers: { [OURS]: summary([statSync(new URL(addon, root)).size / 1e6]) },
      },
      idling('CPU of a minute of idleness', '%', share),
      idling('threads, idle', 'threads', ({ threads }) => threads),
    ],
    plot: ['to load it', 'resident memory added'],
    ratios: [
      atMost('to load it', median(values(OURS, 'took')), 10, ' ms'),
      atMost('resident memory added', median(values(OURS, 'resident', 1e6)), 8, ' MB'),
      ...Object.values(IDLE)
        .map((name, at) => atMost(`CPU, idle: ${name}`, share(idle[at]), 0.05, '%'))
        .slice(1),
    ],
  }
}
