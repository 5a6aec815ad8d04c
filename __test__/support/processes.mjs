// What is left of the processes that a test started.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { getActiveProcesses } from '../../index.js'

/** Why the process list can't be read here, or `false`: for a test's `skip`. */
export const noProcessList = process.platform === 'linux' ? false : 'needs /proc'

/**
 * For `afterEach`: nothing is listed any more, and nothing lives. What does is killed, so that no
 * test leaves it behind.
 */
export function assertNothingLeft() {
  const active = getActiveProcesses()
  const left = noProcessList ? [] : processesOfThisTest()
  for (const { pid } of left) kill(pid)
  assert.deepEqual({ active, left }, { active: [], left: [] })
}

const PAUSE = 10
const PAUSES = 1000

/**
 * The same, for children whose exit is known before that of their wardens: waits until no process
 * of the test lives.
 */
export async function nothingLeft() {
  for (let pause = 0; pause < PAUSES && !noProcessList; pause++) {
    if (getActiveProcesses().length === 0 && processesOfThisTest().length === 0) break
    await sleep(PAUSE)
  }
  assertNothingLeft()
}

/**
 * Returns the processes below this one, unreaped children included, and those that carry its tag.
 */
export function processesOfThisTest() {
  const all = readdirSync('/proc').filter(Number).map(read).filter(Boolean)
  const ours = all.filter(({ pid, state }) => isLive(state) && ownerOf(pid) === process.pid)
  for (let parents = [{ pid: process.pid }]; parents.length > 0; ) {
    parents = all.filter(({ parent }) => parents.some(({ pid }) => pid === parent))
    ours.push(
      ...parents.filter(
        ({ pid, parent, state }) => isNew(pid) && (isLive(state) || parent === process.pid),
      ),
    )
  }
  return ours

  function isNew(pid) {
    return !ours.some((one) => one.pid === pid)
  }
}

/** The same without procward's wardens, of which each tree has one. */
export function commandsOfThisTest() {
  return processesOfThisTest().filter(({ name }) => name !== 'procward-warden')
}

/**
 * Whether it runs: a zombie, which only waits for its parent's attention, does not.
 * @param {number | string} pid
 */
export function isAlive(pid) {
  const found = read(pid)
  return found !== undefined && isLive(found.state)
}

/** @param {number | string} pid */
export function parentOf(pid) {
  return read(pid)?.parent
}

/**
 * Ends a process that a test lets escape on purpose; no error when it is gone.
 * @param {number | string} pid
 */
export function kill(pid) {
  try {
    process.kill(Number(pid), 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

/** @param {string} state */
function isLive(state) {
  return state !== 'Z' && state !== 'X'
}

/** @param {number | string} pid */
function read(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return {
      pid: Number(pid),
      name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
      state,
      parent: Number(parent),
    }
  } catch {
    return undefined
  }
}

/** The pid of the server that a process's tag names. @param {number} pid */
function ownerOf(pid) {
  try {
    const tag = readFileSync(`/proc/${pid}/environ`, 'latin1')
      .split('\0')
      .find((entry) => entry.startsWith('PROCWARD_TAG='))
    return Number(tag?.split(':')[1])
  } catch {
    return undefined
  }
}
