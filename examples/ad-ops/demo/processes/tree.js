'use strict'

/**
 * Those of `processes` that stem from `root`, which itself is not one of them.
 * @template {{ pid: number, parent: number }} T @param {number} root @param {T[]} processes @returns {T[]}
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
 * How many of `processes` are calls by mcporter. What mcporter has just forked looks like mcporter too, until it runs its
 * own program, so a child of one doesn't count.
 * @param {{ pid: number, parent: number, isMcporter: boolean }[]} processes
 */
function countMcporter(processes) {
  const mcporter = new Set(processes.filter(({ isMcporter }) => isMcporter).map(({ pid }) => pid))
  return processes.filter(({ isMcporter, parent }) => isMcporter && !mcporter.has(parent)).length
}

/** In a command line: mcporter's own script, or the one that procward runs it by. */
const MCPORTER = /[\\/]mcporter[\\/](dist[\\/]cli\.js|launcher\.mjs)\b/

module.exports = { MCPORTER, below, countMcporter }
