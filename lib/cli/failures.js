'use strict'

// The latest failed calls of a server, checked as far as they are used here.

const { json, strange } = require('./server')

/** @typedef {import('../health').FailedCall} FailedCall */

/**
 * Returns the failed calls that a server keeps, the newest first.
 * @param {import('./server').Server} server
 * @returns {Promise<FailedCall[]>}
 */
async function recentFailures(server) {
  const answer = await json(server, '/failures')
  if (!isAnswer(answer)) throw strange(server)
  return answer.failures
}

/**
 * Returns the failed calls that a server keeps. An older server, and a server that wants a token,
 * give an empty list.
 * @param {import('./server').Server} server
 * @returns {Promise<FailedCall[]>}
 */
async function failuresIfTold(server) {
  try {
    return await recentFailures(server)
  } catch (error) {
    if (/** @type {any} */ (error).code !== 'ERR_UNREACHABLE') throw error
    return []
  }
}

/** @param {any} answer @returns {answer is import('../health').RecentFailures} */
function isAnswer(answer) {
  return Array.isArray(answer?.failures) && answer.failures.every(isFailure)
}

/** @param {any} failure */
function isFailure(failure) {
  const { time, server, tool, code, message } = failure ?? {}
  return (
    Number.isSafeInteger(time) &&
    Math.abs(time) <= 8.64e15 - 86_400_000 &&
    [server, tool, code].every((text) => typeof text === 'string') &&
    (message === undefined || typeof message === 'string')
  )
}

module.exports = { failuresIfTold, recentFailures }
