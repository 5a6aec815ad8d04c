'use strict'

/**
 * Why there is no token to be had here; mcporter itself may still get one. It never quotes a
 * secret.
 */
class NoToken extends Error {}

module.exports = { NoToken }
