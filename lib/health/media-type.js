'use strict'

const JSON_TYPE = 'application/json'
/** The format of draft-inadarei-api-health-check, only for clients that request it by name. */
const HEALTH_TYPE = 'application/health+json'

/** @typedef {typeof JSON_TYPE | typeof HEALTH_TYPE} MediaType */

/** @param {string | undefined} accept the request's Accept header @returns {MediaType} */
function mediaType(accept = '') {
  const asked = quality(accept, HEALTH_TYPE)
  return asked > 0 && asked >= quality(accept, JSON_TYPE) ? HEALTH_TYPE : JSON_TYPE
}

/**
 * Returns the quality of a type in the header, 0 to 1; 0 for a type that is not named.
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
