'use strict'

// The active processes of a server: those of its helper, and the children of `child_process`.

const { countProcesses } = require('../active-process')
const native = require('../native')

/** @typedef {import('../../index').ActiveProcess} ActiveProcess */

/**
 * Returns the active processes, and their number. A child that the helper lists itself, because the
 * helper starts its processes with `child_process`, is listed once.
 * @param {Pick<import('../health').HealthHelper, 'getActiveProcesses'>} helper
 * @returns {{ processes: readonly ActiveProcess[], count: number }}
 */
function activeProcesses(helper) {
  const calls = helper.getActiveProcesses()
  const count = countProcesses(calls)
  const children = native.activeProcesses(native.CHILD_PROCESS_OWNER)
  if (children.length === 0) return { processes: calls, count }
  const listed = new Set(calls.map(({ pid }) => pid))
  const others = children.filter(({ pid }) => !listed.has(pid))
  const processes = [...calls, ...others].sort((one, other) => one.startTime - other.startTime)
  return { processes, count: count + others.length }
}

module.exports = { activeProcesses }
