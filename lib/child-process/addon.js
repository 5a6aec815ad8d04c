'use strict'

/** @type {typeof import('../../binding') | null | undefined} */
let loaded

/** A process without a free descriptor, in the words of Node.js and of the system's loader. */
const SHORTAGE = /\b(EMFILE|ENFILE)\b|too many open files|\bError 2[34]\b/i

/**
 * Returns the addon. A failure to load the addon is remembered, because it is slow, unless this
 * process had no descriptor left.
 */
function addon() {
  if (loaded !== undefined) return loaded
  try {
    loaded = require('../native')
  } catch (error) {
    if (isShortage(error)) return null
    loaded = null
  }
  return loaded
}

/** @param {any} error */
function isShortage(error) {
  for (let at = error; at instanceof Error; at = at.cause)
    if (SHORTAGE.test(at.message)) return true
  return false
}

module.exports = { addon }
