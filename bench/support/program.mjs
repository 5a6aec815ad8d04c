// A measurement in a process of its own, whose memory and processes are then its own too.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { namespace } from '../../faults/support/namespace.mjs'

/** Why a PID namespace of its own cannot be had here, if so. @type {string | undefined} */
export const noNamespace = namespace.missing

/**
 * Runs `programs/NAME.mjs` and resolves with the JSON that it prints; in a PID namespace of its own
 * no process outlives it.
 * @param {string} name
 * @param {unknown} options the program's argument, as JSON
 * @param {{ isolated?: boolean }} [where]
 */
export async function program(name, options, { isolated = false } = {}) {
  const file = fileURLToPath(new URL(`../programs/${name}.mjs`, import.meta.url))
  const way = isolated ? namespace.way : []
  const [command, ...args] = [
    ...way,
    process.execPath,
    '--expose-gc',
    file,
    JSON.stringify(options),
  ]
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  process.off('exit', kill)
  if (code !== 0) throw new Error(`${name} failed with exit code ${code}`)
  return JSON.parse(printed)
}

/** The program's side: its options. @returns {any} */
export function programOptions() {
  return JSON.parse(process.argv[2])
}
