'use strict'

/**
 * Returns the name of a signal that the addon reports by number.
 * @param {number | undefined} number
 * @returns {NodeJS.Signals | null}
 */
function signalName(number) {
  if (number === undefined) return null
  // Loaded on use, because most processes exit with a code.
  const { signals } = require('node:os').constants
  const name = Object.entries(signals).find(([, value]) => value === number)?.[0]
  return /** @type {NodeJS.Signals} */ (name ?? `SIG${number}`)
}

module.exports = { signalName }
