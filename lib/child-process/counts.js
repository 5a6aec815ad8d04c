'use strict'

// Counts the children of `node:child_process` that run below a warden, and those that do not.

const { channels } = require('../diagnostics')

/**
 * The reasons why Node.js itself started a child:
 * - `addon`: the addon did not load
 * - `errno`: the command could not start below a warden, but did without it
 * - `error`: an unexpected error of procward
 * - `permission`: Node.js's permission model must judge the start
 * - `platform`: no wardens on this platform
 * - `stdio`: a descriptor that only Node.js can hand over
 * - `version`: this version of Node.js starts its children in an unknown way
 * - `warden`: no warden works here or in time, or `PROCWARD_WARDEN=off`
 */
const REASONS = /** @type {const} */ ([
  'addon',
  'errno',
  'error',
  'permission',
  'platform',
  'stdio',
  'version',
  'warden',
])

/** @typedef {(typeof REASONS)[number]} Reason */

let guarded = 0
const unguarded = /** @type {Record<Reason, number>} */ (
  Object.fromEntries(REASONS.map((reason) => [reason, 0]))
)

function countGuarded() {
  guarded++
}

/**
 * Counts a child that Node.js itself has started, and publishes the child.
 * @param {Reason} reason
 * @param {number} pid
 * @param {string | undefined} server
 */
function countUnguarded(reason, pid, server) {
  unguarded[reason]++
  if (!channels.unguarded.hasSubscribers) return
  channels.unguarded.publish({ pid, server: server ?? null, time: Date.now(), reason })
}

/** Returns the number of children of this thread so far. */
function childCounts() {
  return { guarded, unguarded: { ...unguarded } }
}

module.exports = { childCounts, countGuarded, countUnguarded }
