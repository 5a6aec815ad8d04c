// Runs the tests of packages that start child processes, with `procward/register` and without: the
// same tests have to pass. Each run is below a warden, so that nothing of the tests is left.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../../../index.js'
import { folder, nodeProgram, npmPackages } from '../support/install.mjs'
import { sourcesOf } from './sources.mjs'
import { compared, merged } from './starters/compare.mjs'
import { PEERS } from './starters/peers.mjs'

/** No measurement, only an end to waiting. */
const timeout = 3_600_000
const GUARD = fileURLToPath(new URL('starters/everywhere.cjs', import.meta.url))
const reports = join(folder, 'peers')

/** @typedef {import('./reports.mjs').Outcome} Outcome */
/** @typedef {{ name: string, place: string, program: string }} Prepared */

/**
 * Compares the runs of each package, and prints a sum for each. A test that fails without the flag
 * too, or by design with the flag, counts as skipped.
 * @param {import('../support/checks.mjs').Checks} checks
 * @param {string} word - in the names of the packages
 */
export async function checkStarters(checks, word) {
  for (const name of Object.keys(PEERS).filter((one) => one.includes(word))) {
    const prepared = (await checks.check(`${name}: sources`, () => prepare(name))) ?? false
    const sum = { passed: 0, failed: 1, skipped: 0 }
    await checks.check(name, (ready) => compareRuns(ready, sum), prepared)
    if (prepared)
      console.log(`${name}: ${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
  }
}

/** @param {string} name @returns {Promise<Prepared>} */
async function prepare(name) {
  const { source, packages, node, edits = [] } = PEERS[name]
  const program = node === undefined ? process.execPath : await nodeProgram(node)
  const modules = join(await npmPackages(name, packages), 'node_modules')
  const place = await sourcesOf(name, source, modules)
  for (const [path, text, replacement] of edits) {
    const file = join(place, path)
    writeFileSync(file, readFileSync(file, 'utf8').replace(text, replacement))
  }
  return { name, place, program }
}

/**
 * Throws unless the same tests pass in both runs. Tests that differ run once more, because tests
 * are late on a busy machine.
 * @param {Prepared} prepared
 * @param {{ passed: number, failed: number, skipped: number }} sum
 */
async function compareRuns(prepared, sum) {
  const { files = [], fileOf, byDesign = [] } = PEERS[prepared.name]
  mkdirSync(reports, { recursive: true })
  rmSync(reportOf(prepared.name, 'counts'), { force: true })
  let without = await outcomesOf(prepared, 'without', files)
  let guarded = await outcomesOf(prepared, 'guarded', files)
  let found = compared(without, guarded, byDesign)
  const differing = [...found.onlyWithout, ...found.onlyWith]
  if (differing.length > 0) {
    const again = fileOf === undefined ? files : [...new Set(differing.map(fileOf))]
    without = merged(without, await outcomesOf(prepared, 'without-again', again))
    guarded = merged(guarded, await outcomesOf(prepared, 'guarded-again', again))
    found = compared(without, guarded, byDesign)
  }
  const { both, onlyWithout, onlyWith, neither, designed } = found
  const skipped = onlyWith.length + neither.length + designed.length
  Object.assign(sum, { passed: both.length, failed: onlyWithout.length, skipped })
  for (const name of [...onlyWith, ...neither]) console.log(`  fails without the flag: ${name}`)
  for (const [name, reason] of designed) console.log(`  by design: ${name}: ${reason}`)
  if (both.length === 0) throw new Error('no test passed')
  if (onlyWithout.length > 0) throw new Error(`fail with the flag only: ${onlyWithout.join('; ')}`)
  const counts = countsOf(prepared.name)
  if (counts.guarded === 0) throw new Error('no child of the tests was guarded')
  return `${both.length} tests; ${counts.guarded} children guarded, ${counts.unguarded} not`
}

/**
 * Runs tests; returns what became of each.
 * @param {Prepared} prepared
 * @param {'without' | 'guarded' | 'without-again' | 'guarded-again'} kind
 * @param {string[]} files
 * @returns {Promise<Outcome[]>}
 */
async function outcomesOf({ name, place, program }, kind, files) {
  const { command, outcomes } = PEERS[name]
  // The tests start commands by name too, and must find this Node.js first.
  const PATH = `${dirname(program)}${delimiter}${process.env.PATH}`
  const guard = {
    NODE_OPTIONS: `--require=${JSON.stringify(GUARD)}`,
    PROCWARD_PEERS_COUNTS: reportOf(name, 'counts'),
  }
  const { stdout, stderr, timedOut } = await run(program, [...command, ...files], {
    ...{ cwd: place, timeout, maxBuffer: Infinity, reject: false },
    env: kind.startsWith('guarded') ? { PATH, ...guard } : { PATH, NODE_OPTIONS: undefined },
  })
  writeFileSync(reportOf(name, kind), `${stdout}\n${stderr}`)
  if (timedOut) throw new Error(`${kind}: the tests did not end in ${timeout / 60_000} minutes`)
  return outcomes(stdout, files)
}

/**
 * Sums what the processes of the guarded runs counted.
 * @param {string} name
 */
function countsOf(name) {
  const sum = { guarded: 0, unguarded: 0 }
  for (const line of readFileSync(reportOf(name, 'counts'), 'utf8').trim().split('\n')) {
    const { guarded, unguarded } = JSON.parse(line)
    sum.guarded += guarded
    sum.unguarded += Object.values(unguarded).reduce((all, one) => all + one, 0)
  }
  return sum
}

/** @param {string} name @param {string} kind */
function reportOf(name, kind) {
  return join(reports, `${name}.${kind}.txt`)
}
