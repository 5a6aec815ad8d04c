'use strict'

const validate = require('../validate')

/**
 * What the routes read from.
 * @typedef {{
 *   helper: import('../health').HealthHelper,
 *   cleanup: import('../health').HealthCleanup,
 *   recommendedMax: number,
 *   prefix: string,
 * }} HealthSource
 */

const KNOWN = ['helper', 'cleanup', 'recommendedMax', 'prefix']

/** @param {unknown} given @returns {HealthSource} */
function healthOptions(given) {
  const options = validate.options('options', given, KNOWN)
  const { helper = defaultHelper(), cleanup = defaultCleanup(), recommendedMax = 5, prefix = '' } = options
  requireMethods('helper', helper, ['getSemaphoreStatus', 'getActiveProcesses'])
  requireMethods('cleanup', cleanup, ['getStats'])
  return {
    helper,
    cleanup,
    recommendedMax: validate.count('recommendedMax', recommendedMax),
    prefix: mountPath(prefix),
  }
}

// Loaded when they are needed: whoever brings their own helper needs no mcporter.
function defaultHelper() {
  return require('../mcp-helper')
}

function defaultCleanup() {
  return require('../cleanup').cleanup
}

/** @param {string} name @param {any} value @param {string[]} methods */
function requireMethods(name, value, methods) {
  if (methods.every((method) => typeof value?.[method] === 'function')) return
  throw validate.invalidConfig(name, `an object with ${methods.map((method) => `${method}()`).join(' and ')}`, value)
}

/** @param {unknown} value */
function mountPath(value) {
  const prefix = validate.string('prefix', value)
  if (prefix === '' || /^\/[^?#]*$/.test(prefix)) return prefix.endsWith('/') ? prefix.slice(0, -1) : prefix
  throw validate.invalidConfig('prefix', "a path such as '/api/health'", value)
}

module.exports = { healthOptions }
