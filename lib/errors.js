'use strict'

/**
 * An `Error` with a stable `code`; `details` (such as `cause`) become its own properties.
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
 * The usual error of an aborted operation; its `cause` is the signal's reason.
 * @param {AbortSignal} signal
 */
function abortError(signal) {
  const error = codedError('ABORT_ERR', 'The operation was aborted', { cause: signal.reason })
  error.name = 'AbortError'
  return error
}

/**
 * What a listener threw is an uncaught exception, and no reason for whoever called it to fail.
 * @param {unknown} error
 */
function throwLater(error) {
  process.nextTick(() => {
    throw error
  })
}

module.exports = { abortError, codedError, throwLater }
