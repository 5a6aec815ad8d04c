// The second layer: server and wardens are killed, and the next server's start ends what they have
// left.

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
  const untouched = [
    ...(await other.startTrees(trees.hostile, 3)),
    ...living().filter(({ pid }) => pid === other.pid),
  ]
  const results = []
  for (let at = 0; at < rounds; at++) results.push(await round(count))
  const stopped = []
  for (let at = 0; at < rounds; at++) stopped.push(await stoppedRound(count))

  checkAll(
    results.map(({ left }) => left > 0),
    'rounds in which the kill left tagged processes, so that there was something to do',
  )
  checkAll(
    results.map(({ time }) => Number.isFinite(time)),
    'rounds in which the next cleanup.start() ended them all',
  )
  figure(
    `left by the kill: ${median(results.map(({ left }) => left))} (median) of ${count * trees.hostile.size}`,
  )
  figure(`from cleanup.start() to zero: ${spread(results.map(({ time }) => time))}`)
  checkAll(
    stopped.map(Number.isFinite),
    'SIGKILL of a server whose wardens are stopped: rounds in which they went on, and left nothing',
  )
  figure(`from that kill to zero: ${spread(stopped)}`)
  figure(
    `without tag (\`env -i\`), out of this layer's reach: ${median(results.map(({ nameless }) => nameless))} a round`,
  )
  const left = alive(untouched).length
  check(
    left === untouched.length,
    `processes of another live server untouched: ${left}/${untouched.length}`,
  )
  await other.kill()
}

/** @param {number} count */
async function round(count) {
  const before = living()
  const server = new Server()
  const started = await server.startTrees(trees.hostile, count)
  const wardens = started.filter(({ parent }) => parent === server.pid)
  // Else it would end everything that it can while they die.
  signal(server.pid, 'SIGSTOP')
  for (const { pid } of wardens) signal(pid, 'SIGKILL')
  await server.kill()
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

/** The kernel wakes a stopped warden when its server dies. @param {number} count */
async function stoppedRound(count) {
  const before = living()
  const server = new Server()
  const started = await server.startTrees(trees.hostile, count)
  for (const { pid } of started.filter(({ parent }) => parent === server.pid))
    signal(pid, 'SIGSTOP')
  const killed = server.kill()
  const time = await timeToZero(started)
  await killed
  await dispose(since(before))
  return time
}
