'use strict'

const { once } = require('node:events')
const { spawn } = require('../../child_process')
const { guardOf } = require('../../child-process/handle')
const { channels } = require('../../diagnostics')
const { publishProcesses } = require('../../diagnostics/processes')
const keepAlive = require('../../keep-alive')

/** @typedef {{ code: number | null, signal: NodeJS.Signals | null }} Exit */

/**
 * A command below a warden, and all its processes. If no warden works, the command alone. It is in
 * the process group of this process, so it keeps the terminal's foreground.
 */
class GuardedTree {
  #child
  #guard
  #grace

  /**
   * Starts the command with the standard streams of this process.
   * @param {string} file
   * @param {string[]} args
   * @param {number} grace - ms between SIGTERM and SIGKILL
   * @param {(reason: string) => void} onUnguarded
   */
  constructor(file, args, grace, onUnguarded) {
    channels.unguarded.subscribe((message) =>
      onUnguarded(/** @type {{ reason: string }} */ (message).reason),
    )
    // This process starts nothing else. Events are recorded from here on, because a short command
    // may have exited when its start returns.
    const ended = new Promise((end) => channels.exit.subscribe(end))
    publishProcesses()
    this.#child = spawn(file, args, { stdio: 'inherit' })
    this.#guard = guardOf(this.#child)
    this.#grace = grace
    this.exit = this.#wait(ended)
  }

  get pid() {
    return this.#child.pid ?? 0
  }

  /** Returns whether the command itself runs. */
  get isRunning() {
    const { pid, exitCode, signalCode } = this.#child
    return pid !== undefined && exitCode === null && signalCode === null
  }

  /** Sends a signal to the command itself. @param {NodeJS.Signals} name */
  signal(name) {
    this.#child.kill(name)
  }

  /** Terminates all processes. @param {number} [grace] */
  terminate(grace = this.#grace) {
    if (this.#guard) return this.#guard.terminate('aborted', grace)
    this.#child.kill('SIGTERM')
    setTimeout(() => this.#child.kill('SIGKILL'), grace).unref()
  }

  /**
   * Waits until the command has exited, and terminates the processes that it has left behind.
   * @param {Promise<any>} ended - the published exit
   * @returns {Promise<Exit>} once all have exited
   */
  async #wait(ended) {
    const [code, signal] = await once(this.#child, 'exit')
    if (!this.#guard) return { code, signal }
    this.terminate()
    keepAlive.hold()
    const { signal: seen } = await ended
    keepAlive.letGo()
    // Node.js has no name for a real-time signal, and reports the code 0.
    return signal === null && seen !== null ? { code: null, signal: seen } : { code, signal }
  }
}

module.exports = { GuardedTree }
