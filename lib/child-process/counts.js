'use strict'

// Counts the children of `node:child_process` by their guard. The counts are in the addon, for all
// threads together.

const { channels } = require('../diagnostics')
const { addon } = require('./addon')

/**
 * The reasons why Node.js itself started a child, and their names in the addon.
 * - `addon`: the addon did not load
 * - `errno`: the command could not start below a warden, but did without it
 * - `error`: an unexpected error of procward
 * - `permission`: Node.js's permission model must judge the start
 * - `platform`: no wardens on this platform
 * - `stdio`: a descriptor that only Node.js can hand over
 * - `version`: this version of Node.js starts its children in an unknown way
 * - `warden`: no warden works here or in time, or `PROCWARD_WARDEN=off`
 */
const REASONS = /** @type {const} */ ({
  addon: undefined,
  errno: 'Errno',
  error: 'Error',
  permission: 'Permission',
  platform: 'Platform',
  stdio: 'Stdio',
  version: 'Version',
  warden: 'Warden',
})

/** @typedef {keyof typeof REASONS} Reason */

/** Counts a child below a warden. */
function countGuarded() {
  const native = addon()
  native?.metricsRecordChild(native.ChildGuard.Guarded)
}

/**
 * Counts a child that Node.js itself has started, and publishes the child.
 * @param {Reason} reason
 * @param {number} pid
 * @param {string | undefined} server
 * @param {boolean} adopted
 */
function countFallback(reason, pid, server, adopted) {
  const native = addon()
  const name = REASONS[reason]
  if (native && name) {
    const { Adopted, Unguarded } = native.ChildGuard
    native.metricsRecordChild(adopted ? Adopted : Unguarded, native.ChildFallback[name])
  }
  if (!channels.unguarded.hasSubscribers) return
  channels.unguarded.publish({ pid, server: server ?? null, time: Date.now(), reason, adopted })
}

/** Counts a detached child that may outlive this process. */
function countReleased() {
  addon()?.metricsRecordReleasedChild()
}

/**
 * Returns the number of children below a warden so far, and those that Node.js started by reason.
 * Nothing is counted without the addon.
 * @returns {{ guarded: number, unguarded: Record<string, number> }}
 */
function childCounts() {
  const native = addon()
  if (!native) return { guarded: 0, unguarded: {} }
  const { guarded, fallbacks } = JSON.parse(native.metricsSnapshot()).childProcesses
  return { guarded, unguarded: fallbacks }
}

module.exports = { childCounts, countFallback, countGuarded, countReleased }
