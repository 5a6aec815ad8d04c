// Runs commands whose output is worth a look only when they fail.

import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../steps.mjs'

/** Where everything stays, so that a second time is fast. */
export const folder = join(root, 'target', 'platforms')
const LAST_LINES = 40

/**
 * Runs a command with its output in a file of this name, and gives that.
 * @param {string} name
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, timeout?: number, mayFail?: boolean }} [options]
 */
export function command(
  name,
  command,
  args,
  { env = process.env, cwd = root, timeout, mayFail = false } = {},
) {
  mkdirSync(join(folder, 'logs'), { recursive: true })
  const log = join(folder, 'logs', `${name}.log`)
  const output = openSync(log, 'w')
  // A file, because Node.js under wine cannot write to pipes of Linux.
  const stdio = /** @type {const} */ (['ignore', output, output])
  const { status, signal, error } = spawnSync(command, args, {
    cwd,
    env,
    stdio,
    timeout,
    killSignal: 'SIGKILL',
  })
  closeSync(output)
  const text = readFileSync(log, 'utf8')
  if (status === 0 || (mayFail && status !== null)) return text
  console.error(text.trimEnd().split('\n').slice(-LAST_LINES).join('\n'))
  throw new Error(
    `${command} ${error?.message ?? signal ?? `exited with ${status}`}; its output is in ${log}`,
  )
}
