// A server with trees that is killed again and again, and started again by its supervisor.

import { setTimeout as sleep } from 'node:timers/promises'
import { isFree } from './child-trees.mjs'
import { alive, below, facts, living, read, signal, timeToZero, until } from './processes.mjs'
import { Server } from './server.mjs'
import { trees } from './trees.mjs'

/**
 * - `delay`: of the kill after the trees' start is asked for, in ms. A child that is to be released
 *   is released before.
 * - `wardens`: all of them are killed with it.
 * - `ways`: the trees are started through `child_process`, in these ways.
 * - `end`: it ends so instead (fixtures/ends.cjs).
 * @typedef {{ delay: number, wardens: boolean, ways?: string[], end?: string }} Kill
 */
/**
 * How long what it left may take to go, in ms: the scanner's patience, and processes that ignore
 * SIGTERM.
 */
const PATIENCE = 15_000

export class RestartedServer {
  #options
  #server
  /** Kills take turns. @type {Promise<unknown>} */
  #turn = Promise.resolve()
  kills = 0
  /** Processes that outlived a kill and the start after it. */
  left = 0
  /** Released children that did not outlive it. */
  lost = 0
  /** Released children in all. */
  released = 0
  /** Kills with a child that had no guard. */
  unguarded = 0

  /** @param {ConstructorParameters<typeof Server>[0]} [options] of the server */
  constructor(options) {
    this.#options = options
    this.#server = new Server(options)
  }

  /**
   * Kills it with its trees in some state, and waits until nothing is left of them.
   * @param {Kill} how
   */
  kill(how) {
    this.#turn = this.#turn.then(() => this.#kill(how))
    return this.#turn
  }

  /** It and all below it. */
  pids() {
    return [this.#server.pid, ...below(living(), [this.#server.pid]).map(({ pid }) => pid)]
  }

  /** Ends it for good. */
  async end() {
    await this.#turn
    const last = below(living(), [this.#server.pid])
    await this.#server.kill()
    await timeToZero(last)
  }

  /** @param {Kill} how */
  async #kill({ delay, wardens, ways, end }) {
    const server = this.#server
    if (ways) await server.ask('prepare')
    let isGuarded = true
    server.once('unguarded', () => {
      isGuarded = false
    })
    /** @type {import('./processes.mjs').Process[]} */
    const released = []
    server.on('released', (/** @type {number[]} */ pids) =>
      released.push(...pids.map(read).filter((one) => one !== undefined)),
    )
    // What has neither a tag nor a warden can't be found.
    const hasTags = wardens || ways?.some((way) => way === 'detached' || way === 'released')
    const tree = hasTags ? trees.tagged : trees.hostile
    const verb = ways ? 'children' : 'trees'
    server.ask(verb, { ...tree, count: 3, ways }).catch(() => {})
    await sleep(delay)
    if (ways?.includes('released')) await until(() => released.length > 0)
    if (wardens) signal(server.pid, 'SIGSTOP')
    const before = below(living(), [server.pid])
    if (wardens)
      for (const { pid } of before.filter(({ parent }) => parent === server.pid))
        signal(pid, 'SIGKILL')
    const { started } = /** @type {import('./processes.mjs').Process} */ (read(server.pid))
    if (end) server.ask('end', { how: end }).catch(() => {})
    else signal(server.pid, 'SIGKILL')
    await server.exited
    this.kills++
    this.#server = new Server(this.#options)
    await this.#server.ask('startCleanup', { interval: 1000, maxAge: 3_600_000 })
    const seen = before.filter((one) => !isFree(one))
    // Some may have started after the look; a warden, which goes last, carries the tag too.
    const isOfServer = (/** @type {typeof seen[0]} */ one) =>
      facts(one.pid, 'environ').includes(`:${server.pid}:${started}:`)
    const isLeft = (/** @type {typeof seen[0]} */ one) => isOfServer(one) && !isFree(one)
    const isOver = await until(() => alive(seen).length === 0 && !living().some(isLeft), PATIENCE)
    if (!isGuarded) this.unguarded++
    else if (!isOver) this.left++
    this.released += released.length
    this.lost += released.length - alive(released).length
    for (const { pid } of living().filter((one) => isOfServer(one) && isFree(one)))
      signal(pid, 'SIGKILL')
  }
}
