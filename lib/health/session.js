'use strict'

// The session cookie of the dashboard: proof that the browser has sent the token. A cookie is
// needed because `EventSource` can send no header, and a token in a URL ends up in logs. The server
// keeps no state, so a session is valid in every process of a cluster.

const { createHash, createHmac, timingSafeEqual } = require('node:crypto')

const NAME = 'procward_session'
/** Lifetime in ms: a working day. */
const LIFETIME = 12 * 3_600_000

/**
 * Returns a Set-Cookie header without a path: the browser takes the path of the request without
 * `/dashboard`, which is right behind any proxy.
 * @param {string} token
 * @param {boolean} secure
 * @param {number} [now] ms
 */
function sessionCookie(token, secure, now = Date.now()) {
  const expires = String(now + LIFETIME)
  return `${NAME}=${expires}.${signature(token, expires)}; ${attributes(LIFETIME / 1000, secure)}`
}

/** Returns a Set-Cookie header that ends the session in this browser. @param {boolean} secure */
function noSessionCookie(secure) {
  return `${NAME}=; ${attributes(0, secure)}`
}

/** @param {number} maxAge s @param {boolean} secure */
function attributes(maxAge, secure) {
  return `Max-Age=${maxAge}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
}

/**
 * @param {string} token
 * @param {string | undefined} cookie the request's header
 * @param {number} now ms
 */
function validSession(token, cookie = '', now) {
  return cookie.split(';').some((pair) => {
    const [, expires, given] = /^\s*procward_session=(\d{1,15})\.([\w-]+)\s*$/.exec(pair) ?? []
    return (
      given !== undefined && Number(expires) > now && sameSecret(signature(token, expires), given)
    )
  })
}

/** @param {string} token @param {string} expires */
function signature(token, expires) {
  return createHmac('sha256', token)
    .update(`procward dashboard until ${expires}`)
    .digest('base64url')
}

/**
 * Compares in a time that depends neither on the first difference nor on the secret's length.
 * @param {string} secret
 * @param {string} given
 */
function sameSecret(secret, given) {
  return timingSafeEqual(digest(secret), digest(given))
}

/** @param {string} text */
function digest(text) {
  return createHash('sha256').update(text).digest()
}

module.exports = { noSessionCookie, sameSecret, sessionCookie, validSession }
