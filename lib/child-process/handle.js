'use strict'

// Lets the internal handle of a `ChildProcess` stand for a child that the addon has started.

const { AsyncResource } = require('node:async_hooks')
const { closeSync } = require('node:fs')
const { throwLater } = require('../errors')
const keepAlive = require('../keep-alive')
const { signalName } = require('../signals')
const { failingArguments } = require('./internal-spawn')
const { Ownership } = require('./ownership')
const { NOTHING } = require('./request')

const { errno: ERRNO, signals: SIGNALS } = require('node:os').constants

/** @typedef {import('../../binding').GuardedChild} GuardedChild */
/**
 * `setImmediate`: calls a function after the events of streams that the loop has at hand.
 * @typedef {(callback: () => void) => unknown} AfterPoll
 */

/** The guards of children, by their handles. @type {WeakMap<object, GuardedChild>} */
const guards = new WeakMap()

/**
 * Starts the child and connects its streams. Returns 0 or a negative error number, or the reason
 * why Node.js must start the child.
 * @param {GuardedChild} child
 * @param {any} handle
 * @param {import('../../binding').ChildRequest} request
 * @param {{ stdio: any[], values: any[], afterPoll: AfterPoll }} internal
 *   the streams, all arguments of the internal `spawn`, and `setImmediate`
 * @returns {number | 'warden' | 'errno'}
 */
function startBelow(child, handle, request, { stdio, values, afterPoll }) {
  const life = new Life(child, handle, request.detached)
  const { errno, refusal, pid, descriptors } = child.start(request, (code, signal) => {
    // Node.js too learns of an exit after all that the streams have at hand.
    afterPoll(() => life.exited(code, signal))
  })
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
  guards.set(handle, child)
  const isFreed = initialise(handle, values)
  life.begin(isFreed)
  return 0
}

/**
 * Returns the guard of a child that runs below a warden.
 * @param {any} child - a `ChildProcess` that has just started
 */
function guardOf({ _handle: handle }) {
  return handle ? guards.get(handle) : undefined
}

/** A running child, and the handle that stands for the child. */
class Life {
  #child
  #handle
  #ownership
  #isRunning = false
  #isHeld = false
  #isFreed = true
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
    this.#ownership = new Ownership(child, detached)
  }

  /** @param {boolean} isFreed - whether Node.js frees the handle */
  begin(isFreed) {
    this.#isRunning = true
    this.#isFreed = isFreed
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
        this.#ownership.unreferenced()
      },
    })
    this.#ownership.begin()
  }

  /** Reports the exit to Node.js. @param {number} code @param {number} signal */
  exited(code, signal) {
    if (!this.#isRunning) return
    this.#hold(false)
    this.#isRunning = false
    this.#ownership.end()
    const handle = this.#handle
    try {
      const name = signal === 0 ? '' : signalName(signal)
      this.#context.runInAsyncScope(() => handle.onexit(code, name))
    } catch (error) {
      throwLater(error)
    }
    if (!this.#isFreed) forget(handle)
  }

  /** @param {number} signal @returns {number} 0 or a negative error number */
  #kill(signal) {
    return this.#isRunning ? -this.#child.kill(signal) : -ERRNO.ESRCH
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
 * Initialises the handle by a start that fails before it forks. Returns false where no start may
 * fail: Node.js never frees the memory of such a handle, and `forget()` keeps it small.
 * @param {any} handle
 * @param {any[]} values - the arguments of the internal `spawn`
 */
function initialise(handle, values) {
  const failing = failingArguments(values)
  if (failing === undefined) return false
  Object.getPrototypeOf(handle).spawn.apply(handle, failing)
  return true
}

/** Frees all that a handle refers to. @param {any} handle */
function forget(handle) {
  for (const key of Reflect.ownKeys(handle)) Reflect.deleteProperty(handle, key)
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

module.exports = { forget, guardOf, initialise, openStreams, startBelow }
