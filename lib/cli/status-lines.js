'use strict'

const { KEPT } = require('../metrics/failed-calls')
const { learntLines, memoryLine } = require('./memory-lines')
const { serverLines } = require('./server-lines')
const { counted, duration, narrowTable, plain, size, wrapped } = require('./text')

/** The words for the reasons of waiting. @type {Record<string, string>} */
const REASONS = {
  slots: 'the overall limit',
  server: "a server's limit",
  rate: "a server's rate or pause",
  start: 'the next start of a server',
  memory: 'the memory that is left',
  cpu: 'the processors',
  host: 'other processes of this user',
  fleet: 'other processes of the fleet',
}

/** Ms for which a failed call counts as recent, as in most rules of alerts. */
const RECENT = 300_000
/** The width of terminals that have no room for the states of calls. */
const NARROW = 60
/** Longer names are cut. */
const LONGEST_NAME = 200
/**
 * The words for what a call with a slot waits for, as on the page.
 * @type {Record<string, string>}
 */
const WAITS = {
  start: 'waits for its server',
  session: 'waits for a session',
  memory: 'waits for memory',
  cpu: 'waits for processors',
}

/**
 * A server's health for people.
 * @param {import('./health').ServerHealth} server
 * @param {import('./output').Output} output
 * @param {import('../health').FailedCall[]} [failures] - the newest first
 */
function statusLines(server, output, failures = []) {
  const { url, ready, reason, uptime, memory, health, alerts } = server
  const { semaphore, activeProcesses, cleanup, pool } = health
  const state = ready ? 'ready' : `not ready: ${plain(reason)}`
  const { current, maxConcurrent, queued } = semaphore
  const facts = [
    `up        ${duration(uptime * 1000)}, ${size(memory)} of memory`,
    plain(`calls     ${current} of ${maxConcurrent} at once, ${queued} waiting`),
    ...limitLines(semaphore),
    ...fleetLine(semaphore),
    ...memoryLine(semaphore),
    ...failedLine(failures),
    `sessions  ${sessionsLine(pool)}`,
    `cleanup   ${cleanupLine(cleanup)}`,
  ]
  return [
    ...heading(url, state, ready, output),
    ...facts.flatMap((line) => wrapped(line, output.room.columns)),
    ...alertLines(alerts, output),
    ...afterGap(serverLines(semaphore, output)),
    ...afterGap(learntLines(semaphore, output)),
    '',
    ...callLines(activeProcesses.processes, output),
  ]
}

/**
 * Returns the address and the state, below each other in a narrow terminal.
 * @param {string} url
 * @param {string} state
 * @param {boolean} ready
 * @param {import('./output').Output} output
 */
function heading(url, state, ready, output) {
  const isNarrow = url.length + 2 + state.length > output.room.columns
  const address = output.style('bold', output.fit(url))
  const styled = output.style(ready ? 'green' : 'yellow', output.fit(state))
  return isNarrow ? [address, styled] : [`${address}  ${styled}`]
}

/** @param {import('../mcp-helper').SemaphoreStatus} semaphore */
function limitLines({ limitedBy }) {
  if (!limitedBy) return []
  return [
    `limited   by ${Object.hasOwn(REASONS, limitedBy) ? REASONS[limitedBy] : plain(limitedBy)}`,
  ]
}

/** @param {import('../mcp-helper').SemaphoreStatus} semaphore */
function fleetLine({ fleet }) {
  if (!fleet) return []
  const { mode, address, processes, share, reason, use } = fleet
  const alone = share === null ? mode : `${mode}, ${counted(share, 'slot')} here`
  const shared = use ? `${use.inUse} of ${use.limit} in use, ${use.waiting} waiting` : mode
  const state = reason === null ? shared : `${alone}: ${reason}`
  return [plain(`fleet     ${address}, ${counted(processes, 'helper')}; ${state}`)]
}

/** @param {import('../health').FailedCall[]} failures */
function failedLine(failures) {
  const since = Date.now() - RECENT
  const recent = failures.filter(({ time }) => time > since)
  if (recent.length === 0) return []
  const [{ server, tool, code }] = recent
  // A server keeps some of its failed calls only, so there may have been more.
  const more = failures.length >= KEPT ? 'at least ' : ''
  const calls = `${more}${counted(recent.length, 'call')} within ${RECENT / 60_000} min`
  return [
    `failed    ${calls}, the latest ${plain(server)} ${plain(tool)}: ${plain(code)}; see npx procward logs`,
  ]
}

/** @param {string[]} lines */
function afterGap(lines) {
  return lines.length === 0 ? [] : ['', ...lines]
}

/** @param {import('./health').ServerHealth['health']['pool']} pool */
function sessionsLine(pool) {
  if (pool === null || pool.sessions.length === 0) return 'none'
  const states = new Map()
  for (const { state } of pool.sessions) states.set(state, (states.get(state) ?? 0) + 1)
  const each = [...states].map(([state, count]) => `${count} ${state}`).join(', ')
  return plain(`${pool.sessions.length} of ${pool.maxSessions}: ${each}`)
}

/** @param {import('./health').ServerHealth['health']['cleanup']} cleanup */
function cleanupLine({ isRunning, interval, scope, stats: { scans, killed, errors }, lastScan }) {
  const when = isRunning ? `every ${duration(interval)}` : 'off'
  const last = lastScan ? `, the last ${duration(Math.max(0, Date.now() - lastScan.time))} ago` : ''
  return plain(
    `${when}, scope ${scope}: ${counted(scans, 'scan')}${last}, ` +
      `${killed} ended, ${counted(errors, 'error')}`,
  )
}

/**
 * @param {import('./health').ShownAlert[]} alerts
 * @param {import('./output').Output} output
 */
function alertLines(alerts, output) {
  if (alerts.length === 0) return ['alerts    none']
  return alerts.flatMap((alert) => {
    const { level, message } = alert
    const words = `alert     ${plain(level)}${ending(alert)}: ${withMinutes(plain(message))}`
    const lines = wrapped(words, output.room.columns)
    return lines.map((line) => output.style(level === 'critical' ? 'red' : 'yellow', line))
  })
}

/**
 * Tells that the value of an alert's message is one of the past, and how long the alert is kept.
 * @param {import('./health').ShownAlert} alert
 */
function ending({ value, threshold, resolvesAt }) {
  if (typeof resolvesAt === 'number')
    return `, resolves in ${duration(Math.max(0, resolvesAt - Date.now()))}`
  const isLower = typeof value === 'number' && typeof threshold === 'number' && value <= threshold
  return isLower ? ', at most its threshold now' : ''
}

/** Writes whole minutes of a message as such: `300 s` becomes `5 min`. @param {string} message */
function withMinutes(message) {
  return message.replace(/(?<![\w.])(\d{2,9}) s\b/g, (written, seconds) =>
    seconds % 60 === 0 ? `${seconds / 60} min` : written,
  )
}

/**
 * @param {import('../../index').ActiveProcess[]} calls
 * @param {import('./output').Output} output
 */
function callLines(calls, output) {
  if (calls.length === 0) return ['no calls']
  const { columns } = output.room
  const states = calls.map(callState)
  const hasStates = columns >= NARROW && states.some((state) => state !== 'runs')
  // Two names stand beside 12 columns of a time and gaps, and the state.
  const others = 14 + (hasStates ? 2 + Math.max(...states.map(({ length }) => length)) : 0)
  const room = Math.min(Math.max(8, Math.floor((columns - others) / 2)), LONGEST_NAME)
  const rows = calls.map((call, at) => [
    call.pid ?? '-',
    plain(call.server ?? '-', room),
    plain(call.tool ?? '-', room),
    duration(call.duration),
    ...(hasStates ? [states[at]] : []),
  ])
  const titles = ['PID>', 'SERVER', 'TOOL', 'RUNNING>', ...(hasStates ? ['STATE'] : [])]
  const all = narrowTable(titles, rows, columns, ['PID>'])
  const [head, ...lines] = all.map((line) => output.fit(line))
  return [output.style('bold', head), ...lines]
}

/** @param {Pick<import('../../index').ActiveProcess, 'stuck' | 'waitsFor'>} call */
function callState({ stuck, waitsFor }) {
  if (stuck) return 'stuck'
  if (waitsFor === undefined) return 'runs'
  return Object.hasOwn(WAITS, waitsFor) ? WAITS[waitsFor] : plain(waitsFor)
}

module.exports = { callState, statusLines }
