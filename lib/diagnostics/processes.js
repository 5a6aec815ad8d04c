'use strict'

// Processes that start, end, and are ended. The addon tells of those that JavaScript waits for; the others, sessions and
// workers, are looked for at the end of each use and every so often.

const { channels } = require('../diagnostics')
const native = require('../native')

/** @typedef {{ server?: string | null, tool?: string | null }} Label */
/** @typedef {{ pid: number, server: string | null, tool: string | null, time: number, misses: number }} Sighting */

/** Ms between two looks. */
const INTERVAL = 500
/** Looks at nothing after which nobody looks any more. */
const MOST_IDLE = 20
/** Looks without a process after which it has ended: of most, JavaScript has heard by then how. */
const MOST_MISSES = 2

/** What was told to have started, by pid. @type {Map<number, Sighting>} */
const known = new Map()
/** @type {NodeJS.Timeout | undefined} */
let timer
let idle = 0

/** Something may have started: looks now, and for as long as there is anything to be seen and anybody to be told. */
function watchProcesses() {
  if (!isHeard()) return
  look()
  idle = 0
  timer ??= setInterval(lookAgain, INTERVAL).unref()
}

/** @param {number} pid @param {Label} label @param {number} [time] epoch ms */
function tellSpawn(pid, { server = null, tool = null }, time = Date.now()) {
  if (!isHeard() || known.has(pid)) return
  known.set(pid, { pid, server, tool, time, misses: 0 })
  channels.spawn.publish({ pid, server, tool, time })
}

/**
 * A process that JavaScript waited for has ended.
 * @param {{ pid: number, exitCode: number | null, signal: string | null, duration: number }} result
 * @param {import('../../binding').ProcessOutcome['ended']} ended @param {Label} label
 */
function tellExit({ pid, exitCode, signal, duration }, ended, { server = null, tool = null }) {
  // It was given up before it had started.
  if (pid === 0) return
  const label = { pid, server, tool }
  if (ended !== undefined) tellKill(label, reasonOf(exitCode, ended))
  if (!isHeard()) return
  // It may have been too short for a look.
  tellSpawn(pid, label, Date.now() - duration)
  known.delete(pid)
  channels.exit.publish({ ...label, time: Date.now(), duration, exitCode, signal, reason: reasonOf(exitCode, ended) })
}

/** @param {{ pid: number, server: string | null, tool: string | null }} label @param {string} reason */
function tellKill(label, reason) {
  if (channels.kill.hasSubscribers) channels.kill.publish({ ...label, time: Date.now(), reason })
}

/** The processes of calls, whose own ends are told. @returns {ReadonlySet<number>} */
function callPids() {
  return new Set(channels.kill.hasSubscribers ? native.activeProcesses().map(({ pid }) => pid) : [])
}

/** What a scan ended, but for these. @param {{ pid: number }[]} killed @param {ReadonlySet<number>} told */
function tellCleanup(killed, told) {
  for (const { pid } of killed) if (!told.has(pid)) tellKill({ pid, server: null, tool: null }, 'cleanup')
}

function isHeard() {
  return channels.spawn.hasSubscribers || channels.exit.hasSubscribers
}

function lookAgain() {
  for (const sighting of known.values()) sighting.misses++
  if (isHeard()) look()
  else known.clear()
  for (const { misses, pid, server, tool, time } of known.values()) {
    if (misses < MOST_MISSES) continue
    known.delete(pid)
    const now = Date.now()
    const unknown = { exitCode: null, signal: null, reason: 'unknown' }
    channels.exit.publish({ pid, server, tool, time: now, duration: now - time, ...unknown })
  }
  idle = known.size === 0 ? idle + 1 : 0
  if (idle < MOST_IDLE) return
  clearInterval(timer)
  timer = undefined
}

function look() {
  for (const { pid, server, tool, startTime } of native.activeProcesses()) {
    const sighting = known.get(pid)
    if (sighting === undefined) tellSpawn(pid, { server, tool }, startTime)
    else sighting.misses = 0
  }
}

/** In the words of the metrics. @param {number | null} exitCode @param {import('../../binding').ProcessOutcome['ended']} ended */
function reasonOf(exitCode, ended) {
  if (ended !== undefined) return ended === 'maxBuffer' ? 'max_buffer' : ended
  if (exitCode === null) return 'killed'
  return exitCode === 0 ? 'ok' : 'error'
}

module.exports = { callPids, tellCleanup, tellExit, tellSpawn, watchProcesses }
