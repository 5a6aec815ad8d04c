// Plays random faults against one server, and kills another.

import { setTimeout as sleep } from 'node:timers/promises'
import { childFault, childKinds } from './child-faults.mjs'
import { ChildTrees } from './child-trees.mjs'
import { faults } from './faults.mjs'

/** More calls than there are slots, so that there is a queue too. */
const AT_ONCE = 8
/** No measurement, only an end to waiting for a call, in ms. */
const HUNG = 60_000
const SERVER_KILL = 'kill server'
const KINDS = [...Object.keys(faults), SERVER_KILL]
const CHILD_KINDS = [...childKinds, SERVER_KILL]

export class Harness {
  #server
  #other
  #dice
  #calls = 0
  /** What was played. @type {string[]} */
  kinds = []
  /** The ways in which `child_process` was used. @type {string[]} */
  starts = []
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
    this.#server = server.setMaxListeners(2 * AT_ONCE)
    this.#other = other
    this.#dice = dice
    this.trees = new ChildTrees(server)
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
    const isChild = this.#dice.one([true, false])
    const kind = this.#dice.one(isChild ? CHILD_KINDS : KINDS)
    this.kinds.push(kind)
    if (kind === SERVER_KILL) {
      await this.#other.kill(killOf(this.#dice, isChild))
      return
    }
    const fault = isChild ? childFault(kind, this.#dice) : faults[kind](this.#dice)
    if (isChild) this.starts.push(fault.verb === 'child' ? fault.start : 'in a worker thread')
    const outcome = await Promise.race([this.#call(fault), sleep(HUNG, undefined, { ref: false })])
    if (outcome) this.outcomes.push(outcome)
    else this.hung.push(isChild ? `${kind} (${fault.start})` : kind)
    fault.done?.()
  }

  /**
   * @param {import('./child-faults.mjs').ChildFault} fault
   * @returns {Promise<string>} its outcome's code
   */
  async #call({ tree, verb = 'call', options, write, end, delay = 0, act, start, how }) {
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
    const asked = this.#server.ask(verb, { id, ...tree, options, write, end, start, ...how })
    const outcome = await (start
      ? asked.catch(({ code, message }) => ({ code: code ?? message }))
      : asked)
    this.#server.off('started', onStarted)
    if (start) this.trees.note(outcome, start, id)
    return outcome.code ?? 'OK'
  }
}

/**
 * A kill or another end of the other server, with trees that it has started in one way or the
 * other.
 * @param {import('./dice.mjs').Dice} dice
 * @param {boolean} isChild
 * @returns {import('./restarted-server.mjs').Kill}
 */
function killOf(dice, isChild) {
  const [delay, wardens] = [dice.within(0, 100), dice.one([true, false])]
  if (!isChild) return { delay, wardens }
  const ways = ['exec', 'execFile', 'fork', 'execa', 'ignore', 'extra']
  // What nothing but its own warden guards can't be found without the warden.
  if (!wardens) ways.push('detached', 'released')
  return {
    ...{ delay, wardens, ways: [dice.one(ways), dice.one(ways), dice.one(ways)] },
    end: wardens ? undefined : dice.one([undefined, 'exit', 'throw', 'reject', 'abort']),
  }
}
