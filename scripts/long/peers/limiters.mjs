// Runs the tests of other limiters against a semaphore of ours: their class is replaced by ours in
// their terms.

import { execFile } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { root } from '../../steps.mjs'
import { Skip } from '../support/checks.mjs'
import { npmPackages } from '../support/install.mjs'
import { DIFFERENCES } from './limiters/differences.mjs'
import { PEERS } from './limiters/peers.mjs'
import { sourcesOf } from './sources.mjs'

const PACKAGES = {
  bottleneck: '2.19.5',
  tsx: '4.20.5',
  mocha: '10.8.2',
  '@sinonjs/fake-timers': '11.3.1',
  delay: '6.0.0',
  'p-defer': '4.0.1',
  'random-int': '3.1.0',
  'time-span': '5.1.0',
  'in-range': '3.0.0',
  eventemitter3: '5.0.4',
  'p-timeout': '7.0.1',
}
/** No measurement, only an end to waiting. */
const timeout = 240_000
const run = promisify(execFile)

/** @typedef {import('./reports.mjs').Outcome} Outcome */
/** @typedef {{ passed: number, byDesign: number, failed: number }} Sum */

/**
 * Makes a check of each test of each peer, and prints a sum for each peer. A difference by design
 * counts as skipped.
 * @param {import('../support/checks.mjs').Checks} checks
 * @param {string} word - in the names of the peers
 */
export async function checkLimiters(checks, word) {
  const names = Object.keys(PEERS).filter((name) => name.includes(word))
  if (names.length === 0) return
  const packages = await checks.check('limiters: packages', () => npmPackages('limiters', PACKAGES))
  for (const name of names) {
    const tested = await checks.check(
      `limiters: ${name}: runs`,
      (place) => outcomesOf(name, join(place, 'node_modules')),
      packages ?? false,
    )
    if (!Array.isArray(tested)) continue
    await checks.check(`limiters: ${name}: differences`, () => checkNames(name, tested))
    const sum = { passed: 0, byDesign: 0, failed: 0 }
    for (const outcome of tested)
      await checks.check(`limiters: ${name}: ${outcome.name}`, () => judge(name, outcome, sum))
    const { passed, byDesign, failed } = sum
    console.log(`${name}: ${passed} passed, ${failed} failed, ${byDesign} skipped`)
  }
}

/**
 * Throws unless the test passed, or fails as listed.
 * @param {string} peer
 * @param {Outcome} test
 * @param {Sum} sum
 */
function judge(peer, { name, passed, message }, sum) {
  const [reason] = DIFFERENCES[peer].find(([, names]) => names.some(isName(name))) ?? []
  const isListed = reason !== undefined
  sum[passed === isListed ? 'failed' : passed ? 'passed' : 'byDesign']++
  if (passed && isListed) throw new Error(`passes, and is listed as failing: ${reason}`)
  if (isListed) throw new Skip(`by design: ${reason}`)
  if (!passed) throw new Error(message)
}

/** Throws if no test has a listed name. @param {string} peer @param {Outcome[]} tests */
function checkNames(peer, tests) {
  const listed = DIFFERENCES[peer].flatMap(([, names]) => names)
  const unknown = listed.filter((one) => !tests.some(({ name }) => isName(name)(one)))
  if (unknown.length > 0) throw new Error(`no such test: ${unknown.join(', ')}`)
}

/** @param {string} name @returns {(listed: string | RegExp) => boolean} */
function isName(name) {
  return (listed) => (typeof listed === 'string' ? listed === name : listed.test(name))
}

/** @param {string} name @param {string} modules */
async function outcomesOf(name, modules) {
  const { source, replaced, by, commands, outcomes } = PEERS[name]
  const place = await sourcesOf(name, source, modules)
  asDefaultImports(join(place, 'test'))
  fs.rmSync(join(place, replaced), { force: true })
  for (const [ours, theirs] of Object.entries(by)) {
    const file = fileURLToPath(new URL(`limiters/${ours}`, import.meta.url))
    fs.copyFileSync(file, join(place, theirs))
  }
  const env = { ...process.env, PROCWARD: root }
  const options = { cwd: place, env, timeout, maxBuffer: 2 ** 26 }
  const all = commands.map(async (command) => {
    // A failed test makes the program fail, and is judged by the report.
    const { stdout } = await run(process.execPath, command, options).catch((error) => error)
    const tested = outcomes(stdout)
    if (tested.length === 0) throw new Error(`no test ran: ${stdout.slice(0, 300)}`)
    return tested
  })
  return (await Promise.all(all)).flat()
}

/**
 * Makes `assert` callable. Its namespace is callable for TypeScript's compiler only.
 * @param {string} tests - their folder
 */
function asDefaultImports(tests) {
  for (const name of fs.readdirSync(tests)) {
    const file = join(tests, name)
    if (!name.endsWith('.ts')) continue
    const text = fs.readFileSync(file, 'utf8')
    fs.writeFileSync(file, text.replace('import * as assert from', 'import assert from'))
  }
}
