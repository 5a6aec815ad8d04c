import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const cwd = fileURLToPath(new URL('../..', import.meta.url))
/** No measurement, only an end to waiting: a program that hangs is killed. */
const timeout = 120_000

/**
 * How a program in a Node.js process of its own ended, and what it wrote. It finds the package by
 * name, as its users do.
 * @param {string} program
 * @param {{ args?: string[], wrapper?: string[] }} [options]
 *   `wrapper` is a command that runs it, with its arguments
 * @returns {Promise<{ code: number | null, signal: string | null, stdout: string, stderr: string
 *   }>}
 */
export function outcomeOf(program, { args = [], wrapper = [] } = {}) {
  const [command, ...rest] = [
    ...wrapper,
    process.execPath,
    ...args,
    '--input-type=module',
    '--eval',
    program,
  ]
  return new Promise((resolve) => {
    execFile(command, rest, { cwd, timeout, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      const { code = 0, signal = null } = error ?? {}
      resolve({ code, signal, stdout: stdout.trim(), stderr })
    })
  })
}
