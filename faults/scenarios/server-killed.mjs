// The promise itself: SIGKILL of the server, and nothing of its trees is left. Without wardens,
// some of each are.

import { setTimeout as sleep } from 'node:timers/promises'
import { check, checkAll, figure, median, spread } from '../support/figures.mjs'
import { alive, dispose, living, since, timeToZero } from '../support/processes.mjs'
import { Server } from '../support/server.mjs'
import { trees } from '../support/trees.mjs'

export const title =
  'SIGKILL of a server with hostile shell trees (SIGTERM ignored, setsid + double fork, `env -i`)'
export const isolated = true
export const counts = { full: { rounds: 20, count: 50 }, quick: { rounds: 3, count: 20 } }
/** How long what is left without wardens is given to go by itself, in ms. */
const SECOND_THOUGHTS = 1000

/** @param {{ rounds: number, count: number }} counts */
export async function run({ rounds, count }) {
  const processes = count * trees.hostile.size
  const guarded = []
  for (let at = 0; at < rounds; at++) guarded.push(await round(count))
  checkAll(
    guarded.map(({ left }) => left === 0),
    `rounds in which nothing was left of ${count} trees (${processes} processes, ${count} wardens)`,
  )
  figure(`time to zero: ${spread(guarded.map(({ time }) => time))}`)

  const left = []
  for (let at = 0; at < rounds; at++) left.push(await control(count))
  checkAll(
    left.map((some) => some > 0),
    'control without wardens, rounds in which some were left',
  )
  figure(
    `of ${processes} processes the control left ${median(left)} (median), at least ${Math.min(...left)}`,
  )
}

/** @param {number} count */
async function round(count) {
  const before = living()
  const server = new Server()
  const started = await server.startTrees(trees.hostile, count)
  const killed = server.kill()
  const time = await timeToZero(started)
  await killed
  const left = since(before)
  if (left.length > 0) check(false, `left: ${left.map(({ id }) => id).join(' ')}`)
  await dispose(left)
  return { time, left: left.length }
}

/** @param {number} count */
async function control(count) {
  const server = new Server({ warden: false })
  const started = await server.startTrees(trees.hostile, count)
  await server.kill()
  await sleep(SECOND_THOUGHTS)
  const left = alive(started).length
  await dispose(started)
  return left
}
