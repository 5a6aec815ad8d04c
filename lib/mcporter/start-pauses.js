'use strict'

// The pauses between the starts of a server that could not be started. Its calls wait for the next
// start without slots.

const { callFailure, inName } = require('../mcp/failure')

/**
 * Returns the ms until the server of a call may be started again, if the call has given way for
 * that time; else `undefined`.
 * @param {any} error
 * @returns {number | undefined}
 */
function startPause(error) {
  return error?.code === 'ERR_START_PAUSED' ? error.retryAfter : undefined
}

/**
 * Returns the error of a call whose timeout has passed in a pause.
 * @param {import('../mcp/pending-requests').Call} call
 */
function lateError(call) {
  return inName(call, callFailure(call, { code: 'ERR_CALL_TIMEOUT', message: '' }))
}

module.exports = { lateError, startPause }
