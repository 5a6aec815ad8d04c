// The processes that children of `child_process` leave behind on purpose: those of a child that
// has exited by itself live until the server ends, and those of a detached one may live on.

import { alive, below, facts, living, read, signal, until } from './processes.mjs'

const WARDEN = 'procward-warden\n'
/** No measurement, only an end to waiting, in ms. */
const LIMIT = 20_000

export class ChildTrees {
  #server
  /** Roots whose trees must end with them. @type {Set<number>} */
  #asked = new Set()
  /** @type {import('./processes.mjs').Process[]} */
  #released = []
  /** Children that Node.js has started. @type {Set<number>} */
  #unguarded = new Set()
  /** The marks of their calls, in the environment. @type {Set<string>} */
  #unguardedCalls = new Set()
  /** @type {Set<string>} */
  #outlived = new Set()
  /** Released children that ended all the same. */
  lost = 0
  /** The reasons why Node.js started a child. @type {string[]} */
  reasons = []

  /** @param {import('./server.mjs').Server} server */
  constructor(server) {
    this.#server = server
    server.on('unguarded', ({ pid, reason }) => {
      this.#unguarded.add(pid)
      this.reasons.push(reason)
    })
  }

  /** How many processes outlived their root, as they may. */
  get outlived() {
    return this.#outlived.size
  }

  /**
   * @param {{ pid?: number, code?: string, asked?: boolean }} outcome
   * @param {string} start
   * @param {number} call
   */
  note({ pid, code, asked }, start, call) {
    if (pid === undefined) return
    if (this.#unguarded.has(pid)) this.#unguardedCalls.add(`FAULTS_CALL=${call}\0`)
    if (code === 'RELEASED') this.#released.push(...[read(pid)].filter((one) => one !== undefined))
    if (asked && start !== 'detached') this.#asked.add(pid)
  }

  /**
   * Waits for the ends of the trees that must end, and ends what may stay. Resolves to the roots of
   * trees that must end and did not.
   * @param {(process: import('./processes.mjs').Process) => boolean} isNew
   */
  async settle(isNew) {
    const overdue = async () =>
      (await this.#server.ask('roots')).filter((/** @type {number} */ pid) => this.#asked.has(pid))
    await until(async () => (await overdue()).length === 0, LIMIT)
    const left = await overdue()
    this.lost += this.#released.length - alive(this.#released).length
    const isEmpty = async () => {
      const stay = this.#mayStay(isNew)
      for (const one of stay) {
        this.#outlived.add(one.id)
        signal(one.pid, 'SIGKILL')
      }
      return stay.length + (await this.#server.ask('roots')).length === 0
    }
    await until(isEmpty, LIMIT)
    this.#asked.clear()
    this.#released = []
    return left
  }

  /** Whether no warden has to hold a process. @param {import('./processes.mjs').Process} one */
  isFree(one) {
    const environment = facts(one.pid, 'environ')
    return isFree(one) || [...this.#unguardedCalls].some((mark) => environment.includes(mark))
  }

  /** @param {(process: import('./processes.mjs').Process) => boolean} isNew */
  #mayStay(isNew) {
    const all = living()
    const free = all.filter((one) => isNew(one) && this.isFree(one))
    const wardens = all.filter(({ pid }) => facts(pid, 'comm') === WARDEN)
    const tops = [this.#server.pid, ...this.#unguarded]
    const found = [...free, ...below(all, tops), ...all.filter(({ pid }) => tops.includes(pid))]
    return found.filter(
      ({ pid }) => pid !== this.#server.pid && !wardens.some((one) => one.pid === pid),
    )
  }
}

/** Whether a process, or one above it, was detached. @param {{ pid: number }} process */
export function isFree({ pid }) {
  return facts(pid, 'environ').includes('FAULTS_FREE=1\0')
}
