'use strict'

// Serves the files of the dashboard. A file is read once, at its first request. Callers name the
// files, so that a request cannot name another.

const { createHash } = require('node:crypto')
const { readFileSync } = require('node:fs')
const { packageFile } = require('../package-files')

const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' }

/** Allows only the server's own files, nothing inline, and no frame around the page. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * @typedef {{ body: Buffer, type: string, etag: string }} StaticFile
 * @type {Map<string, StaticFile>}
 */
const files = new Map()

/** @param {string} name */
function staticFile(name) {
  let file = files.get(name)
  if (file === undefined) {
    file = withTag(readFileSync(packageFile(`dashboard/${name}`)), typeOf(name))
    files.set(name, file)
  }
  return file
}

/** @param {Buffer} body @param {string} type @returns {StaticFile} */
function withTag(body, type) {
  return {
    body,
    type,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
  }
}

/** @param {string} name */
function typeOf(name) {
  const extension = /** @type {keyof typeof TYPES} */ (name.slice(name.lastIndexOf('.') + 1))
  return `${TYPES[extension]}; charset=utf-8`
}

/**
 * @param {import('node:http').IncomingMessage} req
 * @param {import('node:http').ServerResponse} res
 * @param {string} name
 */
function sendFile(req, res, name) {
  const { body, type, etag } = staticFile(name)
  setPageHeaders(res)
  res.setHeader('ETag', etag)
  // The browser revalidates the file each time, so that an update of the package never mixes old
  // and new files.
  res.setHeader('Cache-Control', 'private, no-cache')
  if (isKnown(req.headers['if-none-match'], etag)) {
    res.statusCode = 304
    return res.end()
  }
  sendBody(req, res, 200, type, body)
}

/**
 * Sends a page that is never cached.
 * @param {import('node:http').IncomingMessage} req
 * @param {import('node:http').ServerResponse} res
 * @param {number} statusCode
 * @param {string} text
 */
function sendPage(req, res, statusCode, text) {
  setPageHeaders(res)
  res.setHeader('Cache-Control', 'no-store')
  sendBody(req, res, statusCode, typeOf('.html'), Buffer.from(text))
}

/**
 * @param {import('node:http').IncomingMessage} req
 * @param {import('node:http').ServerResponse} res
 * @param {number} statusCode
 * @param {string} type
 * @param {Buffer} body
 */
function sendBody(req, res, statusCode, type, body) {
  res.statusCode = statusCode
  res.setHeader('Content-Type', type)
  res.setHeader('Content-Length', body.length)
  res.end(req.method === 'HEAD' ? undefined : body)
}

/** @param {import('node:http').ServerResponse} res */
function setPageHeaders(res) {
  res.setHeader('Content-Security-Policy', PAGE_POLICY)
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.setHeader('Referrer-Policy', 'no-referrer')
  res.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
}

/** @param {string | undefined} header If-None-Match @param {string} etag */
function isKnown(header = '', etag) {
  return header.split(',').some((entry) => entry.trim().replace(/^W\//, '') === etag)
}

module.exports = { sendFile, sendPage, setPageHeaders, staticFile }
