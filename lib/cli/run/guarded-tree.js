'use strict'

const { once } = require('node:events')
const { spawn } = require('../../child_process')
const { guardOf } = require('../../child-process/handle')
const { channels } = require('../../diagnostics')
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
    // The exit is recorded for subscribers alone, and this process starts nothing else.
    const ended = new Promise((end) => channels.exit.subscribe(end))
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
   * @param {Promise<unknown>} ended
   * @returns {Promise<Exit>} once all have exited
   */
  async #wait(ended) {
    const [code, signal] = await once(this.#child, 'exit')
    if (this.#guard) {
      this.terminate()
      keepAlive.hold()
      await ended
      keepAlive.letGo()
    }
    return { code, signal }
  }
}

module.exports = { GuardedTree }
