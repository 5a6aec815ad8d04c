// The workload, in a server of its own inside the control group.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const SERVER = fileURLToPath(new URL('./server.mjs', import.meta.url))

/**
 * @typedef {{ done: number, killed: number, failed: number, most: number, seconds: number }} Result
 */

/**
 * Runs the workload.
 * @param {string} mode - a number of slots, or `auto`
 * @param {{ procs: string }} group
 * @param {string} hog
 * @returns {Promise<Result>}
 */
export async function workload(mode, group, hog) {
  const script = 'echo $$ > "$0" && exec "$@"'
  const child = spawn('sh', ['-c', script, group.procs, process.execPath, SERVER, mode, hog], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text))
  const [code, signal] = await new Promise((resolve) =>
    child.once('close', (...how) => resolve(how)),
  )
  if (code !== 0) throw new Error(`the server ended with ${code ?? signal}: ${output}`)
  return JSON.parse(output)
}
