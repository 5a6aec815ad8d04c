// The program of a conformance suite: its list of scenarios, and the run of one of them.

import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const CLIENT = join(import.meta.dirname, 'client.mjs')
/** The suite waits this long for its client, in ms; no measurement, only an end to waiting. */
const PATIENCE = '60000'
const VERSION = /^\d{4}-\d\d-\d\d$/
const run = promisify(execFile)

/**
 * @typedef {{ node: string, file: string }} Suite - the program that runs a suite, and its file
 * @typedef {'counted' | 'oauth' | 'extension'} Kind
 * @typedef {{ name: string, version?: string, kind: Kind }} Scenario
 *   - `version`: of the protocol, where the scenario has several
 * @typedef {{ name: string, status: string, message?: string }} Check
 * @typedef {Scenario & { checks: Check[], words: string }} Outcome
 */

/** Lists the scenarios for clients, once for each version. @param {Suite} suite */
export async function scenariosOf({ node, file }) {
  const { stdout } = await run(node, [file, 'list'])
  const section = /^Client scenarios.*\n((?:\s*- .*\n)*)/m.exec(stdout)?.[1] ?? ''
  const scenarios = [...section.matchAll(/- (\S+) \[(.*)\]/g)].flatMap(([, name, list]) =>
    list.split(',').map((version) => scenario(name, version)),
  )
  if (scenarios.length === 0) throw new Error('the suite lists no scenarios for clients')
  return scenarios
}

/** @param {string} name @param {string} version @returns {Scenario} */
function scenario(name, version) {
  const kind = name.startsWith('auth/')
    ? 'oauth'
    : version === 'extension'
      ? 'extension'
      : 'counted'
  return { name, kind, ...(VERSION.test(version) && { version }) }
}

/**
 * Runs a scenario; returns its checks.
 * @param {Suite} suite
 * @param {Scenario} scenario
 * @param {string} place
 * @returns {Promise<Outcome>}
 */
export async function runScenario({ node, file }, scenario, place) {
  const output = mkdtempSync(join(place, 'run-'))
  const { name, version } = scenario
  const command = `${process.execPath} ${CLIENT}`
  const args = ['client', '--command', command, '--scenario', name, '--timeout', PATIENCE]
  if (version !== undefined) args.push('--spec-version', version)
  const { stdout, stderr } = await run(node, [file, ...args, '-o', output], {
    maxBuffer: 2 ** 26,
  }).catch((error) => error)
  return { ...scenario, checks: checksIn(output), words: `${stdout}\n${stderr}`.trim() }
}

/** @param {string} output @returns {Check[]} */
function checksIn(output) {
  const found = readdirSync(output, { recursive: true, encoding: 'utf8' })
  const reports = found.filter((path) => path.endsWith('checks.json'))
  return reports.flatMap((path) =>
    JSON.parse(readFileSync(join(output, path), 'utf8')).map(
      (/** @type {any} */ { name, status, errorMessage }) => ({
        name,
        status,
        message: errorMessage,
      }),
    ),
  )
}
