'use strict'

const { counted, duration, plain, table } = require('./text')

/** @typedef {import('../../binding').FleetListing} Listing */

/**
 * Returns lines about a fleet: its use, and a table for each list that is not empty.
 * @param {string} address
 * @param {Listing} listing
 * @param {import('./output').Output} output
 */
function fleetLines(address, listing, output) {
  const { limit, inUse, holders, waiters, processes } = listing
  const names = new Map(listing.processList.map(({ id, host, pid }) => [id, `${host}:${pid}`]))
  const nameOf = (/** @type {string} */ id) => names.get(id) ?? id
  /** @param {string[]} titles @param {unknown[][]} rows @param {number} [count] of all */
  const part = (titles, rows, count = rows.length) => {
    if (rows.length === 0) return []
    const [head, ...body] = table(titles, rows)
    const more = count > rows.length ? [`and ${count - rows.length} more`] : []
    return ['', output.style('bold', head), ...body, ...more]
  }
  return [
    `fleet     ${plain(address)}`,
    `slots     ${inUse} of ${limit} in use by ${counted(holders, 'call')}, ${waiters} waiting`,
    `helpers   ${processes}`,
    ...part(
      ['PROCESS', 'HOLDS>', 'WAITING>', 'LEASE>'],
      listing.processList.map(({ id, leaseLeft, holders, waiters }) => {
        return [nameOf(id), holders, waiters, duration(leaseLeft)]
      }),
      processes,
    ),
    ...part(
      ['SERVER', 'SLOTS>'],
      listing.serverList.map(({ server, inUse, limit }) => {
        return [server, limit === undefined ? inUse : `${inUse} of ${limit}`]
      }),
    ),
    ...part(
      ['HOLDER', 'SERVER', 'SLOTS>', 'FOR>', 'FENCE>'],
      listing.holderList.map(({ process, server, cost, age, fence }) => {
        return [nameOf(process), server, cost, duration(age), fence ?? '-']
      }),
      holders,
    ),
    ...part(
      ['WAITER', 'SERVER', 'SLOTS>', 'FOR>'],
      listing.waiterList.map(({ process, server, cost, age }) => {
        return [nameOf(process), server, cost, duration(age)]
      }),
      waiters,
    ),
    ...part(
      ['PAUSED', 'FOR ANOTHER>'],
      listing.pauseList.map(({ server, left }) => [server, duration(left)]),
    ),
  ]
}

module.exports = { fleetLines }
