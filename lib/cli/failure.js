'use strict'

// The exit codes of commands. Scripts rely on these numbers.

const { codedError } = require('../errors')

const EXIT = Object.freeze({
  ok: 0,
  /** A problem was found. */
  problem: 1,
  usage: 2,
  /** The server could not be reached. */
  unreachable: 3,
  /** `run`: as `timeout` of GNU. */
  timedOut: 124,
  notExecutable: 126,
  notFound: 127,
  /** SIGINT, as shells tell it. */
  interrupted: 130,
})

/**
 * The command line makes no sense.
 * @param {string} message
 * @param {{ lines?: string[] }} [more] - lines below the message
 */
function usageError(message, more = {}) {
  return codedError('ERR_USAGE', message, { exitCode: EXIT.usage, ...more })
}

/**
 * The server gives no answer that could be used.
 * @param {string} message
 * @param {unknown} [cause]
 */
function unreachable(message, cause) {
  return codedError('ERR_UNREACHABLE', message, { cause, exitCode: EXIT.unreachable })
}

module.exports = { EXIT, unreachable, usageError }
