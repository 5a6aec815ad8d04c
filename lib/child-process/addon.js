'use strict'

/** @type {typeof import('../../binding') | null | undefined} */
let loaded

/** Returns the addon. A failure to load the addon is remembered, because it is slow. */
function addon() {
  if (loaded !== undefined) return loaded
  try {
    loaded = require('../native')
  } catch {
    loaded = null
  }
  return loaded
}

module.exports = { addon }
