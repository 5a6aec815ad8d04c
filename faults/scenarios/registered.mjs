// One flag guards a server that knows nothing of procward: `node --require procward/register`.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { check, checkAll, figure, spread } from '../support/figures.mjs'
import { alive, dispose, living, signal, since, timeToZero } from '../support/processes.mjs'

export const title = 'SIGKILL of a server with --require procward/register'
export const isolated = true
export const counts = { full: { rounds: 20 }, quick: { rounds: 2 } }

const REGISTER = fileURLToPath(new URL('../../lib/register.js', import.meta.url))
const SERVER = fileURLToPath(new URL('../fixtures/unaware.cjs', import.meta.url))

/** @param {{ rounds: number }} counts */
export async function run({ rounds }) {
  const [guarded, control] = [[], []]
  for (let at = 0; at < rounds; at++) {
    guarded.push(await round(['--require', REGISTER]))
    control.push(await round([]))
  }
  const every = (
    /** @type {typeof guarded} */ results,
    /** @type {(result: typeof guarded[0]) => boolean} */ holds,
    /** @type {string} */ what,
  ) => checkAll(results.map(holds), `${what}, rounds`)
  every(guarded, ({ left }) => left === 0, 'with the flag nothing of ours was left')
  every(guarded, ({ isReleased }) => isReleased, 'with the flag the released children went on')
  every(control, ({ left }) => left > 0, 'without the flag some were left')
  const left = control.map((result) => result.left)
  figure(`left without the flag: ${Math.min(...left)} to ${Math.max(...left)} processes`)
  figure(`with the flag, time to zero: ${spread(guarded.map(({ time }) => time))}`)
}

/** Starts the server, kills it, and counts what it leaves. @param {string[]} flags */
async function round(flags) {
  const before = living()
  const server = spawn(process.execPath, [...flags, SERVER], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [line] = await once(createInterface({ input: server.stdout }), 'line')
  const { released, ...children } = JSON.parse(line)
  const started = since(before)
  const spared = [
    ...released,
    ...released.map((/** @type {number} */ pid) => wardenOf(started, pid)),
  ]
  const isOurs = (/** @type {typeof started[0]} */ { pid }) => !spared.includes(pid)
  signal(Number(server.pid), 'SIGKILL')
  const time = await timeToZero(started.filter(isOurs), flags.length > 0 ? 20_000 : 500)
  const all = since(before)
  const left = all.filter(isOurs).length
  const going = alive(started.filter(({ pid }) => released.includes(pid)))
  const isReleased = going.length === released.length
  await dispose(all)
  const least = Object.keys(children).length
  check(started.length > least, `a round had ${started.length} processes`)
  return { left, isReleased, time }
}

/**
 * Returns the pid of a released child's warden, which stays with the child.
 * @param {import('../support/processes.mjs').Process[]} processes
 * @param {number} pid
 */
function wardenOf(processes, pid) {
  return processes.find((process) => process.pid === pid)?.parent
}
