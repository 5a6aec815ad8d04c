// One server lives through random faults of its calls, while another is killed and started again
// and again. Half of the calls use `child_process` as existing code does, under
// `procward/register`.

import { fileURLToPath } from 'node:url'
import { startDecoys } from '../support/decoys.mjs'
import { diceFrom } from '../support/dice.mjs'
import { check, figure, median } from '../support/figures.mjs'
import { Harness } from '../support/harness.mjs'
import { all, below, dispose, facts, living, since, until } from '../support/processes.mjs'
import { RestartedServer } from '../support/restarted-server.mjs'
import { Server } from '../support/server.mjs'

export const title =
  'random faults: nothing left, nobody else hit, no slot lost, no zombie, no growth'
export const isolated = true
const MIB = 2 ** 20
/** `growth`: bytes; within the first few faults the memory is still on its way to its level. */
export const counts = {
  full: { total: 1000, warmUp: 100, batch: 50, growth: 32 * MIB },
  quick: { total: 60, warmUp: 20, batch: 20, growth: 96 * MIB },
}
/** An end to waiting for wardens whose child has exited, in ms. */
const ZOMBIES = 5000
const EXPECTED = new Set([
  'OK',
  'ERR_EXIT',
  'ERR_CALL_TIMEOUT',
  'ABORT_ERR',
  'ERR_MAX_BUFFER',
  'ERR_SPAWN',
  // Of children of `child_process`.
  ...['EXIT', 'RELEASED', 'WORKER', 'ENOENT', 'EMFILE', 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER'],
  ...['SIGHUP', 'SIGINT', 'SIGKILL', 'SIGPIPE', 'SIGTERM'],
])
const REGISTER = fileURLToPath(new URL('../../lib/register.js', import.meta.url))
/** Few descriptors, so that a fault can take them all. */
const SERVER = {
  execArgv: ['--require', REGISTER],
  within: ['prlimit', '--nofile=1024:1024'],
}

/**
 * @param {{ total: number, warmUp: number, batch: number, growth: number, seed: number }} counts
 */
export async function run({ total, warmUp, batch, growth, seed }) {
  const decoys = await startDecoys()
  const before = living()
  const server = new Server(SERVER)
  await server.ask('startCleanup', { interval: 500, maxAge: 3_600_000 })
  await server.ask('prepare')
  const other = new RestartedServer({ ...SERVER, quiet: true })
  const harness = new Harness(server, other, diceFrom(seed))
  /** What was found after each batch, when no call runs. */
  const found = { left: [], zombies: [], lostSlots: [] }
  const levels = []
  for (let played = 0; played < total; played += batch) {
    if (played >= warmUp) levels.push(await server.ask('levels'))
    await harness.play(Math.min(batch, total - played))
    const known = [server.pid, ...other.pids()]
    const fresh = () => since(before).filter(({ pid }) => !known.includes(pid))
    /** Those that no warden of the server holds any more. */
    const escaped = () => {
      const held = new Set(below(living(), [server.pid]).map(({ id }) => id))
      return fresh().filter((one) => !held.has(one.id) && !harness.trees.isFree(one))
    }
    await until(() => escaped().length === 0)
    found.left.push(...escaped().map(described))
    const isNew = (/** @type {{ id: string }} */ { id }) => fresh().some((one) => one.id === id)
    found.left.push(...(await harness.trees.settle(isNew)).map((root) => ({ root })))
    const left = fresh()
    found.left.push(...left.map(described))
    await until(() => zombies(server).length === 0, ZOMBIES)
    found.zombies.push(...zombies(server))
    const { current, queued, active } = await server.ask('slots')
    if (current + queued + active > 0) found.lostSlots.push({ current, queued, active })
    await dispose(left)
  }
  report(harness, found, seed)
  check(
    other.left === 0,
    `something was left after ${other.left} of ${other.kills} kills and starts of the other server`,
  )
  check(
    other.lost === 0,
    `released children that did not outlive the other server: ${other.lost} of ${other.released}`,
  )
  figure(`kills of the other server with a child without a guard: ${other.unguarded}`)
  check(
    decoys.killed() === 0,
    `foreign processes killed: ${decoys.killed()} of ${decoys.all.length}`,
  )
  levels.push(await server.ask('levels'))
  compareLevels(levels, { rss: growth, descriptors: 4, threads: 4 })
  await other.end()
  await server.kill()
  await decoys.end()
}

/** Those that the server has not reaped. @param {Server} server */
function zombies(server) {
  return all().filter(({ parent, state }) => parent === server.pid && state === 'Z')
}

/**
 * @param {Harness} harness
 * @param {{ left: object[], zombies: object[], lostSlots: object[] }} found
 * @param {number} seed
 */
function report({ kinds, starts, outcomes, hung, trees }, found, seed) {
  figure(`${kinds.length} faults of seed ${seed}: ${tally(kinds)}`)
  figure(`${starts.length} of them to a child of child_process: ${tally(starts)}`)
  figure(`outcomes: ${tally(outcomes)}`)
  figure(`processes that outlived a root, as in Node.js: ${trees.outlived}`)
  figure(`children without a guard: ${trees.reasons.length} ${tally(trees.reasons)}`)
  check(trees.lost === 0, `released children that were ended: ${trees.lost}`)
  const odd = outcomes.filter((code) => !EXPECTED.has(code))
  checkNone(hung, 'calls that never ended')
  checkNone(odd, 'outcomes that no caller expects')
  checkNone(found.left, 'processes left')
  checkNone(found.zombies, 'zombies')
  checkNone(found.lostSlots, 'batches after which a slot was missing')
}

/**
 * Compares the first third of the batches with the last: what a single moment shows is mostly what
 * the allocator keeps.
 * @param {Record<string, number>[]} levels
 * @param {Record<string, number>} bounds how much more there may be
 */
function compareLevels(levels, bounds) {
  const third = Math.ceil(levels.length / 3)
  for (const [name, most] of Object.entries(bounds)) {
    const values = levels.map((level) => level[name])
    const [early, late] = [median(values.slice(0, third)), median(values.slice(-third))]
    const text = `${name}: ${shown(early)} in the first third, ${shown(late)} in the last`
    const range = `between ${shown(Math.min(...values))} and ${shown(Math.max(...values))}`
    check(late - early <= most, `${text}, ${range} (bound +${shown(most)})`)
  }
}

/** @param {import('../support/processes.mjs').Process} process */
function described({ id, parent, group, state, pid }) {
  const tag = facts(pid, 'environ').match(/PROCWARD_TAG=([^\0]*)/)?.[1]
  return {
    id,
    parent,
    group,
    state,
    command: facts(pid, 'cmdline').replaceAll('\0', ' ').slice(0, 80),
    tag,
  }
}

/** @param {unknown[]} some @param {string} what */
function checkNone(some, what) {
  check(
    some.length === 0,
    `${what}: ${some.length}${some.length > 0 ? ` ${JSON.stringify(some)}` : ''}`,
  )
}

/** @param {string[]} words */
function tally(words) {
  /** @type {Record<string, number>} */
  const counts = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return Object.entries(counts)
    .map(([word, count]) => `${word} ${count}`)
    .join(', ')
}

/** @param {number} value */
function shown(value) {
  return value < MIB ? String(value) : `${(value / MIB).toFixed(1)} MiB`
}
