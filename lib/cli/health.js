'use strict'

// What a server says about itself, checked as far as it is used here.

const { json, strange } = require('./server')

/** @typedef {import('../health').ProcessHealth} ProcessHealth */
/**
 * @typedef {object} ServerHealth
 * @property {string} url
 * @property {boolean} ready
 * @property {string | null} reason - why it is not
 * @property {number} uptime - seconds
 * @property {number} memory - resident bytes
 * @property {Pick<ProcessHealth, 'semaphore' | 'activeProcesses' | 'cleanup' | 'pool'>} health
 * @property {{ level: string, message: string }[]} alerts
 */

/** @param {import('./server').Server} server @returns {Promise<ServerHealth>} */
async function healthOf(server) {
  const [basic, all, ready] = await Promise.all([
    json(server, ''),
    json(server, '/processes'),
    json(server, '/ready', { statuses: [503] }),
  ])
  if (!isBasic(basic) || !isProcesses(all) || typeof ready?.status !== 'string')
    throw strange(server)
  const { semaphore, activeProcesses, cleanup, pool = null, alert, alerts } = all
  const isReady = ready.status === 'ok'
  return {
    url: server.url,
    ready: isReady,
    reason: isReady ? null : String(ready.reason ?? ready.status),
    uptime: basic.uptime,
    memory: basic.memory.rss,
    health: { semaphore, activeProcesses, cleanup, pool },
    // Servers without `alerts` have `alert` alone, as the first user's server had.
    alerts: alerts ?? (alert ? [alert] : []),
  }
}

/**
 * Returns `healthOf(server)`; `undefined` if no URL was given and nothing answers at the default
 * one.
 * @param {import('./server').Server} server
 */
async function healthIfAny(server) {
  try {
    return await healthOf(server)
  } catch (error) {
    if (server.isChosen || /** @type {any} */ (error).code !== 'ERR_UNREACHABLE') throw error
  }
}

/** @param {any} body */
function isBasic(body) {
  return typeof body?.uptime === 'number' && typeof body.memory?.rss === 'number'
}

/** @param {any} body */
function isProcesses(body) {
  const { semaphore, activeProcesses, cleanup, pool, alerts = [] } = body ?? {}
  return (
    typeof semaphore?.current === 'number' &&
    (semaphore.servers === undefined || isList(semaphore.servers)) &&
    isList(activeProcesses?.processes) &&
    typeof cleanup?.stats?.scans === 'number' &&
    (pool === null || pool === undefined || isList(pool.sessions)) &&
    isList(alerts)
  )
}

/** @param {any} value */
function isList(value) {
  return Array.isArray(value) && value.every((each) => typeof each === 'object' && each !== null)
}

module.exports = { healthIfAny, healthOf }
