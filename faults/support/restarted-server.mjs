// A server with trees that is killed again and again, and started again by its supervisor.

import { setTimeout as sleep } from 'node:timers/promises'
import { alive, below, facts, living, read, signal, timeToZero, until } from './processes.mjs'
import { Server } from './server.mjs'
import { trees } from './trees.mjs'

/**
 * How long what it left may take to go, in ms: the scanner's patience, and processes that ignore
 * SIGTERM.
 */
const PATIENCE = 15_000

export class RestartedServer {
  #server = new Server()
  /** Kills take turns. @type {Promise<unknown>} */
  #turn = Promise.resolve()
  kills = 0
  /** Processes that outlived a kill and the start after it. */
  left = 0

  /**
   * Kills it with its trees in some state, and waits until nothing is left of them.
   * @param {{ delay: number, wardens: boolean }} how `wardens`: all of them are killed with it
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

  /** @param {{ delay: number, wardens: boolean }} how */
  async #kill({ delay, wardens }) {
    const server = this.#server
    // What has neither a tag nor a warden can't be found.
    server.ask('trees', { ...(wardens ? trees.tagged : trees.hostile), count: 3 }).catch(() => {})
    await sleep(delay)
    if (wardens) signal(server.pid, 'SIGSTOP')
    const seen = below(living(), [server.pid])
    if (wardens)
      for (const { pid } of seen.filter(({ parent }) => parent === server.pid))
        signal(pid, 'SIGKILL')
    const { started } = /** @type {import('./processes.mjs').Process} */ (read(server.pid))
    await server.kill()
    this.kills++
    this.#server = new Server()
    await this.#server.ask('startCleanup', { interval: 1000, maxAge: 3_600_000 })
    // Some may have started after the look; a warden, which goes last, carries the tag too.
    const isOfServer = ({ pid }) => facts(pid, 'environ').includes(`:${server.pid}:${started}:`)
    if (!(await until(() => alive(seen).length === 0 && !living().some(isOfServer), PATIENCE)))
      this.left++
  }
}
