// Forces the kernel to give a process a certain pid. Possible in a PID namespace of one's own, and
// only there harmless.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { requireNamespace } from './namespace.mjs'
import { read, until } from './processes.mjs'

const LAST_PID = '/proc/sys/kernel/ns_last_pid'
/** Others start processes and threads too, and get the number that was meant for us. */
const ATTEMPTS = 200

/** Why that can't be done here, or `undefined`. */
export function cannotReuse() {
  try {
    writeFileSync(LAST_PID, String(process.pid))
  } catch (error) {
    return `${LAST_PID} cannot be written here (${/** @type {NodeJS.ErrnoException} */ (error).code})`
  }
}

/**
 * Starts an innocent process with a pid that another had.
 * @param {number} pid
 * @param {string} command
 * @param {string[]} args
 */
export async function startWithPid(pid, command, args) {
  requireNamespace()
  if (!(await until(() => !read(pid)))) throw new Error(`pid ${pid} is still taken`)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    writeFileSync(LAST_PID, String(pid - 1))
    const child = spawn(command, args, { stdio: 'ignore' })
    if (child.pid === pid) {
      const innocent = read(pid)
      if (innocent) return innocent
    }
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  throw new Error(`pid ${pid} could not be had in ${ATTEMPTS} attempts`)
}
