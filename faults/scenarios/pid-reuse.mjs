// An innocent process gets the pid of one of ours that has exited, and then whatever could kill
// does its work.

import { setTimeout as sleep } from 'node:timers/promises'
import { checkAll, figure } from '../support/figures.mjs'
import { cannotReuse, startWithPid } from '../support/pid-reuse.mjs'
import { alive, dispose, living, signal, since, until } from '../support/processes.mjs'
import { Server } from '../support/server.mjs'
import { shell, trees } from '../support/trees.mjs'

export const title =
  'a recycled pid: kill(), timeout, scanner and the recovery of a dead run hit nobody else'
export const isolated = true
export const counts = { full: { rounds: 5 }, quick: { rounds: 2 } }

/**
 * Its root exits at once, so that its pid is free; what it leaves holds the output open, so that
 * the call goes on.
 */
const TREE = shell('(setsid sleep 100000 &) ; exit 0')
/**
 * Longer than it takes to get the pid, in ms: until then the call waits for the rest of the tree.
 */
const WINDOW = 30_000
const SLEEPER = /** @type {const} */ (['sleep', ['100000']])
const NODE = /** @type {const} */ ([process.execPath, ['-e', 'setInterval(() => {}, 1e6)']])

/**
 * Each: what ends the call while a stranger has its root's pid.
 * @type {Record<string, { options?: object, act(server: Server): Promise<unknown> }>}
 */
const ENDS = {
  'kill()': { act: (server) => server.ask('abort', 1) },
  'a timeout': { options: { timeout: 1500 }, act: async () => {} },
  'the scanner': { act: (server) => server.ask('scan', { scope: 'tracked', maxAge: 1 }) },
}

/** @param {{ rounds: number }} counts */
export async function run({ rounds }) {
  const reason = cannotReuse()
  if (reason) return console.log(`  skip ${reason}`)
  for (const warden of [true, false]) {
    for (const [name, end] of Object.entries(ENDS)) {
      const results = await repeat(rounds, () => duringCall(warden, end))
      report(`${name}, ${warden ? 'with' : 'without'} a warden`, results)
    }
  }
  report('the recovery of a dead run', await repeat(rounds, afterDeath))
  figure('each innocent process had the pid of a root, of a dead server, or of one of its children')
}

/** @param {number} rounds @param {() => Promise<Result>} round */
async function repeat(rounds, round) {
  const results = []
  for (let at = 0; at < rounds; at++) results.push(await round())
  return results
}

/** @typedef {{ survived: boolean, ended: boolean }} Result */

/** @param {string} what @param {Result[]} results */
function report(what, results) {
  checkAll(
    results.map(({ survived }) => survived),
    `${what}: rounds in which the innocent process survived`,
  )
  checkAll(
    results.map(({ ended }) => ended),
    `${what}: rounds in which ours was ended all the same`,
  )
}

/** @param {boolean} warden @param {typeof ENDS['kill()']} end @returns {Promise<Result>} */
async function duringCall(warden, { options, act }) {
  const server = new Server({ warden })
  await server.ask('ready')
  const before = living()
  const started = new Promise((resolve) => server.once('started', resolve))
  const call = server.ask('call', { id: 1, ...TREE, options: { killGrace: WINDOW, ...options } })
  const { pid } = await started
  // Else all this happens within one clock tick, and a start time tells nobody apart.
  await sleep(100)
  const innocent = await startWithPid(pid, ...SLEEPER)
  const ours = since([...before, innocent])
  await act(server)
  const { code } = await call
  const result = {
    survived: alive([innocent]).length === 1,
    ended: code !== 'OK' && ours.length > 0 && alive(ours).length === 0,
  }
  await server.kill()
  await dispose(since(before))
  return result
}

/**
 * The server is dead, and strangers have its pid and that of one of the processes that it left.
 * @returns {Promise<Result>}
 */
async function afterDeath() {
  const before = living()
  const server = new Server({ warden: false })
  const left = await server.startTrees(trees.tagged, 2)
  await server.kill()
  // A number that is also a group's is not given out again as long as anybody is in the group.
  const gone = left.find(({ pid, group }) => pid !== group) ?? left[0]
  const ours = left.filter(({ pid }) => pid !== gone.pid)
  signal(gone.pid, 'SIGKILL')
  const innocents = [await startWithPid(server.pid, ...NODE), await startWithPid(gone.pid, ...NODE)]

  const next = new Server()
  await next.ask('startCleanup', { interval: 60_000, maxAge: 1 })
  const ended = await until(() => alive(ours).length === 0)
  const survived = alive(innocents).length === innocents.length
  await next.kill()
  await dispose(since(before))
  return { survived, ended: ended && ours.length > 0 }
}
