// A control group with a limit on memory, of either version.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Skip } from '../support/checks.mjs'

const ROOT = '/sys/fs/cgroup'

/**
 * Makes the group.
 * @param {number} bytes
 */
export function group(bytes) {
  const folder = join(parent(), `procward-long-${process.pid}`)
  try {
    mkdirSync(folder)
  } catch (error) {
    throw new Skip(`no control group can be made: ${error.code}`)
  }
  const limit = existsSync(join(folder, 'memory.max')) ? 'memory.max' : 'memory.limit_in_bytes'
  writeFileSync(join(folder, limit), String(bytes))
  for (const [file, value] of [
    ['memory.swap.max', '0'],
    ['memory.memsw.limit_in_bytes', String(bytes)],
  ]) {
    // Not every kernel counts swap.
    if (existsSync(join(folder, file))) writeFileSync(join(folder, file), value)
  }
  return { procs: join(folder, 'cgroup.procs'), remove: () => rmdirSync(folder) }
}

/** Returns the folder in which groups with a limit on memory can be made. */
function parent() {
  if (existsSync(join(ROOT, 'memory', 'memory.limit_in_bytes'))) return join(ROOT, 'memory')
  const divided = join(ROOT, 'cgroup.subtree_control')
  if (existsSync(divided) && readFileSync(divided, 'utf8').split(/\s/).includes('memory'))
    return ROOT
  throw new Skip('needs control groups that limit memory')
}
