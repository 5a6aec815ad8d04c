// The calls by a mcporter: its own commands `list` and `call`, all in one process with one session,
// and single calls by its command line.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { documents } from '../../../../lib/mcporter/documents.js'

const program = fileURLToPath(new URL('mcporter-program.mjs', import.meta.url))
/** No measurement, only an end to waiting. */
const timeout = 600_000
const most = 256 * 1024 * 1024
const CALL = ['--output', 'json', '--timeout', '300000']

/** @typedef {import('../../support/mcporters.mjs').Mcporter} Mcporter */
/** @typedef {{ printed: string, exitCode: number }} Printed */

/** @param {[string, object]} call */
const argv = ([tool, args]) => [
  '--server',
  'it',
  '--tool',
  tool,
  '--args',
  JSON.stringify(args),
  ...CALL,
]

/**
 * The tools of the server and what came of each call.
 * @param {Mcporter} mcporter
 * @param {string} configPath
 * @param {[string, object][]} calls
 */
export async function mcporter({ node, folder }, configPath, calls) {
  const job = { configPath, list: ['it', '--json', '--timeout', '300000'], calls: calls.map(argv) }
  const { list, outcomes } = JSON.parse(
    await output(node, [program, folder, JSON.stringify(job)], 3),
  )
  const { tools } = found(list)
  return {
    tools: tools.map((/** @type {any} */ { options, ...tool }) => tool),
    outcomes: outcomes.map(toOutcome),
  }
}

/**
 * What came of one call by the command line.
 * @param {Mcporter} mcporter
 * @param {string} configPath
 * @param {[string, object]} call
 */
export async function commandLine({ node, folder }, configPath, call) {
  const args = [join(folder, 'dist', 'cli.js'), '--config', configPath, 'call', ...argv(call)]
  const printed = await output(node, args, 1)
  return toOutcome({ printed, exitCode: 0 })
}

/** @param {Printed} printed @returns {import('../compare.mjs').Outcome} */
function toOutcome(printed) {
  const value = found(printed)
  if (value?.server === 'it' && typeof value.error === 'string') return { failed: value.error }
  return printed.exitCode === 0 ? { value } : { value, isError: true }
}

/** The last JSON that was printed. @param {Printed} printed @returns {any} */
function found({ printed }) {
  const last = documents(printed).at(-1)
  if (last === undefined) throw new Error(`mcporter printed no JSON: ${printed.slice(0, 300)}`)
  return last.value
}

/**
 * What a program wrote to this descriptor.
 * @param {string} node
 * @param {string[]} args
 * @param {1 | 3} descriptor
 * @returns {Promise<string>}
 */
function output(node, args, descriptor) {
  const env = { ...process.env, MCPORTER_DISABLE_KEEPALIVE: '*', MCPORTER_LOG_LEVEL: 'error' }
  return new Promise((resolve, reject) => {
    const child = execFile(
      node,
      args,
      { env, timeout, maxBuffer: most },
      (error, stdout, stderr) => {
        // A tool error is an exit code of mcporter's, too.
        const start = stdout.lastIndexOf(START)
        if (descriptor === 1) resolve(stdout)
        else if (start === -1)
          reject(new Error(`${error?.message ?? 'it told nothing'}\n${stderr.slice(-2000)}`))
        else resolve(stdout.slice(start + START.length))
      },
    )
    child.stdin?.end()
  })
}

/** Begins what the program tells, after what else was printed. */
export const START = '\n\u0001told\u0001'
