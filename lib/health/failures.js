'use strict'

// The route of the latest failed calls.

const { recentFailures } = require('../metrics/failures')
const { errorReply } = require('./reply')

/**
 * @param {import('./options').HealthSource} _source
 * @param {import('./routes').Request} request
 * @returns {import('./reply').Reply}
 */
function failures(_source, { query, showsMessages }) {
  const since = sinceOf(query)
  if (since === undefined) return invalidSince()
  /** @type {import('../health').RecentFailures} */
  const body = { failures: recentFailures({ since, withMessages: showsMessages }) }
  return { statusCode: 200, type: 'application/json', text: JSON.stringify(body) }
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

module.exports = { failures, invalidSince, sinceOf }
