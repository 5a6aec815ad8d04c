'use strict'

/**
 * Those of `processes` that stem from `root`, which itself is not one of them.
 * @template {{ pid: number, parent: number }} T
 * @param {number} root
 * @param {T[]} processes
 * @returns {T[]}
 */
function below(root, processes) {
  const children = new Map()
  for (const process of processes) {
    if (children.has(process.parent)) children.get(process.parent).push(process)
    else children.set(process.parent, [process])
  }
  const found = []
  for (let level = [root]; level.length > 0; ) {
    const next = level.flatMap((pid) => children.get(pid) ?? [])
    // Pid 0 is its own parent on some systems.
    const fresh = next.filter((process) => process.pid !== process.parent)
    found.push(...fresh)
    level = fresh.map(({ pid }) => pid)
  }
  return found
}

/**
 * How many of `processes` are calls by mcporter. What mcporter has just forked looks like mcporter
 * too, until it runs its own program, so a child of one doesn't count.
 * @param {{ pid: number, parent: number, isMcporter: boolean }[]} processes
 */
function countMcporter(processes) {
  const mcporter = new Set(processes.filter(({ isMcporter }) => isMcporter).map(({ pid }) => pid))
  return processes.filter(({ isMcporter, parent }) => isMcporter && !mcporter.has(parent)).length
}

/**
 * A server's copy between fork and exec is its child.
 * @param {{ pid: number, parent: number, isServer: boolean }[]} processes
 */
function countServers(processes) {
  const servers = new Set(processes.filter(({ isServer }) => isServer).map(({ pid }) => pid))
  return processes.filter(({ isServer, parent }) => isServer && !servers.has(parent)).length
}

/**
 * These processes, what they stem from, and what stems from them.
 * @template {{ pid: number, parent: number }} T
 * @param {Set<number>} pids
 * @param {T[]} processes
 * @returns {Set<number>}
 */
function family(pids, processes) {
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]))
  const all = new Set()
  for (let pid of pids) {
    for (const { pid: descendant } of below(pid, processes)) all.add(descendant)
    for (; parents.has(pid) && !all.has(pid); pid = parents.get(pid)) all.add(pid)
  }
  return all
}

/** In a command line: one of the protocol's own servers, which are all that the demo uses. */
const SERVER = /[\\/]@modelcontextprotocol[\\/]server-/

/** In a command line: mcporter's own script, or the one that procward runs it by. */
const MCPORTER = /[\\/]mcporter[\\/](dist[\\/]cli\.js|launcher\.mjs)\b/

module.exports = { MCPORTER, SERVER, below, countMcporter, countServers, family }
