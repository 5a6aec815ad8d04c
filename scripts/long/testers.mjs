// Waits in a queue under the fake timers of Jest and Vitest, with each of their settings. `node
// scripts/long/testers.mjs WORD` runs only the cases whose names hold the word. The addon has to be
// built.

import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Checks } from './support/checks.mjs'
import { npmPackages } from './support/install.mjs'
import { casesOf } from './testers/cases.mjs'

const VERSIONS = { jest: '30.5.2', vitest: '5.1.2' }
/** No measurement, only an end to waiting. */
const timeout = 900_000
const run = promisify(execFile)
/** The file to start, and the arguments that make the tester write a report and end. */
const COMMANDS = {
  jest: (/** @type {string} */ report) => [
    ['jest', 'bin', 'jest.js'],
    ['--json', `--outputFile=${report}`, '--testMatch=**/*.test.cjs'],
  ],
  vitest: (/** @type {string} */ report) => [
    ['vitest', 'vitest.mjs'],
    ['run', '--reporter=json', `--outputFile=${report}`],
  ],
}

const word = process.argv[2] ?? ''
const checks = new Checks()
const place = (await checks.check('packages', () => npmPackages('testers', VERSIONS))) ?? false
for (const tester of /** @type {const} */ (['jest', 'vitest'])) {
  const cases = casesOf(tester).filter(({ name }) => name.includes(word))
  const report = await checks.check(`${tester}: runs`, () => reportOf(tester, cases), place)
  for (const { name, file } of cases)
    await checks.check(name, () => outcomeOf(report, file), report ?? false)
}
checks.finish()

/**
 * Runs a tester on its cases; returns its report. A failed test is no error here.
 * @param {'jest' | 'vitest'} tester
 * @param {import('./testers/cases.mjs').Case[]} cases
 */
async function reportOf(tester, cases) {
  const folder = join(String(place), 'cases', tester)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  for (const { file, text } of cases) writeFileSync(join(folder, file), text)
  const report = join(folder, 'report.json')
  const [program, args] = COMMANDS[tester](report)
  const path = join(String(place), 'node_modules', ...program)
  try {
    await run(process.execPath, [path, ...args], { cwd: folder, timeout, maxBuffer: 2 ** 26 })
  } catch (error) {
    if (error.code !== 1) throw error
  }
  return JSON.parse(readFileSync(report, 'utf8'))
}

/**
 * Counts the passed tests of a case; throws with the failed ones.
 * @param {any} report
 * @param {string} file
 */
function outcomeOf(report, file) {
  const found = report.testResults.find((/** @type {any} */ { name }) => name.endsWith(`/${file}`))
  const tests = found?.assertionResults ?? []
  const failed = tests.filter((/** @type {any} */ { status }) => status !== 'passed')
  if (tests.length === 0) throw new Error(`no test ran: ${found?.message ?? 'no such file'}`)
  if (failed.length > 0) throw new Error(failed.map(inWords).join('; '))
  return `${tests.length} tests`
}

/** @param {any} test */
function inWords({ fullName, status, failureMessages = [] }) {
  return `${fullName}: ${status}: ${String(failureMessages[0]).split('\n')[0].slice(0, 200)}`
}
