'use strict'

// The route of the latest failed calls.

const { failedCalls } = require('../metrics/failed-calls')
const { errorReply } = require('./reply')

/**
 * @param {import('./options').HealthSource} _source
 * @param {import('./routes').Request} request
 * @returns {import('./reply').Reply}
 */
function failures(_source, { query, seesMessages }) {
  const since = sinceOf(query)
  if (since === undefined) return invalidSince()
  const later = failedCalls().filter(({ time }) => time > since)
  /** @type {import('../health').RecentFailures} */
  const body = { failures: seesMessages() ? later : later.map(withoutMessage) }
  return { statusCode: 200, type: 'application/json', text: JSON.stringify(body) }
}

/** @param {import('../health').FailedCall} call */
function withoutMessage({ message: _, ...call }) {
  return call
}

/**
 * Returns the instant that a query names, in ms; `undefined` for an invalid one.
 * @param {URLSearchParams} query
 */
function sinceOf(query) {
  const since = query.get('since') ?? '-1'
  return /^-?\d{1,16}(\.\d+)?$/.test(since) ? Number(since) : undefined
}

function invalidSince() {
  const message = 'since must be a number of milliseconds since 1970'
  return errorReply(400, 'ERR_INVALID_QUERY', message)
}

module.exports = { failures, invalidSince, sinceOf, withoutMessage }
