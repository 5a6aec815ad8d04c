'use strict'

const { spawn } = require('../../child_process')
const { guardOf } = require('../../child-process/handle')
const { channels } = require('../../diagnostics')
const keepAlive = require('../../keep-alive')

/** A command and all its processes. Without a guard, the command alone. */
class Tree {
  #guard
  #grace
  /** Resolves when the last process has exited. @type {Promise<void>} */
  #ended

  /**
   * Starts the command in this process's group, with its standard streams.
   * @param {string} file
   * @param {string[]} args
   * @param {number} grace - ms between SIGTERM and SIGKILL
   */
  constructor(file, args, grace) {
    // The exit is recorded for subscribers alone, and this process starts nothing else.
    this.#ended = new Promise((end) => channels.exit.subscribe(() => end()))
    this.child = spawn(file, args, { stdio: 'inherit' })
    this.#guard = guardOf(this.child)
    this.#grace = grace
  }

  /** Returns whether the command itself runs. */
  get isRunning() {
    const { pid, exitCode, signalCode } = this.child
    return pid !== undefined && exitCode === null && signalCode === null
  }

  /** Terminates all processes. @param {number} [grace] */
  terminate(grace = this.#grace) {
    if (this.#guard) return this.#guard.terminate('aborted', grace)
    this.child.kill('SIGTERM')
    setTimeout(() => this.child.kill('SIGKILL'), grace).unref()
  }

  /** Terminates the processes that the command has left behind, and waits for their exit. */
  async endRest() {
    if (!this.#guard) return
    this.terminate()
    keepAlive.hold()
    await this.#ended
    keepAlive.letGo()
  }
}

module.exports = { Tree }
