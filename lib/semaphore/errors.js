'use strict'

const { codedError } = require('../errors')
const validate = require('../validate')

function closedError() {
  return codedError('ERR_CLOSED', 'Semaphore is closed')
}

/** Creates the error of a helper's call that has no slot when the helper shuts down. */
function shutDownError() {
  return codedError('ERR_CLOSED', 'shutdown() was called, so no further call starts')
}

function clearedError() {
  return codedError('ERR_CLEARED', 'Semaphore queue was cleared')
}

/** @param {number} cost @param {number} limit @param {string} [name] of the limit */
function costError(cost, limit, name = 'maxConcurrent') {
  return validate.invalidConfig('cost', `at most ${name} (${limit})`, cost)
}

/** @param {number} held @param {number} cost */
function notAcquiredError(held, cost) {
  const found = held === 0 ? 'no slot is held' : `${held} of ${cost} slots are held`
  return codedError('ERR_NOT_ACQUIRED', `Semaphore release without a matching acquire: ${found}`)
}

/** @param {number} maxQueue */
function queueFullError(maxQueue) {
  const found = maxQueue === 0 ? 'has no free slot' : `queue is full (${maxQueue} waiting)`
  return codedError('ERR_QUEUE_FULL', `Semaphore ${found}; raise maxQueue or call less at once`)
}

/** Creates the error that the addon creates in real time. @param {number} timeout in ms */
function queueTimeoutError(timeout) {
  return codedError('ERR_QUEUE_TIMEOUT', `Semaphore acquire timeout (${timeout / 1000}s)`)
}

module.exports = {
  clearedError,
  closedError,
  costError,
  notAcquiredError,
  queueFullError,
  queueTimeoutError,
  shutDownError,
}
