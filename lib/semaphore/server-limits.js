'use strict'

/**
 * Returns the servers with a limit or a rate of their own, as the addon has them.
 * @param {Record<string, number>} limits
 * @param {Record<string, { limit: number, interval: number }>} rates
 */
function serverLimits(limits, rates) {
  // Maps, because a server may be called `constructor`.
  const [limitOf, rateOf] = [new Map(Object.entries(limits)), new Map(Object.entries(rates))]
  return [...new Set([...limitOf.keys(), ...rateOf.keys()])].map((server) => {
    const { limit: rate, interval } = rateOf.get(server) ?? {}
    return { server, limit: limitOf.get(server), rate, interval }
  })
}

module.exports = { serverLimits }
