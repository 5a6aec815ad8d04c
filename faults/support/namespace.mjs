// A PID namespace of one's own: nobody else can be hit in there, and nothing outlives it.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const MARK = 'procward-faults'
/** Pid 1 waits for orphans, which a Node.js process there would not do. */
const INIT = ['sh', '-c', '"$@"; exit $?', MARK]
const USERS = [[], ['--user', '--map-root-user']]

/** How to start a command in there, or why that can't be done here. */
export const namespace = find()

function find() {
  if (process.platform !== 'linux') return { missing: 'needs Linux' }
  const ways = USERS.map((user) => [
    'unshare',
    ...user,
    '--pid',
    '--fork',
    '--mount-proc',
    '--kill-child',
  ])
  const way = ways.find(([command, ...args]) => spawnSync(command, [...args, 'true']).status === 0)
  if (!way)
    return {
      missing:
        'needs a PID namespace of its own, which this system lets nobody make (unshare --pid)',
    }
  return { way: [...way, ...INIT] }
}

/** For whatever may only be done where it can hit nobody else. */
export function requireNamespace() {
  if (readFileSync('/proc/1/cmdline', 'utf8').split('\0').includes(MARK)) return
  throw new Error(
    'This would hit processes of others: it is only done in a PID namespace of its own',
  )
}
