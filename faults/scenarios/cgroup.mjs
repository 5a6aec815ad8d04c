// The upgrade: where the server owns a control group, the kernel kills each tree as a whole, and
// shows whose any process is.

import { setTimeout as sleep } from 'node:timers/promises'
import { cgroupOfOnesOwn } from '../support/cgroup.mjs'
import { check, checkAll, figure, median, spread } from '../support/figures.mjs'
import { alive, dispose, living, signal, since, timeToZero, until } from '../support/processes.mjs'
import { Server } from '../support/server.mjs'
import { shell, trees } from '../support/trees.mjs'

export const title =
  'a control group for each tree: killed as a whole, found again without a tag, removed afterwards'
export const isolated = true
export const counts = {
  full: { rounds: 20, count: 10, calls: 400 },
  quick: { rounds: 2, count: 4, calls: 40 },
}
/**
 * Two processes that hand themselves on for ever, each in a session of its own and without a tag.
 */
const RUNNER = `f() { setsid env -i sh -c "$1" sh "$1" & }; f "$1"; f "$1"; exec sleep 100000`
const HAND_ON = 'sleep 0.01; setsid sh -c "$1" sh "$1" & exit'
const hares = shell(RUNNER, 1, HAND_ON)

/** @typedef {import('../support/cgroup.mjs').Cgroup} Cgroup */

/** @param {{ rounds: number, count: number, calls: number }} counts */
export async function run({ rounds, count, calls }) {
  const cgroup = cgroupOfOnesOwn()
  if (typeof cgroup === 'string') return console.log(`  skip ${cgroup}`)
  const start = () => new Server({ within: cgroup.enter })
  await status(start)
  const other = start()
  const untouched = await other.startTrees(trees.hostile, 2)
  await serverKilled(cgroup, start, rounds, count)
  await allKilled(cgroup, start, rounds, count)
  await wardensKilled(cgroup, start, count)
  await ordered(cgroup, start)
  await detached(cgroup, start)
  const left = alive(untouched).length
  check(
    left === untouched.length,
    `processes of another live server untouched: ${left}/${untouched.length}`,
  )
  await other.kill()
  check(
    await until(() => cgroup.trees().length === 0),
    `groups left in the end: ${cgroup.trees().length}`,
  )
  await costs(start, calls)
  cgroup.remove()
}

/** @param {() => Server} start */
async function status(start) {
  for (const [name, server, expected] of /** @type {const} */ ([
    ['in a group of its own', start(), true],
    ['elsewhere', new Server(), false],
  ])) {
    const { cgroup } = await server.ask('guarantees')
    check(cgroup === expected, `getGuarantees() of a server ${name}: cgroup ${cgroup}`)
    await server.kill()
  }
}

/**
 * @param {Cgroup} cgroup
 * @param {() => Server} start
 * @param {number} rounds
 * @param {number} count
 */
async function serverKilled(cgroup, start, rounds, count) {
  const results = []
  for (let at = 0; at < rounds; at++) {
    const [before, known] = [living(), cgroup.trees().length]
    const server = start()
    const started = await server.startTrees(trees.hostile, count)
    const full = cgroup.trees().filter(({ pids }) => pids.length === trees.hostile.size)
    const killed = server.kill()
    const time = await timeToZero(started)
    await killed
    const left = since(before)
    await dispose(left)
    const cleared = await until(() => cgroup.trees().length === known)
    results.push({ time, left: left.length, cleared, grouped: full.length === known + count })
  }
  const every = (
    /** @type {(result: typeof results[0]) => boolean} */ holds,
    /** @type {string} */ what,
  ) => checkAll(results.map(holds), `SIGKILL of the server, rounds in which ${what}`)
  every(
    ({ grouped }) => grouped,
    `each of ${count} trees had a group of its own, with all its processes`,
  )
  every(({ left }) => left === 0, 'nothing was left')
  every(({ cleared }) => cleared, 'the groups were removed')
  figure(`SIGKILL of the server, time to zero: ${spread(results.map(({ time }) => time))}`)
}

/**
 * Nobody is left to kill a group: the next start finds in them what has neither a tag nor a warden.
 * @param {Cgroup} cgroup
 * @param {() => Server} start
 * @param {number} rounds
 * @param {number} count
 */
async function allKilled(cgroup, start, rounds, count) {
  const results = []
  for (let at = 0; at < rounds; at++) {
    const [before, known] = [living(), cgroup.trees().length]
    const server = start()
    const started = await server.startTrees(trees.hostile, count)
    signal(server.pid, 'SIGSTOP')
    const wardens = started.filter(({ parent }) => parent === server.pid)
    for (const { pid } of wardens) signal(pid, 'SIGKILL')
    await server.kill()
    await timeToZero(wardens)
    const left = alive(started).length
    const next = start()
    await next.ask('startCleanup', { interval: 3_600_000 })
    const time = await timeToZero(started)
    const cleared = await until(() => cgroup.trees().length === known)
    await next.kill()
    await dispose(since(before))
    results.push({ left, time, cleared })
  }
  const what = 'SIGKILL of the server and of all wardens, rounds in which'
  checkAll(
    results.map(({ left }) => left > 0),
    `${what} that left something`,
  )
  checkAll(
    results.map(({ time }) => Number.isFinite(time)),
    `${what} the next start ended all, also what has no tag`,
  )
  checkAll(
    results.map(({ cleared }) => cleared),
    `${what} the groups were removed`,
  )
  figure(
    `left by the kill: ${median(results.map(({ left }) => left))} (median) of ${count * trees.hostile.size}`,
  )
  figure(`from cleanup.start() to zero: ${spread(results.map(({ time }) => time))}`)
}

/**
 * The server lives on, and does what the wardens would have done.
 * @param {Cgroup} cgroup
 * @param {() => Server} start
 * @param {number} count
 */
async function wardensKilled(cgroup, start, count) {
  const known = cgroup.trees().length
  const server = start()
  const started = await server.startTrees(trees.hostile, count, { killGrace: 50 })
  for (const { pid } of started.filter(({ parent }) => parent === server.pid))
    signal(pid, 'SIGKILL')
  const time = await timeToZero(started)
  const left = alive(started)
  check(
    left.length === 0,
    `SIGKILL of all wardens: ${left.length} left, also of what has no tag (${time.toFixed(0)} ms)`,
  )
  const idle = await until(async () => (await server.ask('slots')).active === 0)
  check(idle && cgroup.trees().length === known, 'SIGKILL of all wardens: the groups were removed')
  await server.kill()
  await dispose(left)
}

/** @param {Cgroup} cgroup @param {() => Server} start */
async function ordered(cgroup, start) {
  const [before, known] = [living(), cgroup.trees().length]
  const server = start()
  await server.ask('ready')
  for (const [name, tree] of Object.entries({
    bomb: trees.bomb,
    hydra: trees.hydra,
    hares,
    deserter: trees.deserter,
  })) {
    const { code } = await server.ask('run', { ...tree, options: { timeout: 1000, killGrace: 50 } })
    const left = since(before).filter(({ pid }) => pid !== server.pid)
    const groups = cgroup.trees().length - known
    check(
      left.length + groups === 0,
      `a call's end (${name}, ${code ?? 'OK'}): ${left.length} processes, ${groups} groups left`,
    )
    await dispose(left)
  }
  await server.kill()
}

/**
 * What may stay is in no group that is ever killed.
 * @param {Cgroup} cgroup
 * @param {() => Server} start
 */
async function detached(cgroup, start) {
  const [before, known] = [living(), cgroup.trees().length]
  const server = start()
  await server.ask('run', { ...trees.deserter, options: { detached: true, killGrace: 100 } })
  const left = since(before).filter(({ pid }) => pid !== server.pid)
  await server.kill()
  const next = start()
  await next.ask('startCleanup', { interval: 60_000 })
  await sleep(1500)
  const still = alive(left).length
  const text = `detached: ${still}/${trees.deserter.size} survive the server and the next one's start`
  check(still === trees.deserter.size && cgroup.trees().length === known, text)
  await next.kill()
  await dispose(since(before))
}

/**
 * In turn with a server elsewhere, so that both meet the same load.
 * @param {() => Server} start
 * @param {number} calls
 */
async function costs(start, calls) {
  const servers = { with: start(), without: new Server() }
  /** @type {Record<string, number[]>} */
  const times = { with: [], without: [] }
  for (let at = -1; at < calls / 10; at++) {
    for (const [name, server] of Object.entries(servers)) {
      const some = await server.ask('times', { command: '/bin/true', calls: 10 })
      // The first few only warm up.
      if (at >= 0) times[name].push(...some)
    }
  }
  for (const server of Object.values(servers)) await server.kill()
  const [own, none] = [median(times.with), median(times.without)]
  figure(
    `/bin/true, median of ${calls} calls: ${own.toFixed(2)} ms with a group, ${none.toFixed(2)} ms with a warden alone`,
  )
}
