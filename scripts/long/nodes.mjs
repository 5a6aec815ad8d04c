// Runs the JavaScript tests on other Node.js versions, from npm's packages of them. `node
// scripts/long/nodes.mjs --versions 22,24 --files semaphore,run` runs the files whose names hold
// one of the words. The addon has to be built.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { all, runTestFiles } from '../suite.mjs'
import { Skip } from './support/checks.mjs'
import { folder, nodeProgram } from './support/install.mjs'
import { readReport } from './support/tap.mjs'

const { values } = parseArgs({
  options: {
    versions: { type: 'string', default: '20,22,24,26' },
    files: { type: 'string', default: '' },
  },
})
const words = values.files.split(',')
const names = all.filter((name) => words.some((word) => name.includes(word)))
const total = { passed: 0, failed: 0, skipped: 0 }
for (const version of values.versions.split(',')) {
  const counts = await tested(version)
  for (const what of Object.keys(total)) total[what] += counts[what]
  console.log(sum(`${version}: `, counts))
}
console.log(sum('', total))
if (total.failed > 0) process.exitCode = 1

/** Runs the files on this version of Node.js; returns the counts. @param {string} version */
async function tested(version) {
  try {
    const program = await nodeProgram(version)
    const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
    if (!stdout?.startsWith(`v${version}`)) throw new Skip(`no Node.js ${version} runs here`)
    console.log(`\n# Node.js ${stdout.trim()}`)
    return runOn(program, version)
  } catch (error) {
    if (!(error instanceof Skip)) throw error
    console.log(`\n# Node.js ${version}\nskipped: ${error.message}`)
    return { passed: 0, failed: 0, skipped: names.length }
  }
}

/** @param {string} program @param {string} version */
function runOn(program, version) {
  const reports = join(folder, 'nodes', version)
  rmSync(reports, { recursive: true, force: true })
  mkdirSync(reports, { recursive: true })
  // Commands that tests start by name find this version first.
  const env = { ...process.env, PATH: `${dirname(program)}${delimiter}${process.env.PATH}` }
  runTestFiles(names, { program, env, reports, reporter: 'dot' })
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const file of readdirSync(reports)) {
    const { passed, failed, skipped, names } = readReport(readFileSync(join(reports, file), 'utf8'))
    console.log(names.map((name) => `failed: ${name}`).join('\n'))
    counts.passed += passed
    counts.failed += failed
    counts.skipped += skipped
  }
  return counts
}

/** @param {string} prefix @param {typeof total} counts */
function sum(prefix, { passed, failed, skipped }) {
  return `${prefix}${passed} passed, ${failed} failed, ${skipped} skipped`
}
