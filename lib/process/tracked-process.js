'use strict'

const { EventEmitter } = require('node:events')
const { codedError, throwLater } = require('../errors')
const validate = require('../validate')
const { bytes } = require('./request')

/** A process that streams its output as events, line by line. */
class TrackedProcess extends EventEmitter {
  #call
  /** @type {number | null} */
  #pid = null
  /** @type {Promise<any>} */
  #exited

  /**
   * @param {import('../../binding').ProcessCall} call
   * @param {ReturnType<typeof import('./request').processRequest>} request
   * @param {(listener: (event: import('../../binding').ProcessEvent) => void) => Promise<any>}
   *   start
   */
  constructor(call, request, start) {
    super()
    this.#call = call
    this.server = request.native.server ?? null
    this.tool = request.native.tool ?? null
    this.startTime = Date.now()
    if (request.input) call.write(request.input)
    this.#exited = start((event) => this.#onEvent(event))
    // Handles the rejection, so that a caller need not catch `exited`.
    this.#exited.then(
      (result) => this.emit('exit', result, null),
      (error) => this.emit('exit', null, error),
    )
  }

  /** Pid of the command itself. `null` until the process has started. */
  get pid() {
    return this.#pid
  }

  /** Settles like `run()`, once the whole tree has exited. */
  get exited() {
    return this.#exited
  }

  /**
   * @param {string | Uint8Array} data
   * @returns {Promise<void>} once the data is written to stdin
   */
  async write(data) {
    if (await this.#call.write(bytes(data))) return
    throw codedError(
      'ERR_INPUT_CLOSED',
      'The process takes no more input: stdin was closed, or the process has exited',
    )
  }

  /**
   * Closes stdin, after writing `data` if given.
   * @param {string | Uint8Array} [data]
   * @returns {Promise<void>}
   */
  async end(data) {
    const last = data === undefined ? undefined : bytes(data)
    const written = last && this.write(last)
    this.#call.endInput()
    await written
  }

  /**
   * Terminates the whole tree.
   * @param {{ killGrace?: number }} [options]
   * @returns {Promise<void>} once the tree has exited
   */
  async kill(options) {
    const { killGrace } = validate.options('options', options, ['killGrace'])
    this.#call.terminate(
      'aborted',
      killGrace === undefined ? undefined : validate.time('killGrace', killGrace),
    )
    await this.#exited.catch(() => {})
  }

  /** @param {import('../../binding').ProcessEvent} event */
  #onEvent({ pid, lines, errorLines }) {
    if (pid !== undefined) {
      this.#pid = pid
      this.#emit('spawn', pid)
    }
    for (const line of lines) this.#emit('line', line)
    for (const line of errorLines) this.#emit('errorLine', line)
  }

  /**
   * Emits an event. An error of a listener is an uncaught exception and holds back no other line.
   * @param {string} event
   * @param {unknown} value
   */
  #emit(event, value) {
    try {
      this.emit(event, value)
    } catch (error) {
      throwLater(error)
    }
  }
}

module.exports = { TrackedProcess }
