// Plays random faults against one server, and kills another.

import { setTimeout as sleep } from 'node:timers/promises'
import { faults } from './faults.mjs'

/** More calls than there are slots, so that there is a queue too. */
const AT_ONCE = 8
/** No measurement, only an end to waiting for a call, in ms. */
const HUNG = 60_000
const SERVER_KILL = 'kill server'
const KINDS = [...Object.keys(faults), SERVER_KILL]

export class Harness {
  #server
  #other
  #dice
  #calls = 0
  /** What was played. @type {string[]} */
  kinds = []
  /** How the calls ended. @type {string[]} */
  outcomes = []
  /** Calls that did not. @type {string[]} */
  hung = []

  /**
   * @param {import('./server.mjs').Server} server
   * @param {import('./restarted-server.mjs').RestartedServer} other
   * @param {import('./dice.mjs').Dice} dice
   */
  constructor(server, other, dice) {
    this.#server = server.setMaxListeners(AT_ONCE)
    this.#other = other
    this.#dice = dice
  }

  /** Plays so many faults; resolves when all their calls have ended. @param {number} count */
  async play(count) {
    let left = count
    const worker = async () => {
      while (left-- > 0) await this.#one()
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  }

  /** All is chosen before anything is waited for: the n-th fault of a seed is always the same. */
  async #one() {
    const kind = this.#dice.one(KINDS)
    this.kinds.push(kind)
    if (kind === SERVER_KILL) {
      await this.#other.kill({
        delay: this.#dice.within(0, 100),
        wardens: this.#dice.one([true, false]),
      })
      return
    }
    const fault = faults[kind](this.#dice)
    const outcome = await Promise.race([this.#call(fault), sleep(HUNG, undefined, { ref: false })])
    if (outcome) this.outcomes.push(outcome)
    else this.hung.push(kind)
    fault.done?.()
  }

  /** @param {import('./faults.mjs').Fault} fault @returns {Promise<string>} its outcome's code */
  async #call({ tree, verb = 'call', options, write, end, delay = 0, act }) {
    const id = ++this.#calls
    const act_ = async (/** @type {number} */ root) => {
      await sleep(delay)
      if (act === 'abort') await this.#server.ask('abort', id)
      else act?.(root, this.#server.pid)
    }
    const onStarted = (/** @type {{ id: number, pid: number }} */ started) =>
      started.id === id && act_(started.pid)
    if (act === 'abort') act_(0)
    else this.#server.on('started', onStarted)
    const { code } = await this.#server.ask(verb, { id, ...tree, options, write, end })
    this.#server.off('started', onStarted)
    return code ?? 'OK'
  }
}
