// A pool of MCP servers that is used for long: bursts of calls, idle times, crashes and changes of
// the configuration.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { diceFrom } from '../support/dice.mjs'
import { check, figure } from '../support/figures.mjs'
import { all, until } from '../support/processes.mjs'

const { McpPool } = createRequire(import.meta.url)('../..')

export const title = 'MCP sessions: bursts of calls, idle times, crashes, changed configurations'
export const isolated = false
export const counts = {
  full: { calls: 100_000, warmUp: 40_000 },
  quick: { calls: 3000, warmUp: 1000 },
}
const MIB = 2 ** 20
/**
 * How much more there may be after all calls than after the first ones, V8's heap apart: it grows
 * and shrinks as it likes.
 */
const BOUNDS = {
  'rss without the heap': 16 * MIB,
  'heap in use': 2 * MIB,
  descriptors: 6,
  threads: 4,
}
const SERVERS = ['a', 'b', 'c', 'd']
const AT_ONCE = 8
const IDLE = 200
const LONGEST_BURST = 800
const script = fileURLToPath(new URL('../../__test__/fixtures/hostile-server.mjs', import.meta.url))

/** @param {{ calls: number, warmUp: number, seed: number }} counts */
export async function run({ calls, warmUp, seed }) {
  const folder = mkdtempSync(join(tmpdir(), 'procward-soak-'))
  const soak = new Soak(join(folder, 'mcporter.json'), diceFrom(seed))
  await soak.play(warmUp)
  const before = await levels()
  const begin = performance.now()
  await soak.play(calls)
  const seconds = (performance.now() - begin) / 1000
  const after = await levels()
  await soak.report(calls + warmUp)
  for (const [name, bound] of Object.entries(BOUNDS)) {
    const text = `${name}: ${shown(before[name])} after ${warmUp} calls, ${shown(after[name])} after ${calls} more`
    check(after[name] - before[name] <= bound, `${text} (bound +${shown(bound)})`)
  }
  figure(`rss: ${shown(before.rss)}, then ${shown(after.rss)}`)
  figure(`${calls} calls in ${seconds.toFixed(0)} s, seed ${seed}`)
  rmSync(folder, { recursive: true, force: true })
}

class Soak {
  #file
  #dice
  #pool
  #version = 0
  /** @type {Record<string, number>} */
  #outcomes = {}
  #tally = { bursts: 0, 'idle times': 0, crashes: 0, changes: 0 }
  /** What was there though it should not have been. @type {string[]} */
  #leaks = []
  /** @type {Set<number>} */
  #pids = new Set()

  /** @param {string} file @param {import('../support/dice.mjs').Dice} dice */
  constructor(file, dice) {
    this.#file = file
    this.#dice = dice
    this.#configure()
    this.#pool = new McpPool({
      configPath: file,
      idleTimeout: IDLE,
      maxSessions: 3,
      killGrace: 100,
    })
  }

  /** @param {number} calls */
  async play(calls) {
    for (let left = calls; left > 0; ) {
      const burst = Math.min(left, this.#dice.within(1, LONGEST_BURST))
      left -= burst
      await this.#burst(burst)
      this.#look()
      if (this.#dice.within(1, 20) === 1) this.#configure()
      if (this.#dice.within(1, 8) === 1) await this.#idle()
    }
    await this.#idle(4 * IDLE)
  }

  /**
   * Calls to two servers at most, so that not each of them has to start one.
   * @param {number} calls
   */
  async #burst(calls) {
    this.#tally.bursts++
    const servers = [this.#dice.one(SERVERS), this.#dice.one(SERVERS)]
    const crash = this.#dice.within(1, 6) === 1 ? this.#dice.within(1, calls) : 0
    let left = calls
    const worker = async () => {
      while (left > 0) {
        const isCrash = left-- === crash
        this.#tally.crashes += Number(isCrash)
        await this.#call(this.#dice.one(servers), isCrash ? 'crash' : 'echo')
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  }

  /** @param {string} server @param {string} tool */
  async #call(server, tool) {
    const text = String(this.#dice.within(0, 1e9))
    const outcome = await this.#pool.callTool(server, tool, { text }).then(
      (/** @type {any} */ { content }) => (content[0].text === text ? 'OK' : "another's answer"),
      ({ code }) => code,
    )
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1
  }

  async #idle(ms = this.#dice.within(0, 3 * IDLE)) {
    this.#tally['idle times']++
    await sleep(ms)
    this.#look()
  }

  /** When no call runs. */
  #look() {
    const { sessions, queued } = this.#pool.getStatus()
    const active = this.#pool.getActiveCalls()
    for (const { pid } of sessions) if (pid !== null) this.#pids.add(pid)
    const inFlight = sessions.reduce((sum, session) => sum + session.inFlight, 0)
    if (sessions.length > 3 || queued + active.length + inFlight > 0) {
      this.#leaks.push(JSON.stringify({ queued, active, sessions }))
    }
  }

  /** Another environment for one server of the configuration. */
  #configure() {
    this.#tally.changes++
    this.#version++
    const changed = this.#version % SERVERS.length
    const mcpServers = Object.fromEntries(
      SERVERS.map((name, at) => {
        const env = { NAME: name, VERSION: String(at === changed ? this.#version : 0) }
        return [name, { command: process.execPath, args: [script], env }]
      }),
    )
    writeFileSync(this.#file, JSON.stringify({ imports: [], mcpServers }))
  }

  /** @param {number} calls */
  async report(calls) {
    const idle = await until(() => this.#pool.getStatus().sessions.length === 0)
    check(idle, 'no session outlives its idle time')
    await this.#pool.close()
    const mine = all().filter(({ parent }) => parent === process.pid)
    const left = all().filter(({ pid, state }) => this.#pids.has(pid) && state !== 'Z')
    check(mine.length === 0 && left.length === 0, `processes left: ${mine.length + left.length}`)
    check(
      this.#leaks.length === 0,
      `leaked sessions, calls or places: ${this.#leaks.length} ${this.#leaks[0] ?? ''}`,
    )
    const settled = Object.values(this.#outcomes).reduce((sum, count) => sum + count, 0)
    check(settled === calls, `calls that were settled: ${settled} of ${calls}`)
    const { OK = 0, ERR_SERVER_EXITED: exited = 0, ...odd } = this.#outcomes
    check(
      Object.keys(odd).length === 0,
      `outcomes: ${OK} answers, ${exited} of servers that crashed, ${JSON.stringify(odd)}`,
    )
    figure(`${JSON.stringify(this.#tally)}, at least ${this.#pids.size} server processes`)
  }
}

async function levels() {
  globalThis.gc?.()
  await sleep(100)
  globalThis.gc?.()
  const { rss, heapTotal, heapUsed } = process.memoryUsage()
  return {
    'rss without the heap': rss - heapTotal,
    'heap in use': heapUsed,
    rss,
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
  }
}

/** @param {number} value */
function shown(value) {
  return value < MIB ? String(value) : `${(value / MIB).toFixed(1)} MiB`
}
