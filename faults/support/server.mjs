// A server with procward that does as it is told, as a child of the scenario. See
// fixtures/server.cjs.

import { fork } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { living, signal, since, until } from './processes.mjs'

const PROGRAM = fileURLToPath(new URL('../fixtures/server.cjs', import.meta.url))

/** @typedef {import('./trees.mjs').Tree} Tree */

export class Server extends EventEmitter {
  #child
  #number = 0
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  #asked = new Map()

  /**
   * @param {{ warden?: boolean, execArgv?: string[], quiet?: boolean, within?: string[] }}
   *   [options] `quiet`: what it says of its end is not shown; `within`: a command that becomes the
   *   one that follows
   */
  constructor({ warden = true, execArgv = [], quiet = false, within = [] } = {}) {
    super()
    this.warden = warden
    const env = { ...process.env, PROCWARD_WARDEN: warden ? 'on' : 'off' }
    const stdio = ['ignore', 'inherit', quiet ? 'ignore' : 'inherit', 'ipc']
    const [execPath, ...before] = [...within, process.execPath]
    this.#child = fork(PROGRAM, {
      env,
      execPath,
      execArgv: [...before, '--expose-gc', ...execArgv],
      stdio,
    })
    /** With code and signal, once it has exited. */
    this.exited = once(this.#child, 'exit')
    this.#child.on('message', (message) => this.#hear(message))
    this.exited.then(([code, name]) => {
      for (const { reject } of this.#asked.values())
        reject(new Error(`the server has gone (${name ?? code})`))
      this.#asked.clear()
    })
  }

  get isConnected() {
    return this.#child.connected
  }

  get pid() {
    return Number(this.#child.pid)
  }

  /**
   * Asks it to do something; rejects with what went wrong, also when it dies before it has
   * answered.
   * @param {string} verb
   * @param {unknown} [value]
   * @returns {Promise<any>}
   */
  ask(verb, value) {
    const number = ++this.#number
    return new Promise((resolve, reject) => {
      this.#asked.set(number, { resolve, reject })
      this.#child.send({ number, verb, value }, (error) => error && reject(error))
    })
  }

  /**
   * Starts trees and waits until all their processes are there.
   * @param {Tree} tree
   * @param {number} count
   * @param {object} [options] for procward
   */
  startTrees(tree, count, options) {
    return this.growth(tree, count, () => this.ask('trees', { ...tree, count, options }))
  }

  /**
   * What `start` adds, once it is complete; nothing else may start meanwhile.
   * @param {Tree} tree
   * @param {number} count
   * @param {() => Promise<unknown>} start
   */
  async growth(tree, count, start) {
    await this.ask('ready')
    const before = living()
    await start()
    const expected = count * (tree.size + (this.warden ? 1 : 0))
    const complete = () => since(before).length === expected
    // A daemon comes by way of a process that goes: only a second look tells.
    if (await until(async () => complete() && (await sleep(30, true)) && complete()))
      return since(before)
    throw new Error(`${since(before).length} processes have started instead of ${expected}`)
  }

  /** Resolves when it has exited. @param {NodeJS.Signals} [name] */
  async kill(name = 'SIGKILL') {
    signal(this.pid, name)
    await this.exited
  }

  #hear({ number, event, value, error }) {
    if (event) {
      this.emit(event, value)
      return
    }
    const asked = this.#asked.get(number)
    this.#asked.delete(number)
    if (error) asked?.reject(Object.assign(new Error(error.message), error))
    else asked?.resolve(value)
  }
}
