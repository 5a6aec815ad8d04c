'use strict'

// The processes of this machine as the cleanup scanner judges them, with what a server tells about
// its own.

const { detailsOf } = require('./process-details')
const { ORDER, stateOf } = require('./states')
const { userNames } = require('./users')

/**
 * @typedef {object} Row
 * @property {number} pid
 * @property {string | null} name - of the executable; none where only the server told of it
 * @property {import('./states').State} state
 * @property {import('./states').ScanReason | null} code - the scanner's; none where only the server
 *   told of it
 * @property {string} why
 * @property {number | null} ppid - the parent's pid
 * @property {number | null} owner - the pid of the server that started it, by its tag
 * @property {string | null} user - a name, or an id without a name
 * @property {number | null} age - ms
 * @property {number | null} startTime - epoch ms
 * @property {number | null} cpu - processor time so far in ms
 * @property {number | null} memory - resident bytes
 * @property {string | null} server - the server that it works for
 * @property {boolean} starting - an MCP server that is not ready yet
 * @property {string[]} tools - the tools in flight
 * @property {string | null} command - redacted
 */

/** Two clocks that differ by less tell the same moment, in ms. */
const SAME_MOMENT = 2000
/** The default ms between SIGTERM and SIGKILL. */
const KILL_GRACE = 2000

/**
 * Scans in the only scope that this command has: what was started through procward. Nothing is
 * ended by a dry run.
 * @param {{ dryRun: boolean }} options
 */
async function scan(options) {
  return scanner().clean(options.dryRun)
}

/**
 * Ends the tree that a process belongs to, whatever server started the tree.
 * @param {number} pid
 * @param {number} grace - ms between SIGTERM and SIGKILL
 */
async function endTree(pid, grace) {
  return scanner(grace).endTree(pid)
}

/** Returns whether a process is a server that uses procward. @param {number} pid */
async function isServer(pid) {
  const { killed, skipped } = await scan({ dryRun: true })
  const judged = [...killed, ...skipped].find((process) => process.pid === pid)
  return judged !== undefined && stateOf(judged).state === 'server'
}

/** Has all options given, so that the environment has no say. */
function scanner(killGrace = KILL_GRACE) {
  const { NativeScanner } = require('../native')
  const options = { interval: 60_000, maxAge: 300_000, killGrace, allow: [] }
  return new NativeScanner({ scope: 'tracked', ...options })
}

/** @param {import('../../binding').ScanReport} report @returns {Promise<Row[]>} */
async function rowsOf({ killed, skipped }) {
  const judged = [...killed, ...skipped]
  const [details, users] = await Promise.all([detailsOf(judged.map(({ pid }) => pid)), userNames()])
  const now = Date.now()
  const rows = judged.map(({ pid, name, age, code, reason, parent, user, owner = null }) => {
    return {
      pid,
      ...{ ppid: parent, owner, user: users.get(user ?? '') ?? user ?? null },
      name,
      ...stateOf({ code, reason }),
      code,
      age,
      startTime: Math.round(now - age),
      ...details(pid),
      server: null,
      starting: false,
      tools: /** @type {string[]} */ ([]),
    }
  })
  return sorted(rows)
}

/**
 * With what the server tells: what processes are for. Those that are not seen here run on its own
 * machine.
 * @param {Row[]} rows
 * @param {import('./health').ServerHealth['health']} health
 * @param {number} now - epoch ms
 * @param {boolean} [isOnly] - leaves out other servers and their processes
 */
function withServer(rows, { activeProcesses, pool }, now, isOnly = false) {
  const here = new Map(rows.map((row) => [row.pid, row]))
  /** @type {Map<number, Row>} */
  const told = new Map()
  for (const { pid, server, state, age, memory = null } of pool?.sessions ?? []) {
    if (typeof pid === 'number') note(pid, now - age, server, memory, null, state === 'starting')
  }
  for (const { pid, server, tool, startTime } of activeProcesses.processes) {
    if (typeof pid === 'number') note(pid, startTime, server, null, tool)
  }
  const isTold = (/** @type {Row} */ { pid }) => typeof told.get(pid)?.name === 'string'
  const others = rows.filter((row) => !isTold(row))
  // The server itself, and those of its processes that it did not tell of: its pid is their owner.
  const owners = new Set([...told.values()].map(({ owner }) => owner))
  owners.delete(null)
  const own = others.filter(({ pid, owner }) => owners.has(pid) || owners.has(owner))
  return sorted([...told.values(), ...(isOnly ? own : others)])

  /**
   * @param {number} pid
   * @param {number} start - its own, or that of a call in it
   * @param {string | null | undefined} server
   * @param {number | null} memory
   * @param {string | null} [tool]
   * @param {boolean} [starting]
   */
  function note(pid, start, server, memory, tool, starting = false) {
    const row = told.get(pid) ?? seen(here.get(pid), start, now) ?? unseen(pid, start, memory, now)
    const tools = tool ? [...row.tools, tool] : row.tools
    const isStarting = row.starting || starting
    told.set(pid, { ...row, server: row.server ?? server ?? null, starting: isStarting, tools })
  }
}

/**
 * A process that is younger than its call is another one, which has this pid on this machine.
 * @param {Row | undefined} row
 * @param {number} start
 * @param {number} now
 */
function seen(row, start, now) {
  return row?.state === 'owned' && now - Number(row.age) <= start + SAME_MOMENT ? row : undefined
}

/**
 * @param {number} pid
 * @param {number} start
 * @param {number | null} memory
 * @param {number} now
 * @returns {Row}
 */
function unseen(pid, start, memory, now) {
  const age = Math.max(0, now - start)
  return {
    ...{ pid, ppid: null, owner: null, user: null, name: null, state: 'owned', code: null },
    ...{ why: 'the server says so', age, startTime: Math.round(now - age), cpu: null, memory },
    ...{ server: null, starting: false, tools: [], command: null },
  }
}

/** @param {Row[]} rows */
function sorted(rows) {
  return rows.sort(
    (one, other) =>
      ORDER.indexOf(one.state) - ORDER.indexOf(other.state) || (other.age ?? 0) - (one.age ?? 0),
  )
}

/** Those that came with procward. @param {Row} row */
function isOurs({ state }) {
  return state === 'orphan' || state === 'owned' || state === 'server'
}

module.exports = { endTree, isOurs, isServer, rowsOf, scan, withServer }
