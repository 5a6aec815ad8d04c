'use strict'

const native = require('../native')
const { publishProcesses } = require('../diagnostics/processes')
const { abortError } = require('../errors')
const { closedError, isClosing, track } = require('../lifecycle')
const { abortListeners } = require('../signal-waiters')
const validate = require('../validate')
const { failure, inputFailure, startError, stuckError } = require('./failure')
const { processRequest } = require('./request')

/** @typedef {import('../../index').RunOptions} RunOptions */

let lastOwner = 0

/** Starts processes and tracks them. */
class Runner {
  #owner = ++lastOwner
  /** @type {Map<import('../../binding').ProcessCall, Promise<unknown>>} */
  #running = new Map()
  #closed = false

  /**
   * @param {string} command
   * @param {readonly string[] | RunOptions} [args]
   * @param {RunOptions} [options]
   * @returns {Promise<any>}
   */
  async run(command, args = [], options) {
    const request = loading(command, () => processRequest(command, args, options, this.#owner))
    const call = new native.ProcessCall()
    if (request.input) call.write(request.input)
    if (!request.source) call.endInput()
    return this.#start(call, request)
  }

  /**
   * @param {string} command
   * @param {readonly string[] | RunOptions} [args]
   * @param {RunOptions} [options]
   */
  spawn(command, args = [], options) {
    // Loaded on use, because most servers only run commands.
    const { TrackedProcess } = loading(command, () => require('./tracked-process'))
    const request = loading(command, () => processRequest(command, args, options, this.#owner))
    if (/^(utf-?16le|ucs-?2)$/i.test(request.encoding))
      throw validate.invalidConfig('encoding', 'one that has lines', request.encoding)
    const call = new native.ProcessCall()
    return new TrackedProcess(call, request, (listener) =>
      this.#start(call, request, (event) => {
        if (event.pid !== undefined) publishProcesses()
        listener(event)
      }),
    )
  }

  /** Returns the running processes of this runner. */
  getActiveProcesses() {
    return native.activeProcesses(this.#owner)
  }

  /**
   * Refuses new processes and terminates every tree of this runner.
   * @param {{ killGrace?: number }} [options]
   * @returns {Promise<void>} once all trees have exited
   */
  async shutdown(options) {
    const { killGrace } = validate.options('options', options, ['killGrace'])
    if (killGrace !== undefined) validate.time('killGrace', killGrace)
    this.#closed = true
    for (const call of this.#running.keys()) call.terminate('shutdown', killGrace)
    await Promise.allSettled(this.#running.values())
  }

  /**
   * @param {import('../../binding').ProcessCall} call
   * @param {ReturnType<typeof processRequest>} request
   * @param {(event: import('../../binding').ProcessEvent) => void} [listener]
   */
  async #start(call, request, listener) {
    const { signal } = request
    const { command } = request.native
    const refusal =
      this.#closed || isClosing() ? closedError(command) : signal?.aborted && abortError(signal)
    if (refusal) {
      // Refuse pending input too, which would wait for ever.
      call.abandon()
      throw refusal
    }
    const abort = () => call.terminate('aborted')
    if (signal) abortListeners.add(signal, abort)
    const running = track(outcomeOf(call, request, listener), (killGrace) =>
      call.terminate('shutdown', killGrace),
    )
    this.#running.set(call, running)
    publishProcesses()
    /** @type {Error | undefined} */
    let inputError
    const stopFeeding =
      request.source &&
      require('./input').feed(call, request.source, (error) => {
        inputError = error
        abort()
      })
    try {
      return settle(await running, request, inputError)
    } finally {
      stopFeeding?.()
      this.#running.delete(call)
      if (signal) abortListeners.delete(signal, abort)
    }
  }
}

/**
 * Calls a function that loads files on use. Without a descriptor left for them, the command cannot
 * start either.
 * @template T
 * @param {string} command
 * @param {() => T} load
 * @returns {T}
 */
function loading(command, load) {
  try {
    return load()
  } catch (error) {
    const { code, errno = 0 } = /** @type {NodeJS.ErrnoException} */ (error)
    throw code === 'EMFILE' || code === 'ENFILE' ? startError(command, -errno) : error
  }
}

/**
 * Runs a call, and decodes its outputs, but for UTF-8, which the addon decodes.
 * @param {import('../../binding').ProcessCall} call
 * @param {ReturnType<typeof processRequest>} request
 * @param {(event: import('../../binding').ProcessEvent) => void} [listener]
 */
async function outcomeOf(call, { native: options, encoding }, listener) {
  const outcome = await call.run(options, listener)
  const isReady = outcome.startError != null || typeof outcome.stdout === 'string'
  if (isReady || encoding === 'buffer') return outcome
  // Loaded on use, because most outputs are UTF-8.
  return require('./decode').decodeOutputs(outcome, encoding)
}

/**
 * @param {import('../../binding').ProcessOutcome} outcome
 * @param {ReturnType<typeof processRequest>} request
 * @param {Error} [inputError]
 */
function settle(outcome, request, inputError) {
  const { native: options, reject, signal } = request
  const { command, timeout, maxBuffer } = options
  if (outcome.startError != null)
    throw startError(command, outcome.startError, outcome.startProblem)
  const result = {
    pid: outcome.pid ?? 0,
    exitCode: outcome.exitCode ?? null,
    // Loaded on use, because most processes exit with a code.
    signal: outcome.signal === undefined ? null : require('../signals').signalName(outcome.signal),
    stdout: outcome.stdout,
    stderr: outcome.stderr,
    ...(outcome.all !== undefined && { all: outcome.all }),
    duration: outcome.duration,
    timedOut: outcome.ended === 'timeout',
    truncated: outcome.ended === 'max_buffer',
  }
  publishProcesses()
  // Rejects also with `reject: false`, because the exit status is not known yet.
  if (outcome.left != null)
    throw stuckError(command, outcome.left, Object.assign(result, { left: outcome.left }))
  // So does a failed input, because the result is that of a part of the input.
  if (inputError && outcome.ended === 'aborted' && !signal?.aborted)
    throw Object.assign(inputFailure(command, inputError), result)
  const error = reject && failure(command, outcome, result, { timeout, maxBuffer, signal })
  if (error) throw error
  return result
}

module.exports = { Runner }
