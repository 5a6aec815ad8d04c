'use strict'

/** Returns the query of a request's URL. @param {string} url */
function queryOf(url) {
  const at = url.indexOf('?')
  return new URLSearchParams(at < 0 ? '' : url.slice(at))
}

module.exports = { queryOf }
