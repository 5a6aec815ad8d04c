'use strict'

// The dashboard and its events.

const { isForeignPage, seesMessages } = require('./access')
const { setBearerSession, viewOf } = require('./login')
const { reply, errorReply, send } = require('./reply')
const { JSON_TYPE } = require('./media-type')
const { otherInstance } = require('./instance')
const { queryOf } = require('./query')
const { snapshot, withoutMessages } = require('./snapshot')
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

const FOREIGN = errorReply(
  403,
  'ERR_FORBIDDEN_SITE',
  'Pages of other origins get no events, because they could take the places of all readers',
)

/** @type {PageRoute} */
const dashboardRoute = {
  answer({ source }, req, res) {
    if (hasTrailingSlash(req)) return redirectToDashboard(req, res)
    setBearerSession(req, res, source.access.token)
    sendFile(req, res, 'index.html')
  },
}

/** @type {PageRoute} */
const eventRoute = {
  answer({ source, events }, req, res) {
    // A foreign page cannot read the answer, but could take all places.
    if (isForeignPage(req.headers)) return send(req, res, FOREIGN)
    const refusal = otherInstance(queryOf(req.url ?? '/'))
    if (refusal) return send(req, res, refusal)
    const isTrusted = seesMessages(source.access, req)
    // For clients without an open stream: the page behind a proxy that buffers, `curl`.
    if (prefersJson(req.headers.accept)) return send(req, res, jsonSnapshot(source, isTrusted))
    if (req.method === 'HEAD') {
      res.setHeader('Content-Type', 'text/event-stream; charset=utf-8')
      return void res.end()
    }
    if (!events.isFull) return events.add(res, isTrusted)
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

/** @param {import('./options').HealthSource} source @param {boolean} isTrusted */
function jsonSnapshot(source, isTrusted) {
  const body = isTrusted ? snapshot(source) : withoutMessages(snapshot(source))
  return reply({ statusCode: 200, body, status: 'pass', checks: {} }, JSON_TYPE)
}

/**
 * Returns whether relative names in a page would name other files, because the path ends with `/`.
 * @param {Request} req
 */
function hasTrailingSlash(req) {
  return /\/(\?|$)/.test(req.url ?? '')
}

/**
 * Redirects from `/dashboard/`; a form is sent again.
 * @param {Request} req
 * @param {Response} res
 */
function redirectToDashboard(req, res) {
  res.statusCode = 308
  res.setHeader('Location', `../dashboard${viewOf(req)}`)
  res.end()
}

/** @param {string} name @returns {PageRoute} */
function file(name) {
  return { answer: (_served, req, res) => sendFile(req, res, name) }
}

const FILES = [
  'alert-reasons.js',
  'alerts.js',
  'app.js',
  'axes.js',
  'calls.js',
  'chart-pointer.js',
  'chart-table.js',
  'chart.js',
  'charts.css',
  'charts.js',
  'cleanup.js',
  'connection.js',
  'cpu.js',
  'elements.js',
  'facts.js',
  'failures.js',
  'format.js',
  'head.css',
  'header.js',
  'icon.svg',
  'latencies.js',
  'link-state.js',
  'login.css',
  'fleet.js',
  'memory.js',
  'name-pieces.js',
  'plot.js',
  'processes.js',
  'queue.js',
  'reason-band.js',
  'reasons.js',
  'rows.js',
  'scroll-area.js',
  'series.js',
  'servers.js',
  'sessions.js',
  'style.css',
  'table-head.js',
  'table.js',
  'tables.css',
  'tiles.css',
  'tiles.js',
  'view-query.js',
  'view.js',
]

/** @type {Map<string | undefined, PageRoute>} */
const pageRoutes = new Map([
  ['/events', eventRoute],
  ['/dashboard', dashboardRoute],
  ...FILES.map((name) => /** @type {const} */ ([`/dashboard/${name}`, file(name)])),
])

module.exports = { hasTrailingSlash, pageRoutes, redirectToDashboard }
