// The JavaScript test files: which of them may run beside another, and which are quick.
//
// A new file runs beside another and is quick until it is listed here.

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './steps.mjs'

const SCANS = 'its scanner or example server may kill the orphans of another test'
const LISTS = 'lists the processes of this machine, so it sees those of another test'
const CHROMIUM = 'starts Chromium, which saturates the processors'
const MANY = 'starts hundreds of processes'
const BLOCKS = 'blocks or measures the event loop'

/** Files that run alone, with the reason. */
export const ALONE = {
  'cleanup-hosts': MANY,
  'cleanup-input': SCANS,
  cleanup: SCANS,
  'cli-arguments': LISTS,
  'cli-clean': LISTS,
  'cli-doctor': LISTS,
  'cli-ps': LISTS,
  'cli-top': LISTS,
  'dashboard-browser': CHROMIUM,
  'dashboard-demo': CHROMIUM,
  'dashboard-names': CHROMIUM,
  'dashboard-why': CHROMIUM,
  demo: SCANS,
  diagnostics: SCANS,
  example: SCANS,
  'hosts-guarantees': MANY,
  'hosts-guards': MANY,
  'hosts-strangers': MANY,
  'mcp-pool-big': BLOCKS,
  'mcp-pool-busy': BLOCKS,
  'mcp-pool-orphans': SCANS,
  'metrics-cpu': 'measures processor time',
  'metrics-oom': 'makes the kernel kill for want of memory',
  metrics: SCANS,
  package: 'installs a package with a scanner that runs',
  'process-pool-end': SCANS,
  'readme-server': SCANS,
  'run-few-descriptors': 'uses up the descriptors',
  'run-leaks': 'counts descriptors and memory over hundreds of processes',
  shutdown: SCANS,
}

/**
 * Files that `npm run test:quick` leaves out, because each takes seconds: programs, browsers,
 * compilers, real servers, private namespaces.
 */
export const SLOW = [
  'alerts-post',
  'child-process-adopted',
  'child-process-limit',
  'child-process-shown',
  'cleanup-background',
  'cleanup-calls',
  'cleanup-dead-runs',
  'cleanup-decoys',
  'cleanup-hosts',
  'cleanup-input',
  'cleanup-machine',
  'cleanup-node-names',
  'cleanup-spared',
  'cli-arguments',
  'cli-clean',
  'cli-doctor',
  'cli-ps',
  'cli-status',
  'cli-top',
  'dashboard-browser',
  'dashboard-demo',
  'dashboard-events',
  'dashboard-files',
  'dashboard-names',
  'dashboard-restart',
  'dashboard-why',
  'demo',
  'diagnostics',
  'example',
  'failed-calls',
  'gate-memory',
  'hosts-guarantees',
  'hosts-guards',
  'hosts-strangers',
  'mcp-configuration',
  'mcp-handlers',
  'mcp-helper',
  'mcp-helper-end',
  'mcp-helper-hostile',
  'mcp-helper-limit',
  'mcp-input',
  'mcp-letter',
  'mcp-parity',
  'mcp-pool-big',
  'mcp-pool-busy',
  'mcp-pool-hostile',
  'mcp-pool-once',
  'mcp-pool-orphans',
  'mcp-pool-rules',
  'mcp-pool-start',
  'mcp-pages',
  'mcp-trust',
  'mcporter-config-parity',
  'mcporter-launcher',
  'mcporter-projection-parity',
  'memory-gate',
  'metrics-cpu',
  'metrics-many',
  'node-child-process-exec-end',
  'node-child-process-max-buffer',
  'npx-bypass-parity',
  'package',
  'process-pool',
  'process-pool-end',
  'process-pool-exit',
  'process-pool-random',
  'process-pool-spoiled',
  'readme-server',
  'run-bad-input',
  'run-leaks',
  'run-life',
  'run-stuck',
  'run-timeout',
  'run-tree',
  'run-tree-hostile',
  'semaphore-bounds',
  'semaphore-memory',
  'semaphore-process',
  'shutdown',
  'spawn-backpressure',
  'types',
]

const files = readdirSync(join(root, '__test__'))
  .filter((name) => name.endsWith('.test.mjs'))
  .map((name) => name.slice(0, -'.test.mjs'.length))
  .sort()
const unknown = [...Object.keys(ALONE), ...SLOW].filter((name) => !files.includes(name))
if (unknown.length > 0) throw new Error(`scripts/suite.mjs lists no test file: ${unknown}`)

/** The names of all test files. */
export const all = files

/** The names of the quick test files. */
export const quick = files.filter((name) => !SLOW.includes(name))

/**
 * Runs test files, two at a time where they may; returns whether all passed.
 * @param {string[]} names
 * @param {object} [options]
 * @param {string} [options.program] of Node.js
 * @param {string} [options.reporter]
 * @param {string} [options.reports] the folder for reports in TAP
 * @param {NodeJS.ProcessEnv} [options.env]
 */
export function runTestFiles(
  names,
  { program = process.execPath, reporter = 'spec', reports, env } = {},
) {
  const alone = names.filter((name) => Object.hasOwn(ALONE, name))
  const beside = names.filter((name) => !Object.hasOwn(ALONE, name))
  return [
    { concurrency: 2, names: beside },
    { concurrency: 1, names: alone },
  ]
    .filter(({ names }) => names.length > 0)
    .map(({ concurrency, names }) => {
      console.log(`\n> node --test, ${names.length} files, ${concurrency} at a time`)
      const paths = names.map((name) => join('__test__', `${name}.test.mjs`))
      const reporters = [
        [reporter, 'stdout'],
        ...(reports === undefined ? [] : [['tap', join(reports, `${concurrency}.tap`)]]),
      ].flatMap(([name, to]) => [`--test-reporter=${name}`, `--test-reporter-destination=${to}`])
      const { status, error } = spawnSync(
        program,
        ['--test', `--test-concurrency=${concurrency}`, ...reporters, ...paths],
        { cwd: root, stdio: 'inherit', env },
      )
      if (error) console.error(error.message)
      return status === 0
    })
    .every(Boolean)
}
