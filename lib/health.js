'use strict'

const { watchMounted } = require('./alerts/watch')
const { healthOptions } = require('./health/options')
const { mediaType } = require('./health/media-type')
const { basicHealth, processHealth } = require('./health/report')
const { routes } = require('./health/routes')
const { errorReply, reply, send } = require('./health/reply')
const { sampler } = require('./metrics/sampler')

/** @type {typeof import('./health').healthRouter} */
function healthRouter(options) {
  const source = healthOptions(options)
  // Looks from now on, so that there is a history when somebody asks for it.
  sampler(source.helper, source.cleanup)

  watchMounted(source, health)
  return health

  /** @type {import('./health').HealthHandler} */
  function health(req, res, next) {
    const route = routes.get(pathOf(req.url ?? '/', source.prefix))
    if (route === undefined) {
      if (next) return next()
      return send(req, res, errorReply(404, 'ERR_NOT_FOUND', 'No such health endpoint'))
    }
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.setHeader('Allow', 'GET, HEAD')
      return send(req, res, errorReply(405, 'ERR_METHOD_NOT_ALLOWED', 'Health endpoints answer GET and HEAD'))
    }
    let answer
    try {
      const { accept = '' } = req.headers
      answer = reply(route(source, { accept, query: queryOf(req.url ?? '/') }), mediaType(accept))
    } catch (error) {
      if (next) return next(error)
      answer = errorReply(500, 'ERR_INTERNAL', 'The health check failed')
    }
    send(req, res, answer)
  }
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
 * The path below the prefix, without query string and trailing slash; `undefined` outside the prefix.
 * Frameworks strip the mount path themselves, so for them the prefix is empty.
 * @param {string} url @param {string} prefix
 */
function pathOf(url, prefix) {
  const [path] = url.split('?', 1)
  if (!path.startsWith(prefix)) return undefined
  const rest = path.slice(prefix.length)
  if (rest === '' || rest === '/') return '/'
  return rest.endsWith('/') ? rest.slice(0, -1) : rest
}

/** @param {string} url */
function queryOf(url) {
  const at = url.indexOf('?')
  return new URLSearchParams(at < 0 ? '' : url.slice(at))
}

module.exports = { getHealth, getProcessHealth, healthRouter }
