'use strict'

// The login form, and the session cookie for clients with the token.

const { bearerIs } = require('./access')
const { noSessionCookie, sameSecret, sessionCookie } = require('./session')
const { sendPage, setPageHeaders, staticFile } = require('./static-files')

/** Maximum bytes of a form with only a token. */
const MAX_FORM = 8192
const WRONG = '<p class="error" role="alert">That is not the token.</p>'

/**
 * @typedef {import('node:http').IncomingMessage & { body?: unknown }} Request
 * @typedef {import('node:http').ServerResponse} Response
 */

/** @param {Request} req @param {Response} res @param {{ isWrong?: boolean }} [state] */
function askForToken(req, res, { isWrong = false } = {}) {
  const page = staticFile('login.html').body.toString()
  res.setHeader('WWW-Authenticate', 'Bearer')
  const text = page
    .replace('<!-- error -->', isWrong ? WRONG : '')
    .replace('action="dashboard"', `action="dashboard${viewOf(req).replaceAll('&', '&amp;')}"`)
  sendPage(req, res, 401, text)
}

/** Answers the form. @param {Request} req @param {Response} res @param {string} token */
async function login(req, res, token) {
  const given = await tokenOf(req)
  if (res.destroyed) return
  if (given === undefined || !sameSecret(token, given))
    return askForToken(req, res, { isWrong: true })
  setSession(req, res, token)
  redirect(res, `dashboard${viewOf(req)}`)
}

/**
 * Ends the session in this browser, and asks for the token.
 * @param {Request} req
 * @param {Response} res
 */
function logout(req, res) {
  res.setHeader('Set-Cookie', noSessionCookie(isSecure(req)))
  redirect(res, 'dashboard')
}

/** @param {Response} res @param {string} location */
function redirect(res, location) {
  setPageHeaders(res)
  res.statusCode = 303
  res.setHeader('Location', location)
  res.setHeader('Cache-Control', 'no-store')
  res.end()
}

/**
 * Returns the query with the view's state, such as `?window=15m`, or `''` for any other query. It
 * passes the login, so that a link keeps its view.
 * @param {import('node:http').IncomingMessage} req
 */
function viewOf({ url = '' }) {
  const [, query] = /\?([\w=&.,:-]{1,300})$/.exec(url) ?? []
  return query === undefined ? '' : `?${query}`
}

/**
 * Sets the session cookie, after the client has sent the token.
 * @param {Request} req
 * @param {Response} res
 * @param {string} token
 */
function setSession(req, res, token) {
  res.setHeader('Set-Cookie', sessionCookie(token, isSecure(req)))
}

/** @param {Request} req */
function isSecure(req) {
  const { encrypted } = /** @type {{ encrypted?: boolean }} */ (req.socket)
  return encrypted === true || /^https\b/i.test(String(req.headers['x-forwarded-proto']))
}

/**
 * Sets the session cookie for a page that was requested with the `Authorization` header.
 * @param {Request} req
 * @param {Response} res
 * @param {string | undefined} token
 */
function setBearerSession(req, res, token) {
  if (token !== undefined && bearerIs(token, req.headers.authorization)) setSession(req, res, token)
}

/** @param {Request} req @returns {Promise<string | undefined>} */
async function tokenOf(req) {
  // A middleware may have read the form already, as fields, as text or as bytes.
  const form = req.readableEnded ? req.body : await readBody(req)
  if (typeof form === 'string' || Buffer.isBuffer(form))
    return new URLSearchParams(form.toString()).get('token') ?? undefined
  const { token } = /** @type {{ token?: unknown }} */ (form ?? {})
  return typeof token === 'string' ? token : undefined
}

/** Reads the body; `''` if it is too long. @param {Request} req @returns {Promise<string>} */
function readBody(req) {
  return new Promise((resolve) => {
    /** @type {Buffer[]} */
    const chunks = []
    let size = 0
    req.on('data', (chunk) => {
      size += chunk.length
      if (size <= MAX_FORM) chunks.push(chunk)
    })
    req.on('end', () => resolve(size <= MAX_FORM ? Buffer.concat(chunks).toString() : ''))
    req.on('close', () => resolve(''))
    if (req.destroyed) resolve('')
  })
}

module.exports = { askForToken, login, logout, setBearerSession, viewOf }
