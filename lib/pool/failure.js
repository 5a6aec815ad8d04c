'use strict'

// The errors of a missing worker, or of a worker that gives no answer.

const { codedError } = require('../errors')
const { startError, tail } = require('../process/failure')
const { signalName } = require('../signals')

/**
 * @typedef {{ command: string, maxBuffer: number, readyTimeout: number }} Described
 *   The settings of a worker that messages quote.
 */

/**
 * Returns the error of a failed wait for a worker.
 * @param {Described} of
 * @param {import('../../binding').WorkerFailure} failure
 * @param {number} timeout
 * @returns {ReturnType<typeof codedError>}
 */
function acquireFailure(of, failure, timeout) {
  const { kind, retryAfter } = failure
  if (retryAfter !== undefined) {
    const cause = acquireFailure(of, { ...failure, retryAfter: undefined }, timeout)
    const seconds = Math.ceil(retryAfter / 1000)
    const message =
      `${of.command} failed too often to be started again within ${seconds} s; ` +
      `the last time: ${cause.message}`
    return codedError('ERR_WORKER_UNAVAILABLE', message, { cause, retryAfter })
  }
  switch (kind) {
    case 'timeout':
      return codedError('ERR_QUEUE_TIMEOUT', `Process pool acquire timeout (${timeout / 1000}s)`)
    case 'closed':
      return codedError('ERR_CLOSED', 'Process pool is closed')
    case 'spawn':
      return startError(of.command, failure.errno ?? 0)
    case 'exited':
      return exitFailure(of, /** @type {import('../../binding').WorkerExit} */ (failure.end))
    case 'notReady': {
      const ended = details(failure.end)
      const message =
        `${of.command} wrote no line within ${of.readyTimeout} ms ` +
        `to say that it is ready${tail(ended)}`
      return codedError('ERR_WORKER_START', message, ended)
    }
  }
  return codedError('ERR_INTERNAL', `${of.command} could not be started`)
}

/** @param {number} maxQueue */
function queueFullError(maxQueue) {
  const found = maxQueue === 0 ? 'has no free worker' : `queue is full (${maxQueue} waiting)`
  const advice = 'raise maxQueue or maxSize, or call less at once'
  return codedError('ERR_QUEUE_FULL', `Process pool ${found}; ${advice}`)
}

/**
 * Returns the error of a worker that has exited.
 * @param {Described} of
 * @param {import('../../binding').WorkerExit} exit
 */
function exitFailure({ command, maxBuffer }, exit) {
  const ended = details(exit)
  switch (exit.ended) {
    case 'max_buffer':
      return codedError(
        'ERR_MAX_BUFFER',
        `${command} wrote a line of more than ${maxBuffer} bytes and was terminated`,
        ended,
      )
    case 'cleanup':
      return codedError('ERR_CLEANUP', `${command} was terminated by the cleanup scanner`, ended)
    case 'shutdown':
      return codedError('ERR_CLOSED', `${command} was terminated with its pool`, ended)
  }
  const how = ended.signal
    ? `was terminated by ${ended.signal}`
    : `exited with code ${ended.exitCode}`
  return codedError('ERR_WORKER_EXITED', `${command} ${how}${tail(ended)}`, ended)
}

/**
 * Returns the exit status and stderr of a worker, for its error and its 'exit' event.
 * @param {import('../../binding').WorkerExit} [exit]
 */
function details(exit) {
  const { exitCode = null, signal, stderr = '' } = exit ?? {}
  return { exitCode, signal: signalName(signal), stderr }
}

module.exports = { acquireFailure, details, exitFailure, queueFullError }
