'use strict'

// The login form, and the session cookie for clients with the token.

const { bearerIs } = require('./access')
const { sameSecret, sessionCookie } = require('./session')
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
  sendPage(req, res, 401, page.replace('<!-- error -->', isWrong ? WRONG : ''))
}

/** Answers the form. @param {Request} req @param {Response} res @param {string} token */
async function login(req, res, token) {
  const given = await tokenOf(req)
  if (res.destroyed) return
  if (given === undefined || !sameSecret(token, given))
    return askForToken(req, res, { isWrong: true })
  setSession(req, res, token)
  setPageHeaders(res)
  res.statusCode = 303
  res.setHeader('Location', 'dashboard')
  res.setHeader('Cache-Control', 'no-store')
  res.end()
}

/**
 * Sets the session cookie, after the client has sent the token.
 * @param {Request} req
 * @param {Response} res
 * @param {string} token
 */
function setSession(req, res, token) {
  const { encrypted } = /** @type {{ encrypted?: boolean }} */ (req.socket)
  const secure = encrypted === true || /^https\b/i.test(String(req.headers['x-forwarded-proto']))
  res.setHeader('Set-Cookie', sessionCookie(token, secure))
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
  // A middleware may have read the form already.
  const form = typeof req.body === 'object' && req.body !== null ? req.body : undefined
  if (form !== undefined && req.readableEnded) {
    const { token } = /** @type {{ token?: unknown }} */ (form)
    return typeof token === 'string' ? token : undefined
  }
  return new URLSearchParams(await readBody(req)).get('token') ?? undefined
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
  })
}

module.exports = { askForToken, login, setBearerSession }
