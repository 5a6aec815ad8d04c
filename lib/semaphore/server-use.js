'use strict'

// The use of servers as the addon reports it: why their calls wait, and what a status shows.

/**
 * Returns the reason for which calls wait.
 * @param {import('../../binding').CallServerUse[]} servers
 * @returns {'slots' | 'server' | 'rate' | 'start'}
 */
function reasonOf(servers) {
  const holds = servers.filter(({ queued }) => queued > 0).map(({ hold }) => hold)
  if (holds.includes('none')) return 'slots'
  if (holds.includes('limit')) return 'server'
  return holds.every((hold) => hold === 'start') ? 'start' : 'rate'
}

/**
 * Returns why a server lets no call start now, if that is its own limit, rate, pause or start.
 * @param {import('../../binding').CallServerUse} use
 */
function reasonOfServer({ limit, rate, inUse, pauseLeft, startLeft }) {
  if (pauseLeft > 0)
    return `the server asked to be left alone for another ${Math.ceil(pauseLeft)} ms`
  if (startLeft > 0)
    return `the server could not be started; the next start is tried in ${Math.ceil(startLeft)} ms`
  if (rate && rate.recent >= rate.limit)
    return `the server's rate is ${rate.limit} calls in ${rate.interval} ms`
  if (limit !== undefined && inUse >= limit) return `the server's limit is ${limit}`
}

/** @param {import('../../binding').CallServerUse} use */
function serverStatus({ server, limit, rate, inUse, queued, pauseLeft }) {
  return {
    server,
    limit: limit ?? null,
    rate: rate ?? null,
    current: inUse,
    queued,
    pausedFor: Math.ceil(pauseLeft),
  }
}

module.exports = { reasonOf, reasonOfServer, serverStatus }
