'use strict'

// Sends one request, and reports whether a failed one may be retried.

/**
 * @typedef {{ isDelivered: boolean, mayRetry: boolean, retryAfter: number, reason: string,
 *   statusCode?: number }} Outcome
 * `reason` never holds the address.
 */

const TIMEOUT = 5000
/** Status codes of temporary failures. */
const TRANSIENT = new Set([408, 425, 429])

/**
 * @param {{ url: string, headers: Headers }} target
 * @param {string} body
 * @returns {Promise<Outcome>}
 */
async function post({ url, headers }, body) {
  const signal = AbortSignal.timeout(TIMEOUT)
  try {
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
    // Only the status matters, and the body may be endless.
    response.body?.cancel().catch(() => {})
    return answered(response)
  } catch (error) {
    return { isDelivered: false, mayRetry: true, retryAfter: 0, reason: unanswered(error, signal) }
  }
}

/** @param {Response} response @returns {Outcome} */
function answered({ ok, status, headers }) {
  return {
    isDelivered: ok,
    mayRetry: TRANSIENT.has(status) || status >= 500,
    retryAfter: (Number(headers.get('retry-after')) || 0) * 1000,
    reason: `it answered ${status}`,
    statusCode: status,
  }
}

/** @param {any} error @param {AbortSignal} signal */
function unanswered(error, signal) {
  if (signal.aborted) return `no answer within ${TIMEOUT} ms`
  const code = error?.cause?.code
  return `it could not be reached${/^[A-Z\d_]{1,40}$/.test(code) ? ` (${code})` : ''}`
}

module.exports = { post }
