// Processes as the kernel shows them: by pid and start time, so that no other process can pass for
// one.

import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { requireNamespace } from './namespace.mjs'

/**
 * @typedef {{ pid: number, parent: number, group: number, state: string, started: string, id:
 *   string }} Process
 */

/** @param {number | string} pid @returns {Process | undefined} */
export function read(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, parent, group, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const started = rest[16]
    return {
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      state,
      started,
      id: `${pid}@${started}`,
    }
  } catch {
    return undefined
  }
}

/** All processes, zombies included. */
export function all() {
  return readdirSync('/proc')
    .filter(Number)
    .map(read)
    .filter((process) => process !== undefined)
}

/** All that still run. A zombie does not: it only waits for its parent. */
export function living() {
  return all().filter(({ state }) => isRunning(state))
}

/** Those of these that still run. @param {Process[]} processes */
export function alive(processes) {
  return processes.filter(({ pid, id }) => {
    const now = read(pid)
    return now?.id === id && isRunning(now.state)
  })
}

/** Those that run below one of these pids. @param {Process[]} processes @param {number[]} roots */
export function below(processes, roots) {
  const found = []
  for (let parents = roots; parents.length > 0; ) {
    const children = processes.filter(({ parent }) => parents.includes(parent))
    found.push(...children)
    parents = children.map(({ pid }) => pid)
  }
  return found
}

/** Those that run and were not there before. @param {Process[]} before */
export function since(before) {
  const known = new Set(before.map(({ id }) => id))
  return living().filter(({ id }) => !known.has(id))
}

/**
 * Looks again and again; tells whether it came true.
 * @param {() => unknown} condition
 * @param {number} limit in ms
 */
export async function until(condition, limit = 20_000) {
  const end = performance.now() + limit
  while (!(await condition())) {
    if (performance.now() > end) return false
    await sleep(2)
  }
  return true
}

/**
 * Waits until none of these runs any more; in ms, `Infinity` when some stay.
 * @param {Process[]} processes
 * @param {number} limit in ms
 */
export async function timeToZero(processes, limit = 20_000) {
  const begin = performance.now()
  let left = processes
  // Only the first is looked at each time: looking at all would keep the processors from what is
  // measured.
  const gone = await until(() => {
    while (left.length > 0 && alive([left[0]]).length === 0) left = left.slice(1)
    return left.length === 0
  }, limit)
  return gone ? performance.now() - begin : Infinity
}

/** Ends what a scenario has left behind on purpose. @param {Process[]} processes */
export async function dispose(processes) {
  requireNamespace()
  for (const { pid } of alive(processes)) signal(pid, 'SIGKILL')
  await timeToZero(processes)
}

/**
 * Sends a signal; one that has gone by itself is no error.
 * @param {number} pid
 * @param {NodeJS.Signals} name
 */
export function signal(pid, name) {
  requireNamespace()
  try {
    process.kill(pid, name)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error
  }
}

/**
 * The text of a process's file, empty when it has gone.
 * @param {number} pid
 * @param {string} file
 */
export function facts(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/** @param {string} state */
function isRunning(state) {
  return state !== 'Z' && state !== 'X'
}
