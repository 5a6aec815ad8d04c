'use strict'

/** @typedef {import('../index').ActiveProcess} ActiveProcess */

/**
 * The fields of an active process that leave this server. A field that is missing here does not
 * compile.
 * @type {Record<keyof ActiveProcess, true>}
 */
const FIELDS = {
  pid: true,
  server: true,
  tool: true,
  startTime: true,
  duration: true,
  stuck: true,
  waitsFor: true,
}

/**
 * Copies the declared fields alone, because a user's helper may tell more, such as a command line.
 * @param {ActiveProcess} process
 * @returns {ActiveProcess}
 */
function publicProcess(process) {
  const entries = Object.entries(process).filter(([name]) => name in FIELDS)
  return /** @type {any} */ (Object.fromEntries(entries))
}

/** Lists of calls that may share processes. @type {WeakSet<readonly object[]>} */
const sharing = new WeakSet()

/**
 * Notes that calls in a list with one pid share a process.
 * @template {ActiveProcess[]} List
 * @param {List} calls
 */
function asSharing(calls) {
  sharing.add(calls)
  return calls
}

/**
 * Counts the processes of active calls. Calls to one session share a process. A call over HTTP, or
 * one that waits for its server, has none. In the list of a user's own helper each entry is a
 * process.
 * @param {readonly { pid?: number | null }[]} calls
 */
function countProcesses(calls) {
  if (!sharing.has(calls)) return calls.length
  return new Set(calls.map(({ pid }) => pid).filter((pid) => pid !== null)).size
}

module.exports = { asSharing, countProcesses, publicProcess }
