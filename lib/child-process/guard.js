'use strict'

// Starts a child process of Node.js below a warden. Only the lowest layer of `ChildProcess` is
// replaced, its internal handle: all above it, such as streams and events, stays Node.js's own.

const config = require('../config')
const { addon } = require('./addon')
const { caller } = require('./caller')
const { countFallback, countGuarded } = require('./counts')
const { childRequest } = require('./request')

/** @typedef {import('./counts').Reason} Reason */

/**
 * Guards a child that has not started. A second call for the same child does nothing.
 * @param {any} child - a `ChildProcess`
 */
function guard(child) {
  const { _handle: handle } = child
  if (!handle || Object.hasOwn(handle, 'spawn')) return
  handle.spawn = (/** @type {any} */ options) => {
    delete handle.spawn
    const { server, isExec } = caller()
    /** @type {import('./waiting').Start} */
    const start = (given) => startSomehow(handle, given, server)
    const { childLimit, counted } = require('./limit')
    const limit = childLimit()
    if (!limit) return start(options)
    let leave = limit.enter()
    if (!leave) {
      if (isExec && waits(child, options, limit, start)) return 0
      leave = limit.exceed()
    }
    return counted(handle, leave, () => start(options))
  }
}

/**
 * Lets the start wait for the limit, if that is possible here.
 * @param {any} child
 * @param {any} options
 * @param {import('./limit').ChildLimit} limit
 * @param {import('./waiting').Start} start
 */
function waits(child, options, limit, start) {
  try {
    const native = process.platform === 'linux' && mayStart() && limit.hasRoomToWait() && addon()
    if (!native) return false
    const turn = (/** @type {AbortSignal} */ signal) => limit.turn(signal)
    return require('./waiting').wait(child, options, new native.WaitingStreams(), turn, start)
  } catch {
    return false
  }
}

/**
 * Starts the child below a warden, or lets Node.js start the child. Returns 0 or a negative error
 * number.
 * @param {any} handle
 * @param {any} options
 * @param {string | undefined} server
 * @returns {number}
 */
function startSomehow(handle, options, server) {
  const started = start(handle, options, server)
  if (typeof started === 'number') return started
  const adoption = started === 'permission' ? undefined : adoptionOf(options, server)
  const errno = handle.spawn(adoption?.options ?? options)
  // Node.js reports the error of a command that cannot start.
  if (errno !== 0) adoption?.cancel()
  else countFallback(started, handle.pid, server, adoption?.begin(handle) ?? false)
  return errno
}

/**
 * Prepares the adoption of a child, if that is possible.
 * @param {any} options
 * @param {string | undefined} server
 */
function adoptionOf(options, server) {
  try {
    const native = addon()
    return native ? new (require('./adoption').Adoption)(native, options, server) : undefined
  } catch {
    return undefined
  }
}

/** Returns whether Node.js's permission model lets this program start children. */
function mayStart() {
  const { permission } = /** @type {any} */ (process)
  return !permission || permission.has('child')
}

/**
 * Starts the child, and returns 0 or a negative error number. Where this fails before the command
 * has started, returns the reason why Node.js must start the child.
 * @param {any} handle
 * @param {any} options
 * @param {string | undefined} server
 * @returns {number | Reason}
 */
function start(handle, options, server) {
  try {
    if (!mayStart()) return 'permission'
    if (process.platform !== 'linux') return 'platform'
    if (!config.usesWarden()) return 'warden'
    const native = addon()
    if (!native) return 'addon'
    const request = childRequest(options, server)
    if (!request) return 'stdio'
    const outcome = require('./handle').startBelow(
      new native.GuardedChild(),
      handle,
      request,
      options,
    )
    if (outcome === 0) countGuarded()
    return outcome
  } catch {
    return 'error'
  }
}

module.exports = { guard }
