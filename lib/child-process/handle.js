'use strict'

// Lets the internal handle of a `ChildProcess` stand for a child that the addon has started.

const { AsyncResource } = require('node:async_hooks')
const { closeSync } = require('node:fs')
const config = require('../config')
const { publishProcesses } = require('../diagnostics/processes')
const { throwLater } = require('../errors')
const keepAlive = require('../keep-alive')
const { track } = require('../lifecycle')
const { signalName } = require('../signals')
const { failingArguments } = require('./internal-spawn')
const { NOTHING } = require('./request')

const { errno: ERRNO, signals: SIGNALS } = require('node:os').constants

/** @typedef {import('../../binding').GuardedChild} GuardedChild */

/**
 * Starts the child and connects its streams. Returns 0 or a negative error number, or the reason
 * why Node.js must start the child.
 * @param {GuardedChild} child
 * @param {any} handle
 * @param {import('../../binding').ChildRequest} request
 * @param {{ stdio: any[], values: any[] }} internal
 *   the streams, and all arguments of the internal `spawn`
 * @returns {number | 'warden' | 'errno'}
 */
function startBelow(child, handle, request, { stdio, values }) {
  const life = new Life(child, handle, request.detached)
  const { errno, refusal, pid, descriptors } = child.start(request, life.exited)
  if (pid === undefined || refusal !== undefined || errno !== undefined) {
    descriptors.filter((descriptor) => descriptor !== NOTHING).forEach(closeSilently)
    return refusal === undefined ? 'errno' : 'warden'
  }
  const error = openStreams(stdio, descriptors)
  if (error !== 0) {
    child.kill(SIGNALS.SIGKILL)
    return error
  }
  handle.pid = pid
  initialise(handle, values)
  life.begin()
  track(life.ended, (killGrace) => child.terminate('shutdown', killGrace))
  publishProcesses()
  return 0
}

/** A running child, and the handle that stands for the child. */
class Life {
  #child
  #handle
  #detached
  #end = () => {}
  /** Resolves when the child has exited or was let go. @type {Promise<void>} */
  ended = new Promise((end) => {
    this.#end = end
  })
  #isRunning = false
  #isHeld = false
  // Events of the child belong to the asynchronous context of its start.
  #context = new AsyncResource('PROCWARD_CHILD')

  /**
   * @param {GuardedChild} child
   * @param {any} handle
   * @param {boolean} detached
   */
  constructor(child, handle, detached) {
    this.#child = child
    this.#handle = handle
    this.#detached = detached
  }

  begin() {
    this.#isRunning = true
    this.#hold(true)
    const handle = this.#handle
    const { ref, unref } = Object.getPrototypeOf(handle)
    Object.assign(handle, {
      kill: (/** @type {number} */ signal) => this.#kill(signal),
      ref: () => {
        ref.call(handle)
        this.#hold(true)
      },
      unref: () => {
        unref.call(handle)
        this.#hold(false)
        if (this.#detached && !config.guardsDetached()) this.#letGo()
      },
    })
  }

  /** Reports the exit to Node.js. @param {number} code @param {number} signal */
  exited = (code, signal) => {
    if (!this.#isRunning) return
    this.#hold(false)
    this.#isRunning = false
    this.#end()
    publishProcesses()
    try {
      const name = signal === 0 ? '' : signalName(signal)
      this.#context.runInAsyncScope(() => this.#handle.onexit(code, name))
    } catch (error) {
      throwLater(error)
    }
  }

  /** @param {number} signal @returns {number} 0 or a negative error number */
  #kill(signal) {
    return this.#isRunning && this.#child.kill(signal) ? 0 : -ERRNO.ESRCH
  }

  #letGo() {
    this.#child.letGo()
    this.#end()
  }

  /** Holds the event loop, or no longer. @param {boolean} held */
  #hold(held) {
    if (!this.#isRunning || held === this.#isHeld) return
    this.#isHeld = held
    if (held) keepAlive.hold()
    else keepAlive.letGo()
  }
}

/**
 * Initialises the handle by a start that fails before it forks. Node.js never frees the memory of a
 * handle that was not initialised.
 * @param {any} handle
 * @param {any[]} values - the arguments of the internal `spawn`
 */
function initialise(handle, values) {
  Object.getPrototypeOf(handle).spawn.apply(handle, failingArguments(values))
}

/**
 * Gives our ends of the socket pairs to Node.js's streams.
 * @param {any[]} stdio
 * @param {number[]} descriptors
 * @returns {number} 0 or a negative error number
 */
function openStreams(stdio, descriptors) {
  let error = 0
  for (const [at, descriptor] of descriptors.entries()) {
    if (descriptor === NOTHING) continue
    if (error === 0) error = stdio[at].handle.open(descriptor) ?? 0
    if (error !== 0) closeSilently(descriptor)
  }
  return error
}

/** @param {number} descriptor */
function closeSilently(descriptor) {
  try {
    closeSync(descriptor)
  } catch {
    // The descriptor is closed.
  }
}

module.exports = { startBelow }
