'use strict'

/**
 * Returns the name of a signal that the addon reports by number. A signal without a name of
 * Node.js, such as a real-time signal, is named by its number.
 * @param {number | undefined} number
 * @returns {NodeJS.Signals | null}
 */
function signalName(number) {
  if (number === undefined) return null
  return /** @type {NodeJS.Signals} */ (knownSignalName(number) ?? `SIG${number}`)
}

/**
 * Returns the name that Node.js has for a signal, if there is one.
 * @param {number} number
 */
function knownSignalName(number) {
  // Loaded on use, because most processes exit with a code.
  const { signals } = require('node:os').constants
  return Object.entries(signals).find(([, value]) => value === number)?.[0]
}

/**
 * Returns the number of a signal that is named as Node.js does it, or given as a number. Returns
 * `undefined` if this system has no such signal.
 * @param {unknown} signal
 * @returns {number | undefined}
 */
function signalNumber(signal) {
  const signals = /** @type {Record<string, number>} */ (require('node:os').constants.signals)
  if (typeof signal === 'number')
    return Object.values(signals).includes(signal) ? signal : undefined
  if (typeof signal !== 'string') return undefined
  const name = signal.toUpperCase()
  return Object.hasOwn(signals, name) ? signals[name] : undefined
}

module.exports = { knownSignalName, signalName, signalNumber }
