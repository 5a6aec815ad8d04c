'use strict'

const { Runner } = require('../../process/runner')

/** @typedef {import('./guarded-tree').Exit} Exit */

/** A command and all its processes, held as this platform can without a warden. */
class TrackedTree {
  #child
  #isRunning = true

  /**
   * Starts the command with the standard streams of this process.
   * @param {string} file
   * @param {string[]} args
   * @param {number} grace - ms between SIGTERM and SIGKILL
   */
  constructor(file, args, grace) {
    this.#child = new Runner().spawn(file, args, {
      stdin: 'inherit',
      stdout: 'inherit',
      stderr: 'inherit',
      killGrace: Math.max(grace, 1),
      timeout: Infinity,
      reject: false,
    })
    this.exit = this.#wait()
  }

  get pid() {
    return this.#child.pid ?? 0
  }

  /** Returns whether the command itself runs, or is about to start. */
  get isRunning() {
    return this.#isRunning && this.#child.kill(0)
  }

  /** Sends a signal to the command itself. @param {NodeJS.Signals} name */
  signal(name) {
    this.#child.kill(name)
  }

  /** Terminates all processes. @param {number} [grace] */
  terminate(grace) {
    this.#child.kill(grace === undefined ? {} : { killGrace: Math.max(grace, 1) })
  }

  /** @returns {Promise<Exit>} once all processes have exited */
  async #wait() {
    try {
      const { exitCode, signal } = await this.#child.exited
      return { code: exitCode, signal }
    } catch (error) {
      throw /** @type {Error} */ (error).cause ?? error
    } finally {
      this.#isRunning = false
    }
  }
}

module.exports = { TrackedTree }
