// The reasons of alerts: what the other parts of the page know about them, and where they show it.

import { bytes, counted, duration, latency, sum } from './format.js'
import { reasonWords } from './reasons.js'
import { sorted } from './rows.js'

/** Ms of failed calls that explain an alert, as long as the window of its usual rule. */
const WINDOW = 300_000

/**
 * @typedef {{ text: string, target?: string, label?: string }} Reason
 *   `target` is the id of the part of the page that shows more, and `label` its name
 * @typedef {{ name: string, measure?: string, message?: string }} Alert
 * @typedef {{ target: string, label: string,
 *   text: (snapshot: any, alert: Alert) => string }} Source
 */

/** The name of processes without a server. */
const NO_SERVER = 'no server'

const CALLS = { target: 'calls-title', label: 'Active calls' }
const QUEUE = { target: 'queue-title', label: 'Queue' }
const FAILURES = { target: 'failures-title', label: 'Failed calls' }
const PROCESSES = { target: 'processes-title', label: 'Child processes' }
const SERVERS = { target: 'servers-title', label: 'Limits of servers' }
const SESSIONS = { target: 'sessions-title', label: 'Sessions' }
const LATENCY = { target: 'latency-title', label: 'Latency' }
const CLEANUP = { target: 'cleanup-title', label: 'Cleanup' }

/** The sources by the names of alerts and of their measures. @type {Map<string, Source>} */
const SOURCES = new Map([
  ['processes', { ...CALLS, text: mostCalls }],
  ['queue', { ...QUEUE, text: longestWait }],
  ['queueTimeouts', { ...FAILURES, text: gaveUp }],
  ['failures', { ...FAILURES, text: commonFailure }],
  ['kills', { ...CLEANUP, text: killReasons }],
  ['memory', { ...PROCESSES, text: largest }],
  ['stuck', { ...PROCESSES, text: stuckServers }],
  ['slowTool', { ...LATENCY, text: slowest }],
  ['pausedServer', { ...SERVERS, text: waitersOfPaused }],
  ['serverFailures', { ...FAILURES, text: failureOfServer }],
  ['breakerOpen', { ...FAILURES, text: refusedCalls }],
  ['poolExhausted', { ...SESSIONS, text: busySessions }],
  ['notReady', { ...QUEUE, text: longestWait }],
  ['crashes', { ...PROCESSES, text: exits }],
  ['spawnStorm', { ...PROCESSES, text: mostStarts }],
  ['childrenMemory', { ...PROCESSES, text: largest }],
  ['scannerStopped', { ...CLEANUP, text: () => '' }],
  ['scannerStale', { ...CLEANUP, text: () => '' }],
  ['cleanupErrors', { ...CLEANUP, text: () => '' }],
])

/**
 * Returns why an alert is active, as far as a snapshot shows it.
 * @param {Alert} alert
 * @param {any} snapshot
 * @returns {Reason}
 */
export function reasonOf(alert, snapshot) {
  const { name, measure } = alert
  const source = SOURCES.get(measure ?? name) ?? SOURCES.get(name)
  if (source === undefined) return { text: '' }
  return { text: source.text(snapshot, alert), target: source.target, label: source.label }
}

/** @param {any} snapshot */
function mostCalls({ health }) {
  const names = health.activeProcesses.processes.map(
    (/** @type {any} */ { server }) => server ?? NO_SERVER,
  )
  return most(names)
    .map(([name, calls]) => `${calls} of ${name}`)
    .slice(0, 3)
    .join(', ')
}

/** @param {any} snapshot */
function longestWait({ metrics, queuedCalls: [first] }) {
  if (first) {
    const call = `${first.server} ${first.tool}`
    return `${call} waits longest, ${duration(first.duration)}, for ${reasonWords(first.waitsFor)}`
  }
  return metrics.limitedBy ? `calls wait for ${reasonWords(metrics.limitedBy)}` : ''
}

/** @param {any} snapshot */
function gaveUp(snapshot) {
  const { failedCalls, time } = snapshot
  const late = recent(failedCalls, time).filter(({ code }) => code === 'ERR_QUEUE_TIMEOUT')
  if (late.length === 0) return longestWait(snapshot)
  const names = most(late.map(({ server, tool }) => `${server} ${tool}`))
  const each = names.slice(0, 3).map(([name, calls]) => `${calls} of ${name}`)
  return `of ${counted(late.length, 'listed call')}: ${each.join(', ')}`
}

/** @param {any} snapshot */
function commonFailure({ failedCalls, time }) {
  const calls = recent(failedCalls, time)
  const [first] = most(calls.map(({ server, tool, code }) => `${server} ${tool}: ${code}`))
  if (first === undefined) return ''
  return `${share(first[1], calls.length)} ${first[0]}`
}

/**
 * Tells of the one server that the alert's message names.
 * @param {any} snapshot
 * @param {Alert} alert
 */
function failureOfServer({ failedCalls, metrics, time }, { message = '' }) {
  const ofServer = (/** @type {{ server: string }} */ { server }) => isNamed(server, message)
  const calls = recent(failedCalls, time).filter(ofServer)
  const [first] = most(calls.map(({ tool, code }) => `${tool}: ${code}`))
  if (first !== undefined)
    return `${share(first[1], calls.length, ` to ${calls[0].server}`)} ${first[0]}`
  // The listed failures are all of other servers.
  const codes = metrics.calls.filter(ofServer).flatMap((/** @type {any} */ { tool, failures }) =>
    Object.entries(failures).map(([code, count]) => ({
      count,
      text: `${count} ${tool}: ${code}`,
    })),
  )
  const [worst] = sorted(codes, (/** @type {any} */ { count }) => count, true)
  return worst ? `since the start: ${worst.text}` : ''
}

/**
 * Tells of how many listed calls a share is, because the alert may count more than are kept.
 * @param {number} part
 * @param {number} all
 * @param {string} [which]
 */
function share(part, all, which = '') {
  return `${part} of ${counted(all, 'listed failure')}${which} ${part === 1 ? 'is' : 'are'}`
}

/**
 * Counts the calls to each server that is not started again for a while.
 * @param {any} snapshot
 * @param {Alert} alert
 */
function refusedCalls(snapshot, alert) {
  const { failedCalls, time } = snapshot
  const failed = recent(failedCalls, time)
  const refused = failed.filter(({ code }) => code === 'ERR_SERVER_UNAVAILABLE')
  const servers = most(refused.map(({ server }) => server))
  if (servers.length === 0) return failureOfServer(snapshot, alert)
  const each = servers.slice(0, 5).map(([server, calls]) => `${calls} to ${server}`)
  return `refused for now, of ${counted(failed.length, 'listed failure')}: ${each.join(', ')}`
}

/**
 * Returns whether an alert's message names a server.
 * @param {string} server
 * @param {string} message
 */
function isNamed(server, message) {
  const isFirst = [': ', ' and '].some((next) => message.startsWith(server + next))
  return isFirst || message.includes(` to ${server} failed `)
}

/** @param {any} snapshot */
function killReasons({ metrics }) {
  const counts = Object.entries(metrics.cleanup.killed).filter(([, killed]) => Number(killed) > 0)
  if (counts.length === 0) return ''
  const words = counts.map(([why, killed]) => `${killed} ${why.replaceAll('_', ' ')}`)
  return `since the start: ${words.join(', ')}`
}

/** @param {any} snapshot */
function largest({ metrics }) {
  const [first] = sorted(metrics.children, (/** @type {any} */ row) => row.memory, true)
  if (!first || first.memory === 0) return 'no child of this server needs memory'
  const name = first.server ?? NO_SERVER
  return `of the children most is ${name}: ${bytes(first.memory)} in ${counted(first.count, 'process', 'processes')}`
}

/** @param {any} snapshot */
function stuckServers({ metrics }) {
  const stuck = metrics.children.filter((/** @type {any} */ row) => row.stuck > 0)
  return stuck
    .map((/** @type {any} */ row) => `${row.stuck} of ${row.server ?? NO_SERVER}`)
    .slice(0, 3)
    .join(', ')
}

/** @param {any} snapshot */
function busySessions({ health: { pool } }) {
  if (pool === null) return ''
  const { sessions, maxSessions, queued } = pool
  const waiting = counted(queued, 'call waits', 'calls wait')
  return `${sessions.length} of ${maxSessions} sessions are open, ${waiting} for one`
}

/** @param {any} snapshot */
function exits({ metrics }) {
  const bad = metrics.children.flatMap((/** @type {any} */ { server, exits }) =>
    ['killed', 'oom']
      .filter((why) => exits[why] > 0)
      .map((why) => `${exits[why]} ${why} of ${server ?? NO_SERVER}`),
  )
  return bad.length === 0 ? '' : `since the start: ${bad.slice(0, 3).join(', ')}`
}

/** @param {any} snapshot */
function mostStarts({ metrics }) {
  const [first] = sorted(metrics.children, (/** @type {any} */ row) => row.spawns, true)
  if (!first) return ''
  return `most since the start: ${counted(first.spawns, 'start')} of ${first.server ?? NO_SERVER}`
}

/** @param {any} snapshot */
function slowest({ metrics }) {
  const [first] = sorted(metrics.calls, (/** @type {any} */ row) => row.p95, true)
  if (!first) return ''
  const { server, tool, count, p50, max } = first
  return `${server} ${tool}: half of ${counted(count, 'call')} within ${latency(p50)}, the longest ${latency(max)}`
}

/** @param {any} snapshot */
function waitersOfPaused({ health: { semaphore } }) {
  const paused = (semaphore.servers ?? []).filter((/** @type {any} */ row) => row.pausedFor > 0)
  const waiting = sum(paused.map((/** @type {any} */ row) => row.queued))
  return waiting > 0
    ? `${counted(waiting, 'call waits', 'calls wait')} for it`
    : 'no call waits for it'
}

/**
 * @param {import('./failures.js').FailedCall[]} failedCalls
 * @param {number} time
 */
function recent(failedCalls, time) {
  return failedCalls.filter((call) => call.time > time - WINDOW)
}

/**
 * Counts equal texts, the most frequent first.
 * @param {string[]} texts
 * @returns {[string, number][]}
 */
function most(texts) {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts].sort(([, one], [, other]) => other - one)
}
