// `detached: true` lets go of what a command leaves behind, and of nothing else.

import { setTimeout as sleep } from 'node:timers/promises'
import { check, figure } from '../support/figures.mjs'
import { alive, dispose, living, since, timeToZero } from '../support/processes.mjs'
import { Server } from '../support/server.mjs'
import { shell, trees } from '../support/trees.mjs'

export const title =
  'what a detached command leaves behind goes on, what another leaves behind does not'
export const isolated = true
export const counts = { full: {}, quick: {} }

const quiet = shell(`exec >/dev/null 2>&1; ${trees.deserter.args[1]}`, trees.deserter.size)
/** What is left behind holds the command's output open, or does not. */
const deserters = { 'with the output open': trees.deserter, 'with the output closed': quiet }
/** The scanner spares what is younger than this, in ms. */
const SETTLED = 1100

export async function run() {
  for (const [name, tree] of Object.entries(deserters)) {
    await spared(name, tree)
    await ended(name, tree)
  }
  await endedWithItsRoot()
}

/** @param {string} name @param {import('../support/trees.mjs').Tree} tree */
async function spared(name, tree) {
  const before = living()
  const server = new Server()
  await server.ask('run', { ...tree, options: { detached: true, killGrace: 300 } })
  const left = since(before).filter(({ pid }) => pid !== server.pid)
  const survives = (/** @type {string} */ what) => {
    const still = alive(left).length
    check(
      left.length === tree.size && still === tree.size,
      `${name}, detached: ${still}/${tree.size} survive ${what}`,
    )
  }
  survives('the exit of the command')
  await sleep(SETTLED)
  await server.ask('scan', { maxAge: 1, scope: 'tree' })
  survives('a scan of the same server')
  await server.kill()
  await sleep(200)
  survives('SIGKILL of the server')
  const next = new Server()
  await next.ask('startCleanup', { interval: 60_000, maxAge: 1 })
  await next.ask('scan', { maxAge: 1, scope: 'tree' })
  survives("the next server's scans")
  await next.kill()
  await dispose(since(before))
}

/** @param {string} name @param {import('../support/trees.mjs').Tree} tree */
async function ended(name, tree) {
  const before = living()
  const server = new Server()
  await server.ask('ready')
  const begin = performance.now()
  await server.ask('run', { ...tree, options: { killGrace: 300 } })
  const time = performance.now() - begin
  const left = since(before).filter(({ pid }) => pid !== server.pid)
  check(
    left.length === 0,
    `${name}, not detached: nothing is left when the call ends (${left.length})`,
  )
  figure(`${name}, not detached: the call took ${time.toFixed(0)} ms with a killGrace of 300 ms`)
  await server.kill()
  await dispose(left)
}

async function endedWithItsRoot() {
  const before = living()
  const server = new Server()
  const started = await server.startTrees(trees.hostile, 5, { detached: true })
  await server.kill()
  const time = await timeToZero(started)
  const left = since(before)
  check(
    left.length === 0,
    `detached, but the command still runs: nothing is left after SIGKILL (${time.toFixed(1)} ms)`,
  )
  await dispose(left)
}
