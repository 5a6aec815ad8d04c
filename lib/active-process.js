'use strict'

/** @typedef {import('../index').ActiveProcess} ActiveProcess */

/**
 * The fields of an active process that leave this server. A field that is missing here does not
 * compile.
 * @type {Record<keyof ActiveProcess, true>}
 */
const FIELDS = { pid: true, server: true, tool: true, startTime: true, duration: true, stuck: true }

/**
 * Copies the declared fields alone, because a user's helper may tell more, such as a command line.
 * @param {ActiveProcess} process
 * @returns {ActiveProcess}
 */
function publicProcess(process) {
  const entries = Object.entries(process).filter(([name]) => name in FIELDS)
  return /** @type {any} */ (Object.fromEntries(entries))
}

/**
 * Counts the processes of active calls. Calls to one session share a process; a call over HTTP has
 * none. Of a user's own helper, an entry without a `pid` counts as a process.
 * @param {{ pid?: number | null }[]} calls
 */
function countProcesses(calls) {
  const pids = calls.map(({ pid }) => pid)
  const known = new Set(pids.filter((pid) => typeof pid === 'number'))
  return known.size + pids.filter((pid) => pid === undefined).length
}

module.exports = { countProcesses, publicProcess }
