// Node.js processes of all the kinds that a scan may meet. Each function starts some, waits until
// they run, gives their pids, and sees to it that they are gone after the test.

import assert from 'node:assert/strict'
import { fork as forkChild, spawn } from 'node:child_process'
import cluster from 'node:cluster'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { spawn as spawnTracked } from '../../index.js'
import { isAlive, kill } from './processes.mjs'
import { until } from './until.mjs'

/** @typedef {import('node:test').TestContext} Test */
/** @typedef {{ env?: Record<string, string>, title?: string, nodeOptions?: string[] }} Options */

export const sleeper = fileURLToPath(new URL('../fixtures/sleeper.mjs', import.meta.url))
const procwardHost = fileURLToPath(new URL('../fixtures/procward-host.cjs', import.meta.url))
/**
 * Starts a command that nothing hangs to this process: its parent exits, and its session is its
 * own.
 */
const DETACHED = ['sh', '-c', 'setsid "$@" &', 'sh']

/** A plain child of this process. @param {Test} t @param {Options} [options] */
export async function child(t, options = {}) {
  return (await start(t, sleeping(options), ['sleeper'], options.env)).sleeper
}

/** A process that has nothing to do with this one. @param {Test} t @param {Options} [options] */
export async function unrelated(t, options = {}) {
  return (await start(t, [...DETACHED, ...sleeping(options)], ['sleeper'], options.env)).sleeper
}

/** A child with an IPC channel. @param {Test} t */
export async function forked(t) {
  return (await told(t, forkChild(sleeper, { silent: true }), ['sleeper'])).sleeper
}

/** @param {Test} t */
export async function clusterWorker(t) {
  cluster.setupPrimary({ exec: sleeper, args: [], silent: true })
  return (await told(t, cluster.fork().process, ['sleeper'])).sleeper
}

/**
 * Another server with procward, `host`, with a `call` that it runs and a `plain` child.
 * @param {Test} t
 * @param {{ isChild?: boolean, command?: string[], names?: string[], env?: Record<string,
 *   string> }} [options]
 *   `command` is the call's, which tells
 * pids under other `names` too
 */
export function host(t, { isChild = false, command = [], names = [], env } = {}) {
  const detached = isChild ? [] : DETACHED
  return start(
    t,
    [...detached, process.execPath, procwardHost, ...command],
    ['host', 'call', 'plain', ...names],
    env,
  )
}

/**
 * Does something while this server has a call that runs; after that, the call is gone.
 * @param {(pid: number, lines: string[]) => Promise<void>} act gets its pid and what it writes
 * @param {import('../../index').RunOptions} [options]
 * @param {[string, string[]]} [command]
 */
export async function duringCall(act, options, command = [process.execPath, [sleeper]]) {
  const call = spawnTracked(...command, options)
  /** @type {string[]} */
  const lines = []
  call.on('line', (line) => lines.push(String(line)))
  try {
    await act(await until(() => call.pid), lines)
  } finally {
    await call.kill()
    await call.exited.catch(({ code }) => assert.equal(code, 'ERR_KILLED'))
  }
}

/** @param {Options} options */
function sleeping({ title = '', nodeOptions = [] }) {
  return [process.execPath, ...nodeOptions, sleeper, 'sleeper', title]
}

/**
 * @param {Test} t
 * @param {string[]} command
 * @param {string[]} names
 * @param {Record<string, string>} [env]
 */
function start(t, [command, ...args], names, env) {
  const started = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return told(t, started, names)
}

/**
 * The pids that a process and its children tell, under these names.
 * @param {Test} t
 * @param {import('node:child_process').ChildProcess} started
 * @param {string[]} names
 * @returns {Promise<Record<string, number>>}
 */
async function told(t, started, names) {
  /** @type {Record<string, number>} */
  const pids = {}
  t.after(async () => {
    const left = Object.values(pids).filter(isAlive)
    left.forEach(kill)
    await until(() => !left.some(isAlive))
  })
  for await (const line of createInterface({ input: started.stdout })) {
    const [name, pid] = line.split(' ')
    pids[name] = Number(pid)
    if (names.every((wanted) => wanted in pids)) return pids
  }
  throw new Error(`${started.spawnargs} ended too early, after ${JSON.stringify(pids)}`)
}
