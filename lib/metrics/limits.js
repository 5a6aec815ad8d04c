'use strict'

// The limits of a helper's calls at one moment: the reason for waiting, and the use by server. A
// user's own helper may have none of this.

const { firstBy } = require('../first-by')

/**
 * @typedef {import('../mcp-helper').SemaphoreStatus} Status
 * @typedef {import('../mcp-helper').ServerSlots} ServerSlots
 * @typedef {Exclude<Status['limitedBy'], undefined>} Reason
 */

/** The reasons for which calls wait. A helper's other words are not passed on. */
const REASONS = ['slots', 'server', 'rate', 'start', 'memory', 'cpu', 'host', 'fleet']
/** The most servers in an answer. */
const MAX_SERVERS = 200

/**
 * Returns the reason for which calls wait. A helper without limits but the overall one names none.
 * @param {Status} status
 * @returns {Reason}
 */
function waitReason({ limitedBy, queued }) {
  if (limitedBy === undefined) return queued > 0 ? 'slots' : null
  return limitedBy !== null && REASONS.includes(limitedBy) ? limitedBy : null
}

/**
 * Returns the use by server. Every field is named, so that nothing else of a helper can leak.
 * @param {Status} status
 * @returns {ServerSlots[]}
 */
function serverSlots({ servers }) {
  return Array.isArray(servers) ? servers.map(slotsOf) : []
}

/** @param {Partial<ServerSlots>} given @returns {ServerSlots} */
function slotsOf({ server, limit = null, rate, current = 0, queued = 0, pausedFor = 0 }) {
  return { server: String(server), limit, rate: rateOf(rate), current, queued, pausedFor }
}

/** @param {ServerSlots['rate']} [rate] @returns {ServerSlots['rate']} */
function rateOf(rate) {
  return rate ? { limit: rate.limit, interval: rate.interval, recent: rate.recent } : null
}

/**
 * Returns at most 200 servers, in their order. Servers with limits, rates and pauses go first,
 * because callers can invent any number of other names.
 * @param {ServerSlots[]} servers
 */
function bounded(servers) {
  return firstBy(
    servers,
    MAX_SERVERS,
    (one, other) => Number(isNamed(other)) - Number(isNamed(one)),
  )
}

/**
 * Returns whether a server has a limit, a rate or a pause, so that its name was not invented by a
 * caller.
 * @param {ServerSlots} server
 */
function isNamed({ limit, rate, pausedFor }) {
  return limit !== null || rate !== null || pausedFor > 0
}

/**
 * Returns the server with the longest pause, and the number of paused servers.
 * @param {Status} status
 * @returns {import('../health').Sample['paused']}
 */
function longestPause(status) {
  const paused = serverSlots(status).filter(({ pausedFor }) => pausedFor > 0)
  if (paused.length === 0) return null
  const longest = paused.reduce((one, other) => (other.pausedFor > one.pausedFor ? other : one))
  return { server: longest.server, pausedFor: longest.pausedFor, count: paused.length }
}

module.exports = { MAX_SERVERS, REASONS, bounded, isNamed, longestPause, serverSlots, waitReason }
