'use strict'

const config = require('../../config')
const { EXIT, unreachable, usageError } = require('../failure')
const { fleetLines } = require('../fleet-lines')

/** @type {import('../main').Run} */
async function run(_request, output) {
  const url = config.limitUrl()
  if (url === undefined || url === 'host')
    throw usageError("MCP_LIMIT_URL must have the address of the fleet's Redis")
  const native = require('../../native')
  const address = checked(() => native.fleetAddress(url))
  const listing = await native.listFleet(url).catch((problem) => {
    throw unreachable(`cannot reach ${address}: ${problem.message}`, problem)
  })
  output.document('fleet', { address, ...listing })
  output.lines(fleetLines(address, listing, output))
  return EXIT.ok
}

/** @template T @param {() => T} use @returns {T} */
function checked(use) {
  try {
    return use()
  } catch (error) {
    throw usageError(`MCP_LIMIT_URL: ${/** @type {Error} */ (error).message}`)
  }
}

module.exports = { run }
