'use strict'

const { EventEmitter } = require('node:events')
const { codedError, throwLater } = require('../errors')
const validate = require('../validate')
const { bytes } = require('./request')

/** A process that streams: what it writes comes as events, line by line. */
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
    this.#exited = start((event) => this.#hear(event))
    // Whoever listens for 'exit' need not also catch `exited`.
    this.#exited.then(
      (result) => this.emit('exit', result, null),
      (error) => this.emit('exit', null, error),
    )
  }

  /** The process's own pid; `null` until it has started. */
  get pid() {
    return this.#pid
  }

  /** Settles like `run()`, when the whole tree has exited. */
  get exited() {
    return this.#exited
  }

  /**
   * @param {string | Uint8Array} data
   * @returns {Promise<void>} once the process's input has taken it
   */
  async write(data) {
    if (await this.#call.write(bytes(data))) return
    throw codedError(
      'ERR_INPUT_CLOSED',
      'The process takes no more input: it was ended, or the process has exited',
    )
  }

  /**
   * Ends its input, after `data` if there is any.
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
   * Ends the whole tree.
   * @param {{ killGrace?: number }} [options]
   * @returns {Promise<void>} once it has exited
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
  #hear({ pid, lines, errorLines }) {
    if (pid !== undefined) {
      this.#pid = pid
      this.#tell('spawn', pid)
    }
    for (const line of lines) this.#tell('line', line)
    for (const line of errorLines) this.#tell('errorLine', line)
  }

  /**
   * A listener that throws is an uncaught exception, and no reason to keep the other lines back.
   * @param {string} event
   * @param {unknown} value
   */
  #tell(event, value) {
    try {
      this.emit(event, value)
    } catch (error) {
      throwLater(error)
    }
  }
}

module.exports = { TrackedProcess }
