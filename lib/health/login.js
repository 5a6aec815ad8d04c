'use strict'

// Asking for the token, and the cookie for those who have it.

const { bearerIs } = require('./access')
const { sameSecret, sessionCookie } = require('./session')
const { sendPage, setPageHeaders, staticFile } = require('./static-files')

/** Bytes of a form with nothing but a token. */
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
  admit(req, res, token)
  setPageHeaders(res)
  res.statusCode = 303
  res.setHeader('Location', 'dashboard')
  res.setHeader('Cache-Control', 'no-store')
  res.end()
}

/**
 * Gives the cookie to whoever has shown the token.
 * @param {Request} req
 * @param {Response} res
 * @param {string} token
 */
function admit(req, res, token) {
  const { encrypted } = /** @type {{ encrypted?: boolean }} */ (req.socket)
  const secure = encrypted === true || /^https\b/i.test(String(req.headers['x-forwarded-proto']))
  res.setHeader('Set-Cookie', sessionCookie(token, secure))
}

/**
 * A page that was asked for with the header goes on with the cookie.
 * @param {Request} req
 * @param {Response} res
 * @param {string | undefined} token
 */
function admitBearer(req, res, token) {
  if (token !== undefined && bearerIs(token, req.headers.authorization)) admit(req, res, token)
}

/** @param {Request} req @returns {Promise<string | undefined>} */
async function tokenOf(req) {
  // Middleware in front may have read the form.
  const form = typeof req.body === 'object' && req.body !== null ? req.body : undefined
  if (form !== undefined && req.readableEnded) {
    const { token } = /** @type {{ token?: unknown }} */ (form)
    return typeof token === 'string' ? token : undefined
  }
  return new URLSearchParams(await text(req)).get('token') ?? undefined
}

/** What was sent; nothing when it was too much. @param {Request} req @returns {Promise<string>} */
function text(req) {
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

module.exports = { admitBearer, askForToken, login }
