'use strict'

// Access to the endpoints. With a token: requests that carry the token or a session. Without one:
// requests to a known host name, because a foreign page can have its own name resolved to this
// machine (DNS rebinding).

const { isLoopback } = require('../loopback')
const { sameSecret, validSession } = require('./session')

/** Probes, because a load balancer has no token. */
const OPEN = new Set(['/live', '/ready'])
/** The style sheet of the login form. */
const LOGIN_STYLE = '/dashboard/login.css'
/** Endpoints without a check of the Host, because they are older than the access rules. */
const ANY_HOST = new Set(['/', '/processes', '/live', '/ready'])

/** @typedef {{ token: string | undefined, allowedHosts: ReadonlySet<string> }} AccessRules */
/** @typedef {{ statusCode: 401 | 403, code: string, message: string }} Refusal */

/**
 * Returns why a request is refused, or `undefined`.
 * @param {AccessRules} rules
 * @param {string} path below the mount path
 * @param {import('node:http').IncomingHttpHeaders} headers
 * @param {number} [now] ms
 * @returns {Refusal | undefined}
 */
function refusal({ token, allowedHosts }, path, headers, now = Date.now()) {
  if (token === undefined) {
    if (ANY_HOST.has(path) || isKnownHost(hostName(headers), allowedHosts)) return undefined
    const message =
      'This host name is not allowed: name it in allowedHosts, set a token, or use a loopback address'
    return { statusCode: 403, code: 'ERR_FORBIDDEN_HOST', message }
  }
  if (OPEN.has(path) || path === LOGIN_STYLE) return undefined
  if (bearerIs(token, headers.authorization) || validSession(token, headers.cookie, now))
    return undefined
  return {
    statusCode: 401,
    code: 'ERR_UNAUTHORIZED',
    message: 'Send the token as Authorization: Bearer TOKEN',
  }
}

/**
 * Returns whether a permitted reader may see what servers said: a reader with the token, or one on
 * this machine whose request passed no proxy that says so.
 * @param {AccessRules} rules
 * @param {import('node:http').IncomingMessage} req
 */
function seesMessages({ token }, { headers, socket }) {
  if (token !== undefined) return true
  const name = hostName(headers)
  const address = socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''
  return name !== undefined && isLoopback(name) && isLoopback(address) && !isForwarded(headers)
}

/** @param {import('node:http').IncomingHttpHeaders} headers */
function isForwarded(headers) {
  return ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some((name) => name in headers)
}

/**
 * Returns whether a page of another origin sent the request, as far as its browser says so.
 * @param {import('node:http').IncomingHttpHeaders} headers
 */
function isForeignPage(headers) {
  const { 'sec-fetch-site': site = 'none' } = headers
  return site !== 'same-origin' && site !== 'none'
}

/** @param {string} token @param {string | undefined} authorization */
function bearerIs(token, authorization = '') {
  const [, given] = /^Bearer +(.+)$/i.exec(authorization) ?? []
  return given !== undefined && sameSecret(token, given.trim())
}

/** @param {string | undefined} name @param {ReadonlySet<string>} allowedHosts */
function isKnownHost(name, allowedHosts) {
  return name !== undefined && (isLoopback(name) || allowedHosts.has(name))
}

/**
 * Returns the Host in lower case, without port, brackets and the dot of the root.
 * @param {import('node:http').IncomingHttpHeaders} headers
 */
function hostName({ host, ':authority': authority }) {
  const [, bracketed, plain] =
    /^(?:\[([^\]]*)\]|([^:[\]]+))(?::\d*)?$/.exec(host ?? String(authority ?? '')) ?? []
  return (bracketed ?? plain)?.toLowerCase().replace(/\.$/, '')
}

module.exports = { LOGIN_STYLE, bearerIs, isForeignPage, refusal, seesMessages }
