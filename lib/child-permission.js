'use strict'

/** Returns whether Node.js's permission model lets this program start children. */
function mayStartChildren() {
  const { permission } = /** @type {any} */ (process)
  return !permission || permission.has('child')
}

module.exports = { mayStartChildren }
