'use strict'

// What a server says about itself, checked as far as it is used here.

const { json, strange } = require('./server')

/** @typedef {import('../health').ProcessHealth} ProcessHealth */
/**
 * @typedef {{ level: string, message: string, value?: number, threshold?: number,
 *   resolvesAt?: number }} ShownAlert - older servers tell level and message alone
 * @typedef {object} ServerHealth
 * @property {string} url
 * @property {boolean} ready
 * @property {string | null} reason - why it is not
 * @property {number} uptime - seconds
 * @property {number} memory - resident bytes
 * @property {Pick<ProcessHealth, 'semaphore' | 'activeProcesses' | 'cleanup' | 'pool'>} health
 * @property {ShownAlert[]} alerts
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
 * Returns `healthOf(server)`; `undefined` if the user named no server and this one does not answer.
 * @param {import('./server').Server} server
 * @param {(problem: string) => void} [onProblem] called if a server was found and does not answer
 */
async function healthIfAny(server, onProblem = () => {}) {
  try {
    return await healthOf(server)
  } catch (error) {
    const { code, message } = /** @type {any} */ (error)
    if (server.isChosen || code !== 'ERR_UNREACHABLE') throw error
    if (server.pids.length > 0) onProblem(message)
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
    (semaphore.memory === undefined || isList(semaphore.memory?.learnt)) &&
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
