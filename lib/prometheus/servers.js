'use strict'

// The use of servers under a bounded number of names.

const { MAX_SERVERS, isNamed } = require('../metrics/limits')
const { foldedName, label } = require('./family')

/**
 * @typedef {{ limit: number | null, inUse: number, queued: number, rateLimit: number | null,
 *   recent: number | null, pause: number }} Use
 *   - the pause in seconds
 */

/**
 * Returns the use by the name of a label. A server has its own name if it has a limit, a rate or a
 * pause, or if a call to it or a process of it was counted. All others are `other`, because callers
 * can invent any number of names.
 * @param {import('../metrics/limits').ServerSlots[]} servers
 * @param {ReadonlySet<string>} known - the servers that were counted
 * @returns {Map<string, Use>}
 */
function byServer(servers, known) {
  /** @type {Map<string, Use>} */
  const uses = new Map()
  for (const server of servers) {
    const name = label(server.server)
    const key = foldedName(uses, name, isNamed(server) || known.has(name))
    uses.set(key, sum(useOf(server), uses.get(key)))
  }
  return uses
}

/**
 * Returns the labels of the configured servers, at most 200. Their counters exist from 0 on.
 * @param {import('./families').Collected} collected
 * @returns {ReadonlySet<string>}
 */
function configuredServers({ helper }) {
  const all = helper?.servers ?? []
  return new Set(all.slice(0, MAX_SERVERS).map(({ server }) => label(server)))
}

/**
 * Returns the labels of the servers that have names of their own: those that are configured, and
 * those that were called or started.
 * @param {import('./families').Collected} collected
 * @param {ReadonlySet<string>} configured - their labels
 * @returns {ReadonlySet<string>}
 */
function knownServers({ calls, children }, configured) {
  const counted = [...calls, ...children].map(({ server }) => server ?? '')
  return new Set([...counted, ...configured])
}

/** @param {import('../metrics/limits').ServerSlots} server @returns {Use} */
function useOf({ limit, rate, current, queued, pausedFor }) {
  return {
    limit,
    inUse: current,
    queued,
    rateLimit: rate?.limit ?? null,
    recent: rate?.recent ?? null,
    pause: pausedFor / 1000,
  }
}

/** @param {Use} one @param {Use} [other] @returns {Use} */
function sum(one, other) {
  if (other === undefined) return one
  return {
    limit: plus(one.limit, other.limit),
    inUse: one.inUse + other.inUse,
    queued: one.queued + other.queued,
    rateLimit: plus(one.rateLimit, other.rateLimit),
    recent: plus(one.recent, other.recent),
    pause: Math.max(one.pause, other.pause),
  }
}

/** @param {number | null} one @param {number | null} other */
function plus(one, other) {
  return one === null || other === null ? (one ?? other) : one + other
}

module.exports = { byServer, configuredServers, knownServers }
