// The same with real Node.js trees, at the size of the server that procward was made for.

import { checkAll, figure, spread } from '../support/figures.mjs'
import { dispose, living, since, timeToZero } from '../support/processes.mjs'
import { Server } from '../support/server.mjs'
import { trees } from '../support/trees.mjs'

export const title = 'SIGKILL of a server with 5 Node.js trees (sh -> node -> node)'
export const isolated = true
export const counts = { full: { rounds: 20 }, quick: { rounds: 3 } }

/** @param {{ rounds: number }} counts */
export async function run({ rounds }) {
  const results = []
  for (let at = 0; at < rounds; at++) results.push(await round())
  checkAll(
    results.map(({ left }) => left === 0),
    'rounds in which nothing was left',
  )
  figure(`time to zero: ${spread(results.map(({ time }) => time))}`)
}

async function round() {
  const before = living()
  const server = new Server()
  const started = await server.startTrees(trees.node, 5)
  const killed = server.kill()
  const time = await timeToZero(started)
  await killed
  const left = since(before)
  await dispose(left)
  return { time, left: left.length }
}
