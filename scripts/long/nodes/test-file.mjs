// A test file on a chosen Node.js, in a process group of its own, with an end to waiting.

import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { root } from '../../steps.mjs'
import { readReport } from '../support/tap.mjs'

/** @typedef {{ passed: number, failed: number, skipped: number, names: string[] }} Outcome */

/**
 * Runs a test file; returns its counts and the names of its failed tests. A file that has
 * not ended when the signal is aborted is killed with its process group, and counts as a failure.
 * @param {string} file
 * @param {{ program?: string, env?: NodeJS.ProcessEnv, folder: string, signal: AbortSignal }}
 *   options - the program of Node.js, and the folder that gets `NAME.tap` and `NAME.log`
 * @returns {Promise<Outcome>}
 */
export async function runTestFile(file, { program = process.execPath, env, folder, signal }) {
  const name = basename(file, '.test.mjs')
  const report = join(folder, `${name}.tap`)
  const code = await finished(
    [program, '--test', '--test-reporter=tap', `--test-reporter-destination=${report}`, file],
    { env, log: join(folder, `${name}.log`), signal },
  )
  const outcome = readReport(existsSync(report) ? readFileSync(report, 'utf8') : '')
  if (signal.aborted) return { ...outcome, failed: 1, names: [`${name} did not end in time`] }
  if (code !== 0 && outcome.failed === 0)
    return { ...outcome, failed: 1, names: [`the report is green and the exit code ${code}`] }
  return outcome
}

/**
 * Runs a command with its output in a file; returns the exit code.
 * @param {string[]} command
 * @param {{ env?: NodeJS.ProcessEnv, log: string, signal: AbortSignal }} options
 */
async function finished([program, ...args], { env, log, signal }) {
  const output = openSync(log, 'w')
  const child = spawn(program, args, {
    cwd: root,
    env,
    stdio: ['ignore', output, output],
    detached: process.platform !== 'win32',
  })
  closeSync(output)
  const onAbort = () => kill(child)
  signal.addEventListener('abort', onAbort)
  try {
    return await new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject))
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/**
 * Kills a child with its process group.
 * @param {import('node:child_process').ChildProcess} child
 */
function kill(child) {
  if (child.pid === undefined) return
  if (process.platform === 'win32') child.kill('SIGKILL')
  else process.kill(-child.pid, 'SIGKILL')
}
