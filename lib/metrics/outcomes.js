'use strict'

// The error codes of calls as the outcomes and rejections that metrics count.

const { CallOutcome, CallRejection } = require('../native')

/** @type {Map<unknown, import('../../binding').CallOutcome>} */
const OUTCOME_BY_CODE = new Map([
  ['ERR_TOOL', CallOutcome.Tool],
  ['ERR_MCP', CallOutcome.Protocol],
  ['ERR_CALL_TIMEOUT', CallOutcome.Timeout],
  ['ABORT_ERR', CallOutcome.Aborted],
  ['ERR_LEASE_LOST', CallOutcome.Aborted],
  ['ERR_SERVER_EXITED', CallOutcome.Exited],
  ['ERR_MEMORY', CallOutcome.Exited],
  ['ERR_SERVER_START', CallOutcome.Start],
  ['ERR_SPAWN', CallOutcome.Start],
  ['ERR_SERVER_UNAVAILABLE', CallOutcome.Unavailable],
  ['ERR_UNAUTHORIZED', CallOutcome.Unauthorized],
  ['ERR_UNKNOWN_SERVER', CallOutcome.Unknown],
  ['ERR_UNKNOWN_TOOL', CallOutcome.Unknown],
  ['ERR_MCPORTER', CallOutcome.Mcporter],
  ['ERR_MCPORTER_NOT_FOUND', CallOutcome.Mcporter],
  ['ERR_CLEANUP', CallOutcome.Cleanup],
  ['ERR_MAX_BUFFER', CallOutcome.MaxBuffer],
  ['ERR_CLOSED', CallOutcome.Closed],
])

/** @type {Map<unknown, import('../../binding').CallRejection>} */
const REJECTION_BY_CODE = new Map([
  ['ERR_QUEUE_TIMEOUT', CallRejection.Timeout],
  ['ABORT_ERR', CallRejection.Aborted],
  ['ERR_QUEUE_FULL', CallRejection.Full],
  ['ERR_CLOSED', CallRejection.Closed],
])

/** @param {unknown} error */
function outcomeOf(error) {
  return OUTCOME_BY_CODE.get(/** @type {any} */ (error)?.code) ?? CallOutcome.Error
}

/** Returns `undefined` for an error that is not about the queue. @param {unknown} error */
function rejectionOf(error) {
  return REJECTION_BY_CODE.get(/** @type {any} */ (error)?.code)
}

module.exports = { outcomeOf, rejectionOf }
