'use strict'

// Hands requests to the addon.

const { mcpPage, mcpRequest } = require('../native')
const { FIRST } = require('./pending-requests')

/**
 * Sends a request, or asks for the page after the last one that has come. Returns whether it was
 * sent at once and its call wants to know that.
 * @param {number} handle - of the sessions
 * @param {number} server
 * @param {import('./pending-requests').Pending} pending
 * @param {string} params
 * @param {string[]} [headers] - which the tool wants: names and values, one after the other
 */
function send(handle, server, pending, params, headers) {
  const { number, call, method, timeout, pages, attempt } = pending
  const tellsSent = call.onSent !== undefined
  // A later attempt is no new call to its server.
  const yields = call.yields === true && attempt === FIRST
  if (pages !== undefined) {
    const { last } = pages
    return mcpPage(handle, number, server, method, params, timeout, tellsSent, yields, last)
  }
  const wantsProgress = call.onProgress !== undefined
  return mcpRequest(
    handle,
    number,
    server,
    method,
    params,
    timeout,
    wantsProgress,
    tellsSent,
    yields,
    headers,
  )
}

module.exports = { send }
