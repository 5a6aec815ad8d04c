'use strict'

// Starts a child process of Node.js below a warden. Only the lowest layer of `ChildProcess` is
// replaced, its internal handle: all above it, such as streams and events, stays Node.js's own.

const config = require('../config')
const { callingPackage } = require('./caller')
const { countGuarded, countUnguarded } = require('./counts')
const { spawnOptions } = require('./internal-spawn')
const { childRequest } = require('./request')

/** @typedef {import('./counts').Reason} Reason */

/**
 * Guards a child that has not started. A second call for the same child does nothing.
 * @param {any} child - a `ChildProcess`
 */
function guard({ _handle: handle }) {
  if (!handle || Object.hasOwn(handle, 'spawn')) return
  handle.spawn = (/** @type {any[]} */ ...values) => {
    delete handle.spawn
    const server = callingPackage()
    const started = start(handle, values, server)
    if (typeof started === 'number') return started
    const errno = handle.spawn(...values)
    // Node.js reports the error of a command that cannot start.
    if (errno === 0) countUnguarded(started, handle.pid, server)
    return errno
  }
}

/**
 * Starts the child, and returns 0 or a negative error number. Where this fails before the command
 * has started, returns the reason why Node.js must start the child.
 * @param {any} handle
 * @param {any[]} values - the arguments of the internal `spawn`
 * @param {string | undefined} server
 * @returns {number | Reason}
 */
function start(handle, values, server) {
  try {
    const { permission } = /** @type {any} */ (process)
    if (permission && !permission.has('child')) return 'permission'
    if (process.platform !== 'linux') return 'platform'
    if (!config.usesWarden()) return 'warden'
    const GuardedChild = guardedChild()
    if (!GuardedChild) return 'addon'
    const options = spawnOptions(values)
    if (!options) return 'version'
    const request = childRequest(options, server)
    if (!request) return 'stdio'
    const { startBelow } = require('./handle')
    const internal = { stdio: options.stdio, values }
    const outcome = startBelow(new GuardedChild(), handle, request, internal)
    if (outcome === 0) countGuarded()
    return outcome
  } catch {
    return 'error'
  }
}

/** @type {typeof import('../../binding').GuardedChild | null | undefined} */
let loaded

/** Returns the addon's class. A failure to load the addon is remembered, because it is slow. */
function guardedChild() {
  if (loaded !== undefined) return loaded
  try {
    loaded = require('../native').GuardedChild
  } catch {
    loaded = null
  }
  return loaded
}

module.exports = { guard }
