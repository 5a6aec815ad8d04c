// Real programs: an MCP server below npx and below mcporter, and the SIGKILL in the middle of a
// tool call.

import { setTimeout as sleep } from 'node:timers/promises'
import { check, checkAll, figure, spread } from '../support/figures.mjs'
import { below, dispose, facts, living, since, timeToZero, until } from '../support/processes.mjs'
import { Server } from '../support/server.mjs'

export const title =
  'SIGKILL in mid-call of server -> npx -> MCP server, and server -> mcporter -> MCP server'
export const isolated = true
export const counts = { full: { rounds: 5 }, quick: { rounds: 1 } }
/** Starting npm takes its time, in ms. */
const START = 60_000
/** How long what is left without a warden is given to go by itself, in ms. */
const SECOND_THOUGHTS = 2000

/** Each: how the call is started, and how to tell that it is under way. */
const chains = {
  npx: (/** @type {Server} */ server) => server.ask('startNpx'),
  mcporter: async (/** @type {Server} */ server) => {
    await server.ask('callTool')
    await until(() => server.ask('slots').then(({ active }) => active === 1), START)
    await until(() => mcpServers(server.pid).length === 1, START)
    await until(() => isIdle(mcpServers(server.pid)[0]?.pid), START)
  },
}

/** @param {{ rounds: number }} counts */
export async function run({ rounds }) {
  for (const [name, start] of Object.entries(chains)) {
    const results = []
    for (let at = 0; at < rounds; at++) results.push(await round(start))
    const [{ programs }] = results
    checkAll(
      results.map(({ midCall }) => midCall),
      `${name}: rounds in which the call was under way`,
    )
    checkAll(
      results.map(({ left }) => left === 0),
      `${name}: rounds in which nothing was left`,
    )
    check(programs.length >= 2, `${name}: a chain of programs (${programs.join(', ')})`)
    figure(`${name}, time to zero: ${spread(results.map(({ time }) => time))}`)
    figure(`${name}, control without warden: ${(await round(start, { warden: false })).left} left`)
  }
}

/** @param {(server: Server) => Promise<void>} start */
async function round(start, { warden = true } = {}) {
  const before = living()
  const server = new Server({ warden })
  await start(server)
  const chain = below(living(), [server.pid])
  const programs = chain.map(({ pid }) => facts(pid, 'comm').trim())
  const midCall = mcpServers(server.pid).length === 1 && (await server.ask('slots')).active === 1
  const killed = server.kill()
  const time = await timeToZero(chain, warden ? undefined : SECOND_THOUGHTS)
  await killed
  const left = since(before)
  await dispose(left)
  return { midCall, programs, time, left: left.length }
}

/** @param {number} server */
function mcpServers(server) {
  const own = (/** @type {number} */ pid) =>
    /server-everything/.test(facts(pid, 'cmdline').split('\0')[1] ?? '')
  return below(living(), [server]).filter(({ pid }) => own(pid))
}

/**
 * Whether it has started and now only waits, which for this server means: for the time that the
 * tool takes.
 * @param {number} pid
 */
async function isIdle(pid) {
  const before = cpuTime(pid)
  await sleep(500)
  return before > 0 && cpuTime(pid) - before <= 1
}

/** In clock ticks. @param {number} pid */
function cpuTime(pid) {
  const stat = facts(pid, 'stat')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
}
