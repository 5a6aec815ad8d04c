'use strict'

// The dashboard's cookie: proof that its browser has shown the token. `EventSource` can send no
// header, and a token in a URL ends up in logs. It holds no state here, so it is good in every
// process of a cluster.

const { createHash, createHmac, timingSafeEqual } = require('node:crypto')

const NAME = 'procward_session'
/** Ms: a working day. */
const LIFETIME = 12 * 3_600_000

/**
 * A Set-Cookie header. It names no path: the browser takes that of the request, without
 * `/dashboard`, whatever a proxy made of it.
 * @param {string} token @param {boolean} secure @param {number} [now] ms
 */
function sessionCookie(token, secure, now = Date.now()) {
  const expires = String(now + LIFETIME)
  const attributes = `Max-Age=${LIFETIME / 1000}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
  return `${NAME}=${expires}.${signature(token, expires)}; ${attributes}`
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
 * In a time that tells neither where they differ nor how long the secret is.
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

module.exports = { sameSecret, sessionCookie, validSession }
