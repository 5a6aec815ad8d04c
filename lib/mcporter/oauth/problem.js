'use strict'

/**
 * The error of a token that cannot be got here; mcporter itself may still get one. The message
 * never quotes a secret.
 */
class NoToken extends Error {}

module.exports = { NoToken }
