'use strict'

// The helper and the cleanup scanner that metrics, alerts and health routes read from.

const validate = require('./validate')

/** @typedef {import('./metrics/collect').Source} Source */

/**
 * Returns the given helper and scanner, or the default one of each.
 * @param {{ helper?: any, cleanup?: any }} given
 * @returns {Source}
 */
function sourceOf({ helper = defaultHelper(), cleanup = defaultCleanup() }) {
  requireMethods('helper', helper, ['getSemaphoreStatus', 'getActiveProcesses'])
  requireMethods('cleanup', cleanup, ['getStats'])
  return { helper, cleanup }
}

// Loaded on use, because a caller with a helper of its own needs no mcporter.
function defaultHelper() {
  return require('./mcp-helper')
}

function defaultCleanup() {
  return require('./cleanup').cleanup
}

/** @param {string} name @param {any} value @param {string[]} methods */
function requireMethods(name, value, methods) {
  if (methods.every((method) => typeof value?.[method] === 'function')) return
  const expected = `an object with ${methods.map((method) => `${method}()`).join(' and ')}`
  throw validate.invalidConfig(name, expected, value)
}

module.exports = { sourceOf }
