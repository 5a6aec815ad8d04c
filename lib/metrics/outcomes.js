'use strict'

// The outcomes of calls and the reasons of rejections, as label values. The addon knows each by its
// place in the list.

const OUTCOMES = /** @type {const} */ ([
  'ok',
  'tool',
  'protocol',
  'timeout',
  'aborted',
  'exited',
  'start',
  'unavailable',
  'unauthorized',
  'unknown',
  'mcporter',
  'cleanup',
  'max_buffer',
  'closed',
  'error',
])

/** @typedef {typeof OUTCOMES[number]} Outcome */

/** @type {Map<unknown, Outcome>} */
const BY_CODE = new Map([
  ['ERR_TOOL', 'tool'],
  ['ERR_MCP', 'protocol'],
  ['ERR_CALL_TIMEOUT', 'timeout'],
  ['ABORT_ERR', 'aborted'],
  ['ERR_SERVER_EXITED', 'exited'],
  ['ERR_SERVER_START', 'start'],
  ['ERR_SPAWN', 'start'],
  ['ERR_SERVER_UNAVAILABLE', 'unavailable'],
  ['ERR_UNAUTHORIZED', 'unauthorized'],
  ['ERR_UNKNOWN_SERVER', 'unknown'],
  ['ERR_UNKNOWN_TOOL', 'unknown'],
  ['ERR_MCPORTER', 'mcporter'],
  ['ERR_MCPORTER_NOT_FOUND', 'mcporter'],
  ['ERR_CLEANUP', 'cleanup'],
  ['ERR_MAX_BUFFER', 'max_buffer'],
  ['ERR_CLOSED', 'closed'],
])

const REJECTIONS = /** @type {const} */ (['timeout', 'aborted', 'full', 'closed'])

/** @type {Map<unknown, typeof REJECTIONS[number]>} */
const REJECTION_BY_CODE = new Map([
  ['ERR_QUEUE_TIMEOUT', 'timeout'],
  ['ABORT_ERR', 'aborted'],
  ['ERR_QUEUE_FULL', 'full'],
  ['ERR_CLOSED', 'closed'],
])

/** @param {unknown} error @returns {Outcome} */
function outcomeOf(error) {
  return BY_CODE.get(/** @type {any} */ (error)?.code) ?? 'error'
}

/** `undefined` for an error that is not about the queue. @param {unknown} error */
function rejectionOf(error) {
  return REJECTION_BY_CODE.get(/** @type {any} */ (error)?.code)
}

module.exports = { OUTCOMES, REJECTIONS, outcomeOf, rejectionOf }
