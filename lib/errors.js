'use strict'

/**
 * Creates an `Error` with a stable `code`; `details` (such as `cause`) become its own properties.
 * @param {string} code
 * @param {string} message
 * @param {Record<string, unknown>} [details]
 * @returns {Error & { code: string } & Record<string, any>}
 */
function codedError(code, message, { cause, ...details } = {}) {
  const error = cause === undefined ? new Error(message) : new Error(message, { cause })
  return Object.assign(error, { code }, details)
}

/**
 * Creates the usual error of an aborted operation; its `cause` is the signal's reason.
 * @param {AbortSignal} signal
 */
function abortError(signal) {
  const error = codedError('ABORT_ERR', 'The operation was aborted', { cause: signal.reason })
  error.name = 'AbortError'
  return error
}

/**
 * Makes an error of a listener an uncaught exception, without failing the listener's caller.
 * @param {unknown} error
 */
function throwLater(error) {
  process.nextTick(() => {
    throw error
  })
}

/**
 * Emits an event. An error of a listener is an uncaught exception and holds back nothing else.
 * @param {import('node:events').EventEmitter} emitter
 * @param {string} event
 * @param {unknown} value
 * @returns {boolean} whether the event had listeners
 */
function emitSafely(emitter, event, value) {
  try {
    return emitter.emit(event, value)
  } catch (error) {
    throwLater(error)
    return true
  }
}

/**
 * Returns the name of a system's error number, such as `ENOENT`.
 * @param {number} number
 * @returns {string | undefined}
 */
function errnoName(number) {
  // Loaded on use, because it is rarely needed.
  const { errno } = require('node:os').constants
  return Object.entries(errno).find(([, value]) => value === number)?.[0]
}

module.exports = { abortError, codedError, emitSafely, errnoName, throwLater }
