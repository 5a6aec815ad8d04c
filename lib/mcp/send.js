'use strict'

// Hands requests to the addon.

const { mcpPage, mcpRequest } = require('../native')

/**
 * Sends a request, or asks for the page after the last one that has come. Returns whether it was
 * sent at once and its call wants to know that.
 * @param {number} handle - of the sessions
 * @param {number} server
 * @param {import('./pending-requests').Pending} pending
 * @param {string} params
 * @param {string[]} [headers] - which the tool wants: names and values, one after the other
 */
function send(handle, server, { number, call, method, timeout, pages }, params, headers) {
  const tellsSent = call.onSent !== undefined
  if (pages !== undefined) {
    const { last } = pages
    return mcpPage(handle, number, server, method, params, timeout, tellsSent, last)
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
    headers,
  )
}

module.exports = { send }
