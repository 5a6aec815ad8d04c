'use strict'

const { HEALTH_TYPE, JSON_TYPE } = require('./media-type')

/** @typedef {{ statusCode: number, type: string, text: string, retryAfter?: number }} Reply */

/**
 * Encodes an answer. A reply is returned unchanged.
 * @param {import('./routes').Answer | Reply} answer
 * @param {import('./media-type').MediaType} type
 * @returns {Reply}
 */
function reply(answer, type) {
  if ('text' in answer) return answer
  const { statusCode, body, retryAfter } = answer
  return {
    statusCode,
    type,
    text: JSON.stringify(type === HEALTH_TYPE ? healthJson(answer) : body),
    retryAfter,
  }
}

/** @param {number} statusCode @param {string} code @param {string} message @returns {Reply} */
function errorReply(statusCode, code, message) {
  return { statusCode, type: JSON_TYPE, text: JSON.stringify({ error: { code, message } }) }
}

/** Returns the body of `application/health+json`. @param {import('./routes').Answer} answer */
function healthJson({ status, output, checks }) {
  const time = new Date().toISOString()
  const entries = Object.entries(checks).map(([name, check]) => [
    name,
    [{ status: 'pass', ...check, time }],
  ])
  return { status, output, checks: Object.fromEntries(entries) }
}

/**
 * @param {import('node:http').IncomingMessage} req
 * @param {import('node:http').ServerResponse} res
 * @param {Reply} reply
 */
function send(req, res, { statusCode, type, text, retryAfter }) {
  res.statusCode = statusCode
  res.setHeader('Content-Type', `${type}; charset=utf-8`)
  res.setHeader('Content-Length', Buffer.byteLength(text))
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('Vary', 'Accept')
  res.setHeader('X-Content-Type-Options', 'nosniff')
  if (retryAfter !== undefined) res.setHeader('Retry-After', retryAfter)
  res.end(req.method === 'HEAD' ? undefined : text)
}

module.exports = { errorReply, reply, send }
