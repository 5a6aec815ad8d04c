'use strict'

// The dashboard and its events.

const { setBearerSession } = require('./login')
const { reply, errorReply, send } = require('./reply')
const { JSON_TYPE } = require('./media-type')
const { snapshot } = require('./snapshot')
const { sendFile } = require('./static-files')

/** Value of `Retry-After` in seconds. */
const RETRY_AFTER = 15

/**
 * @typedef {import('node:http').IncomingMessage} Request
 * @typedef {import('node:http').ServerResponse} Response
 */
/**
 * @typedef {{ source: import('./options').HealthSource, events: import('./events').EventStream }}
 *   Served
 */
/** @typedef {{ answer(served: Served, req: Request, res: Response): void }} PageRoute */

/** @type {PageRoute} */
const dashboardRoute = {
  answer({ source }, req, res) {
    if (hasTrailingSlash(req)) return redirectToDashboard(res)
    setBearerSession(req, res, source.access.token)
    sendFile(req, res, 'index.html')
  },
}

/** @type {PageRoute} */
const eventRoute = {
  answer({ source, events }, req, res) {
    // For clients without an open stream: the page behind a proxy that buffers, `curl`.
    if (prefersJson(req.headers.accept)) return send(req, res, jsonSnapshot(source))
    if (req.method === 'HEAD') {
      res.setHeader('Content-Type', 'text/event-stream; charset=utf-8')
      return void res.end()
    }
    if (!events.isFull) return events.add(res)
    const full = errorReply(
      503,
      'ERR_TOO_MANY_CLIENTS',
      'Too many clients listen to events; request application/json instead',
    )
    send(req, res, { ...full, retryAfter: RETRY_AFTER })
  },
}

/** @param {string} [accept] */
function prefersJson(accept = '') {
  return /application\/json/i.test(accept) && !/text\/event-stream/i.test(accept)
}

/** @param {import('./options').HealthSource} source */
function jsonSnapshot(source) {
  return reply({ statusCode: 200, body: snapshot(source), status: 'pass', checks: {} }, JSON_TYPE)
}

/**
 * Returns whether relative names in a page would name other files, because the path ends with `/`.
 * @param {Request} req
 */
function hasTrailingSlash(req) {
  return /\/(\?|$)/.test(req.url ?? '')
}

/** Redirects from `/dashboard/`; a form is sent again. @param {Response} res */
function redirectToDashboard(res) {
  res.statusCode = 308
  res.setHeader('Location', '../dashboard')
  res.end()
}

/** @param {string} name @returns {PageRoute} */
function file(name) {
  return { answer: (_served, req, res) => sendFile(req, res, name) }
}

const FILES = [
  'app.js',
  'alerts.js',
  'axes.js',
  'chart-table.js',
  'chart.js',
  'charts.js',
  'connection.js',
  'format.js',
  'icon.svg',
  'login.css',
  'fleet.js',
  'memory.js',
  'reason-band.js',
  'reasons.js',
  'series.js',
  'servers.js',
  'style.css',
  'elements.js',
  'table.js',
  'tables.js',
  'tiles.js',
]

/** @type {Map<string | undefined, PageRoute>} */
const pageRoutes = new Map([
  ['/events', eventRoute],
  ['/dashboard', dashboardRoute],
  ...FILES.map((name) => /** @type {const} */ ([`/dashboard/${name}`, file(name)])),
])

module.exports = { hasTrailingSlash, pageRoutes, redirectToDashboard }
