'use strict'

// The limits that processes share, as a server with the same environment would share them.

const config = require('../../config')
const { counted } = require('../text')
const { fail, ok } = require('./check')

/**
 * Asks the Redis of a fleet, without joining the fleet.
 * @returns {Promise<import('./check').Check[]>}
 */
async function limitChecks() {
  const url = config.limitUrl()
  if (url === undefined) return []
  if (url === 'host') return [ok('limit', 'shared by all processes of this user on this machine')]
  let native
  try {
    native = require('../../native')
  } catch {
    // The check of the addon tells why.
    return []
  }
  if (native.fleetAddress === undefined)
    return [fail('limit', 'MCP_LIMIT_URL: this build of procward has no fleet')]
  try {
    const address = native.fleetAddress(url)
    const listed = native.listFleet(url).then(
      ({ processes }) => ok('limit', `${address} answers; ${counted(processes, 'helper')}`),
      ({ message }) => fail('limit', `cannot use ${address}: ${message}`),
    )
    return [await listed]
  } catch (error) {
    return [fail('limit', `MCP_LIMIT_URL: ${/** @type {Error} */ (error).message}`)]
  }
}

module.exports = { limitChecks }
