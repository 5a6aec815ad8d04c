'use strict'

const JSON_TYPE = 'application/json'
/** draft-inadarei-api-health-check: only for those who ask for it by name. */
const HEALTH_TYPE = 'application/health+json'

/** @typedef {typeof JSON_TYPE | typeof HEALTH_TYPE} MediaType */

/** @param {string | undefined} accept the request's Accept header @returns {MediaType} */
function mediaType(accept = '') {
  const asked = quality(accept, HEALTH_TYPE)
  return asked > 0 && asked >= quality(accept, JSON_TYPE) ? HEALTH_TYPE : JSON_TYPE
}

/**
 * How much a type that is named in the header is wanted, 0 to 1.
 * @param {string} accept
 * @param {string} type
 */
function quality(accept, type) {
  for (const range of accept.toLowerCase().split(',')) {
    const [name, ...parameters] = range.split(';').map((part) => part.trim())
    if (name !== type) continue
    const q = parameters.find((parameter) => parameter.startsWith('q='))
    return q === undefined ? 1 : Number(q.slice(2)) || 0
  }
  return 0
}

module.exports = { HEALTH_TYPE, JSON_TYPE, mediaType, quality }
