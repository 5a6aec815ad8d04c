'use strict'

const { failures } = require('./failures')
const { history, metrics } = require('./metrics')
const { basicHealth, processHealth } = require('./report')

/**
 * An answer in both forms: the plain body, and the status and checks of
 * `application/health+json`.
 * @typedef {{
 *   statusCode: number,
 *   body: Record<string, unknown>,
 *   status: 'pass' | 'warn' | 'fail',
 *   output?: string,
 *   checks: Record<string, Check>,
 *   retryAfter?: number,
 * }} Answer
 * @typedef {{ observedValue: number, observedUnit: string, status?: 'warn', output?: string }}
 *   Check
 *
 * @typedef {{ accept: string, query: URLSearchParams, seesMessages: () => boolean }} Request
 *   - `seesMessages` returns whether the answer may have words of servers
 */

/** Value of `Retry-After` in seconds: about one MCP call, or one restart. */
const RETRY_AFTER = 5

const NOT_READY = { draining: 'shutting down', 'queue-full': 'the queue of calls is full' }

/** @returns {Answer} */
function basic() {
  const body = basicHealth()
  /** @type {Answer['checks']} */
  const checks = { uptime: { observedValue: body.uptime, observedUnit: 's' } }
  for (const [name, observedValue] of Object.entries(body.memory)) {
    checks[`memory:${name}`] = { observedValue, observedUnit: 'B' }
  }
  return { statusCode: 200, body: { ...body }, status: 'pass', checks }
}

/** @param {import('./options').HealthSource} source @returns {Answer} */
function processes(source) {
  const body = processHealth(source)
  const { semaphore, activeProcesses, cleanup, alert, alerts } = body
  const worst = alert ?? alerts[0]
  const active = { observedValue: activeProcesses.count, observedUnit: 'processes' }
  return {
    statusCode: 200,
    body: { ...body },
    status: worst ? 'warn' : 'pass',
    output: worst?.message,
    checks: {
      'processes:active': alert ? { ...active, status: 'warn', output: alert.message } : active,
      'semaphore:current': { observedValue: semaphore.current, observedUnit: 'calls' },
      'semaphore:queued': { observedValue: semaphore.queued, observedUnit: 'calls' },
      'cleanup:killed': { observedValue: cleanup.stats.killed, observedUnit: 'processes' },
      'cleanup:errors': { observedValue: cleanup.stats.errors, observedUnit: 'errors' },
    },
  }
}

/** Answers while the event loop turns, whatever the child processes do. @returns {Answer} */
function live() {
  return {
    statusCode: 200,
    body: { status: 'ok', timestamp: new Date().toISOString() },
    status: 'pass',
    checks: {},
  }
}

/** @param {import('./options').HealthSource} source @returns {Answer} */
function ready({ helper }) {
  const { ready, reason } = helper.getReadiness?.() ?? { ready: true, reason: null }
  if (ready) return live()
  const output = NOT_READY[reason ?? 'draining']
  return {
    statusCode: 503,
    body: { status: 'unavailable', timestamp: new Date().toISOString(), reason: output },
    status: 'fail',
    output,
    checks: {},
    retryAfter: RETRY_AFTER,
  }
}

/**
 * @typedef {(source: import('./options').HealthSource, request: Request) => Answer |
 *   import('./reply').Reply} Route
 */

/** @type {Map<string | undefined, Route>} */
const routes = new Map(
  /** @type {[string, Route][]} */ ([
    ['/', basic],
    ['/processes', processes],
    ['/live', live],
    ['/ready', ready],
    ['/metrics', metrics],
    ['/history', history],
    ['/failures', failures],
  ]),
)

module.exports = { routes }
