'use strict'

const { watchMounted } = require('./alerts/watch')
const { isForeignPage, refusal, seesMessages } = require('./health/access')
const { EventStream } = require('./health/events')
const { askForToken, login, logout } = require('./health/login')
const { healthOptions } = require('./health/options')
const { mediaType } = require('./health/media-type')
const { hasTrailingSlash, pageRoutes, redirectToDashboard } = require('./health/page-routes')
const { basicHealth, processHealth } = require('./health/report')
const { queryOf } = require('./health/query')
const { routes } = require('./health/routes')
const { errorReply, reply, send } = require('./health/reply')
const { snapshot } = require('./health/snapshot')
const { sampler } = require('./metrics/sampler')

/** The page with the login form, and the target of the form. */
const LOGIN = '/dashboard'
/** The target of the form that ends the session. It is beside the page, as its cookie's path is. */
const LOGOUT = '/logout'

/** @type {typeof import('./health').healthRouter} */
function healthRouter(options) {
  const source = healthOptions(options)
  // Start sampling now, so that `/history` has samples.
  sampler(source.helper, source.cleanup)
  const events = new EventStream(() => snapshot(source))

  watchMounted(source, health)
  const announcement = source.announce ? require('./health/announcement') : undefined
  announcement?.announce(source.prefix)
  return health

  /** @type {import('./health').HealthHandler} */
  function health(req, res, next) {
    const path = pathOf(req.url ?? '/', source.prefix)
    const route = routes.get(path)
    const page = pageRoutes.get(path)
    const { token } = source.access
    const isLogout = path === LOGOUT && token !== undefined && req.method === 'POST'
    if (isLogout && !isForeignPage(req.headers)) return logout(req, res)
    if (path === undefined || (route === undefined && page === undefined)) {
      if (next) return next()
      return send(req, res, errorReply(404, 'ERR_NOT_FOUND', 'No such health endpoint'))
    }
    announcement?.noteRequest(req, path)
    /** @param {unknown} error */
    const fail = (error) => {
      // The message says what to copy, and holds no path of this machine.
      if (isMissingFile(error)) return send(req, res, errorReply(501, error.code, error.message))
      if (next) return next(error)
      send(req, res, errorReply(500, 'ERR_INTERNAL', 'The health check failed'))
    }
    if (path === LOGIN && req.method === 'POST' && token !== undefined) {
      if (hasTrailingSlash(req)) return redirectToDashboard(req, res)
      return void login(req, res, token).catch(fail)
    }
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.setHeader('Allow', 'GET, HEAD')
      return send(
        req,
        res,
        errorReply(405, 'ERR_METHOD_NOT_ALLOWED', 'Health endpoints answer GET and HEAD'),
      )
    }
    try {
      const refused = refusal(source.access, path, req.headers)
      if (refused) return refuse(req, res, path, refused)
      if (page) return page.answer({ source, events }, req, res)
      if (route) send(req, res, answerOf(route, source, req))
    } catch (error) {
      fail(error)
    }
  }
}

/**
 * @param {import('./health/routes').Route} route
 * @param {import('./health/options').HealthSource} source
 * @param {import('node:http').IncomingMessage} req
 */
function answerOf(route, source, req) {
  const { accept = '' } = req.headers
  const query = queryOf(req.url ?? '/')
  const request = { accept, query, seesMessages: () => seesMessages(source.access, req) }
  return reply(route(source, request), mediaType(accept))
}

/** @param {any} error @returns {error is Error & { code: string }} */
function isMissingFile(error) {
  return error?.code === 'ERR_PACKAGE_FILE'
}

/**
 * @param {import('node:http').IncomingMessage} req
 * @param {import('node:http').ServerResponse} res
 * @param {string} path
 * @param {import('./health/access').Refusal} refused
 */
function refuse(req, res, path, { statusCode, code, message }) {
  if (statusCode === 401 && path === LOGIN)
    return hasTrailingSlash(req) ? redirectToDashboard(req, res) : askForToken(req, res)
  if (statusCode === 401) res.setHeader('WWW-Authenticate', 'Bearer')
  send(req, res, errorReply(statusCode, code, message))
}

/** @type {typeof import('./health').getHealth} */
function getHealth() {
  return basicHealth()
}

/** @type {typeof import('./health').getProcessHealth} */
function getProcessHealth(options) {
  return processHealth(healthOptions(options))
}

/**
 * Returns the path below the prefix, without query string and trailing slash; `undefined` outside
 * the prefix. The prefix is empty for frameworks, because they remove the mount path themselves.
 * @param {string} url
 * @param {string} prefix
 */
function pathOf(url, prefix) {
  const [path] = url.split('?', 1)
  if (!path.startsWith(prefix)) return undefined
  const rest = path.slice(prefix.length)
  if (rest === '' || rest === '/') return '/'
  return rest.endsWith('/') ? rest.slice(0, -1) : rest
}

module.exports = { getHealth, getProcessHealth, healthRouter }
