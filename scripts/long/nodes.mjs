// Runs the JavaScript tests on other Node.js versions, from npm's packages of them. `node
// scripts/long/nodes.mjs --versions 22,24 --files semaphore,run` runs the files whose names hold
// one of the words. The addon has to be built. The reports stay in target/long/nodes.

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { recordCells } from '../package/facts.mjs'
import { ALONE, all } from '../suite.mjs'
import { hostTarget } from './install/tarballs.mjs'
import { runTestFile } from './nodes/test-file.mjs'
import { Skip } from './support/checks.mjs'
import { folder, nodeProgram } from './support/install.mjs'

const VERSIONS = '20,22,24,26'
/** How many files run at once, of those that may run beside another. */
const LANES = 2
/** The time that a file may take, in ms; no measurement, only an end to waiting. */
const BOUND = 1_200_000

const { values } = parseArgs({
  options: {
    versions: { type: 'string', default: VERSIONS },
    files: { type: 'string', default: '' },
  },
})
const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(name, () => {
    stop.abort()
    process.exit(1)
  })
}
const words = values.files.split(',')
const names = all.filter((name) => words.some((word) => name.includes(word)))
const versions = values.versions.split(',')
const total = { passed: 0, failed: 0, skipped: 0 }
const green = []
for (const version of versions) {
  const counts = await tested(version)
  for (const what of Object.keys(total)) total[what] += counts[what]
  if (counts.passed > 0 && counts.failed === 0) green.push(version)
  console.log(sum(`${version}: `, counts))
}
if (green.length === versions.length && values.versions === VERSIONS && values.files === '')
  recordSuite()
console.log(sum('', total))
if (total.failed > 0) process.exitCode = 1

/** Runs the files on this version of Node.js; returns the counts. @param {string} version */
async function tested(version) {
  try {
    const program = await nodeProgram(version)
    const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
    if (!stdout?.startsWith(`v${version}`)) throw new Skip(`no Node.js ${version} runs here`)
    console.log(`\n# Node.js ${stdout.trim()}`)
    return await runOn(program, version)
  } catch (error) {
    if (!(error instanceof Skip)) throw error
    console.log(`\n# Node.js ${version}\nskipped: ${error.message}`)
    return { passed: 0, failed: 0, skipped: names.length }
  }
}

/** @param {string} program @param {string} version */
async function runOn(program, version) {
  const reports = join(folder, 'nodes', version)
  rmSync(reports, { recursive: true, force: true })
  mkdirSync(reports, { recursive: true })
  // Commands that tests start by name find this version first.
  const env = { ...process.env, PATH: `${dirname(program)}${delimiter}${process.env.PATH}` }
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const serve = async (/** @type {string[]} */ waiting) => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const signal = AbortSignal.any([AbortSignal.timeout(BOUND), stop.signal])
      const file = `__test__/${name}.test.mjs`
      const outcome = await runTestFile(file, { program, env, folder: reports, signal })
      for (const what of Object.keys(counts)) counts[what] += outcome[what]
      for (const failed of outcome.names) console.log(`failed: ${name}: ${failed}`)
    }
  }
  const beside = names.filter((name) => !Object.hasOwn(ALONE, name))
  await Promise.all(Array.from({ length: LANES }, () => serve(beside)))
  await serve(names.filter((name) => Object.hasOwn(ALONE, name)))
  return counts
}

/** Writes the versions into the table of docs/platforms.md. */
function recordSuite() {
  const date = new Date().toISOString().slice(0, 10)
  const where = `Node.js ${green.join(', ')} (${date})`
  recordCells(hostTarget(), { suite: `${where}; \`npm run check:long nodes\`` })
}

/** @param {string} prefix @param {typeof total} counts */
function sum(prefix, { passed, failed, skipped }) {
  return `${prefix}${passed} passed, ${failed} failed, ${skipped} skipped`
}
