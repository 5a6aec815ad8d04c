// A control group (v2) that belongs to a server and to nobody else, as in a container: the root of
// its own view.

import { execFileSync, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { requireNamespace } from './namespace.mjs'

/**
 * In the group: sees nothing above it. `$0` is where to mount what it sees, the rest is the
 * command.
 */
const SEE = 'mount -t cgroup2 none "$0" && exec "$@"'
/**
 * Enters the group. `$0` is the script for what comes then, `$1` the group, the rest is for that
 * script.
 */
const ENTER = 'echo 0 > "$1/cgroup.procs" && shift && exec unshare --cgroup --mount sh -c "$0" "$@"'

export class Cgroup {
  #mount = mkdtempSync(join(tmpdir(), 'procward-faults-'))
  #view = mkdtempSync(join(tmpdir(), 'procward-faults-'))
  #folder = join(this.#mount, `procward-faults-${randomUUID()}`)
  /** To be put before a command. @type {string[]} */
  enter = ['sh', '-c', ENTER, SEE, this.#folder, this.#view]

  /** Throws where that can't be done. Only this mount namespace sees what is mounted. */
  constructor() {
    requireNamespace()
    execFileSync('mount', ['-t', 'cgroup2', 'none', this.#mount], { stdio: 'pipe' })
    mkdirSync(this.#folder)
    const { status, stderr } = spawnSync(this.enter[0], [...this.enter.slice(1), 'true'], {
      encoding: 'utf8',
    })
    if (status === 0) return
    this.remove()
    throw new Error(stderr.trim() || 'a command cannot be started in there')
  }

  /** The groups in it, each with the pids of its processes. */
  trees() {
    const folders = readdirSync(this.#folder, { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    )
    return folders.map(({ name }) => ({ name, pids: this.#pids(name) }))
  }

  /** Removes it, with empty groups in it. */
  remove() {
    for (const { name } of this.trees()) rmdirSync(join(this.#folder, name))
    rmdirSync(this.#folder)
    execFileSync('umount', [this.#mount])
    rmdirSync(this.#mount)
    rmdirSync(this.#view)
  }

  /** @param {string} name */
  #pids(name) {
    try {
      return readFileSync(join(this.#folder, name, 'cgroup.procs'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map(Number)
    } catch {
      return []
    }
  }
}

/** One, or why there can be none here. @returns {Cgroup | string} */
export function cgroupOfOnesOwn() {
  try {
    return new Cgroup()
  } catch (error) {
    return `a control group (v2) cannot be made here: ${/** @type {Error} */ (error).message.trim().split('\n').at(-1)}`
  }
}
