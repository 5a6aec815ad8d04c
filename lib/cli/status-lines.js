'use strict'

const { learntLines, memoryLine } = require('./memory-lines')
const { serverLines } = require('./server-lines')
const { counted, duration, plain, size, table, wrapped } = require('./text')

/** The words for the reasons of waiting. @type {Record<string, string>} */
const REASONS = {
  slots: 'the overall limit',
  server: "a server's limit",
  rate: "a server's rate or pause",
  memory: 'the memory that is left',
  cpu: 'the processors',
  host: 'other processes of this user',
  fleet: 'other processes of the fleet',
}

/**
 * A server's health for people.
 * @param {import('./health').ServerHealth} server
 * @param {import('./output').Output} output
 */
function statusLines(server, output) {
  const { url, ready, reason, uptime, memory, health, alerts } = server
  const { semaphore, activeProcesses, cleanup, pool } = health
  const state = ready
    ? output.style('green', 'ready')
    : output.style('yellow', `not ready: ${plain(reason)}`)
  const { current, maxConcurrent, queued } = semaphore
  const facts = [
    `up        ${duration(uptime * 1000)}, ${size(memory)} of memory`,
    plain(`calls     ${current} of ${maxConcurrent} at once, ${queued} waiting`),
    ...limitLines(semaphore),
    ...fleetLine(semaphore),
    ...memoryLine(semaphore),
    `sessions  ${sessionsLine(pool)}`,
    `cleanup   ${cleanupLine(cleanup)}`,
  ]
  return [
    `${output.style('bold', url)}  ${state}`,
    ...facts.flatMap((line) => wrapped(line, output.room.columns)),
    ...alertLines(alerts, output),
    ...afterGap(serverLines(semaphore, output)),
    ...afterGap(learntLines(semaphore, output)),
    '',
    ...callLines(activeProcesses.processes, output),
  ]
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
 * @param {{ level: string, message: string }[]} alerts
 * @param {import('./output').Output} output
 */
function alertLines(alerts, output) {
  if (alerts.length === 0) return ['alerts    none']
  return alerts.flatMap(({ level, message }) => {
    const lines = wrapped(`alert     ${plain(level)}: ${plain(message)}`, output.room.columns)
    return lines.map((line) => output.style(level === 'critical' ? 'red' : 'yellow', line))
  })
}

/**
 * @param {import('../../index').ActiveProcess[]} calls
 * @param {import('./output').Output} output
 */
function callLines(calls, output) {
  if (calls.length === 0) return ['no calls']
  const rows = calls.map((call) => [
    call.pid ?? '-',
    call.server ?? '-',
    call.tool ?? '-',
    duration(call.duration),
  ])
  const [head, ...lines] = table(['PID>', 'SERVER', 'TOOL', 'RUNNING>'], rows)
  return [output.style('bold', head), ...lines]
}

module.exports = { statusLines }
