'use strict'

// Starts a child process of Node.js below a warden. Only the lowest layer of `ChildProcess` is
// replaced, its internal handle: all above it, such as streams and events, stays Node.js's own.

const { mayStartChildren } = require('../child-permission')
const config = require('../config')
const { addon } = require('./addon')
const { caller } = require('./caller')
const { countFallback, countGuarded } = require('./counts')
const { spawnOptions } = require('./internal-spawn')
// Loaded before the first start, which may have no descriptor left for a file.
const { childLimit, counted } = require('./limit')
const { childRequest } = require('./request')

/** @typedef {import('./counts').Reason} Reason */
/** @typedef {import('./handle').AfterPoll} AfterPoll */

/**
 * Guards a child that has not started. A second call for the same child does nothing.
 * @param {any} child - a `ChildProcess`
 * @param {AfterPoll} afterPoll
 */
function guard(child, afterPoll) {
  const { _handle: handle } = child
  if (!handle || Object.hasOwn(handle, 'spawn')) return
  handle.spawn = (/** @type {any[]} */ ...values) => {
    delete handle.spawn
    const { server, isExec } = caller()
    /** @type {import('./waiting').Start} */
    const start = (given) => startSomehow(handle, given, { server, afterPoll })
    const limit = childLimit()
    if (!limit) return start(values)
    let leave = limit.enter()
    if (!leave) {
      if (isExec && waits(child, values, limit, { start, afterPoll })) return 0
      leave = limit.exceed()
    }
    return counted(handle, leave, () => start(values))
  }
}

/**
 * Lets the start wait for the limit, if that is possible here.
 * @param {any} child
 * @param {any[]} values - the arguments of the internal `spawn`
 * @param {import('./limit').ChildLimit} limit
 * @param {{ start: import('./waiting').Start, afterPoll: AfterPoll }} later
 */
function waits(child, values, limit, later) {
  try {
    const native =
      process.platform === 'linux' && mayStartChildren() && limit.hasRoomToWait() && addon()
    if (!native) return false
    const turn = (/** @type {AbortSignal} */ signal) => limit.turn(signal)
    return require('./waiting').wait(child, values, new native.WaitingStreams(), turn, later)
  } catch {
    return false
  }
}

/**
 * Starts the child below a warden, or lets Node.js start the child. Returns 0 or a negative error
 * number.
 * @param {any} handle
 * @param {any[]} values - the arguments of the internal `spawn`
 * @param {{ server: string | undefined, afterPoll: AfterPoll }} context
 * @returns {number}
 */
function startSomehow(handle, values, context) {
  const { server } = context
  const started = start(handle, values, context)
  if (typeof started === 'number') return started
  const adoption = started === 'permission' ? undefined : adoptionOf(values, server)
  const errno = handle.spawn(...(adoption?.values ?? values))
  // Node.js reports the error of a command that cannot start.
  if (errno !== 0) adoption?.cancel()
  else countFallback(started, handle.pid, server, adoption?.begin(handle) ?? false)
  return errno
}

/**
 * Prepares the adoption of a child, if that is possible.
 * @param {any[]} values - the arguments of the internal `spawn`
 * @param {string | undefined} server
 */
function adoptionOf(values, server) {
  try {
    const native = addon()
    if (!native || !spawnOptions(values)) return undefined
    const { Adoption } = require('./adoption')
    return new Adoption(native, values, server)
  } catch {
    return undefined
  }
}

/**
 * Starts the child, and returns 0 or a negative error number. Where this fails before the command
 * has started, returns the reason why Node.js must start the child.
 * @param {any} handle
 * @param {any[]} values - the arguments of the internal `spawn`
 * @param {{ server: string | undefined, afterPoll: AfterPoll }} context
 * @returns {number | Reason}
 */
function start(handle, values, { server, afterPoll }) {
  try {
    if (!mayStartChildren()) return 'permission'
    if (process.platform !== 'linux') return 'platform'
    if (!config.usesWarden()) return 'warden'
    const native = addon()
    if (!native) return 'addon'
    const options = spawnOptions(values)
    if (!options) return 'version'
    const request = childRequest(options, server)
    if (!request) return 'stdio'
    const { startBelow } = require('./handle')
    const internal = { stdio: options.stdio, values, afterPoll }
    const outcome = startBelow(new native.GuardedChild(), handle, request, internal)
    if (outcome === 0) countGuarded()
    return outcome
  } catch {
    return 'error'
  }
}

module.exports = { guard }
