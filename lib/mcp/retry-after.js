'use strict'
/** @param {any} error */ function retryAfterOf(error) {
  return error?.retryAfter && error.code !== 'ERR_SERVER_UNAVAILABLE' ? error.retryAfter : undefined
}
module.exports = { retryAfterOf }
