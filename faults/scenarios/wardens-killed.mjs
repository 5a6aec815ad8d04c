// The second layer: server and wardens are killed, and the next server's start ends what they have left.

import { check, checkAll, figure, median, spread } from '../support/figures.mjs'
import { alive, dispose, facts, living, signal, since, timeToZero } from '../support/processes.mjs'
import { Server } from '../support/server.mjs'
import { trees } from '../support/trees.mjs'

export const title = 'SIGKILL of the server and of all wardens, then another start'
export const isolated = true
export const counts = { full: { rounds: 20, count: 10 }, quick: { rounds: 2, count: 5 } }

/** @param {{ rounds: number, count: number }} counts */
export async function run({ rounds, count }) {
  const other = new Server()
  const untouched = [...(await other.startTrees(trees.hostile, 3)), ...living().filter(({ pid }) => pid === other.pid)]
  const results = []
  for (let at = 0; at < rounds; at++) results.push(await round(count, at % 2 === 0))

  checkAll(
    results.map(({ left }) => left > 0),
    'rounds in which the kill left tagged processes, so that there was something to do',
  )
  checkAll(
    results.map(({ time }) => Number.isFinite(time)),
    'rounds in which the next cleanup.start() ended them all',
  )
  figure(`left by the kill: ${median(results.map(({ left }) => left))} (median) of ${count * trees.hostile.size}`)
  figure(`from cleanup.start() to zero: ${spread(results.map(({ time }) => time))}`)
  figure(
    `without tag (\`env -i\`), out of this layer's reach: ${median(results.map(({ nameless }) => nameless))} a round`,
  )
  const left = alive(untouched).length
  check(left === untouched.length, `processes of another live server untouched: ${left}/${untouched.length}`)
  await other.kill()
}

/** @param {number} count @param {boolean} serverFirst */
async function round(count, serverFirst) {
  const before = living()
  const server = new Server()
  const started = await server.startTrees(trees.hostile, count)
  const wardens = started.filter(({ parent }) => parent === server.pid)
  await killAll(server, wardens, serverFirst)
  await timeToZero(wardens)

  const left = alive(started)
  const tagged = left.filter(({ pid }) => facts(pid, 'environ').includes('PROCWARD_TAG='))
  const next = new Server()
  await next.ask('startCleanup', { interval: 3_600_000 })
  const time = await timeToZero(tagged)
  await next.kill()
  await dispose(since(before))
  return { time, left: tagged.length, nameless: left.length - tagged.length }
}

/** Whoever goes second is stopped before, or it would end everything that it can while the others die. @param {Server} server @param {import('../support/processes.mjs').Process[]} wardens @param {boolean} serverFirst */
async function killAll(server, wardens, serverFirst) {
  if (serverFirst) {
    for (const { pid } of wardens) signal(pid, 'SIGSTOP')
    await server.kill()
  } else {
    signal(server.pid, 'SIGSTOP')
  }
  for (const { pid } of wardens) signal(pid, 'SIGKILL')
  if (!serverFirst) await server.kill()
}
