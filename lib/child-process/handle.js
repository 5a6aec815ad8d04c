'use strict'

// Lets the internal handle of a `ChildProcess` stand for a child that the addon has started.

const { AsyncResource } = require('node:async_hooks')
const { throwLater } = require('../errors')
const keepAlive = require('../keep-alive')
const { knownSignalName } = require('../signals')
const { failingArguments } = require('./internal-spawn')
const { Ownership } = require('./ownership')

const { errno: ERRNO } = require('node:os').constants

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
  // Node.js too learns of an exit after all that the streams have at hand.
  const exited = (/** @type {number} */ code, /** @type {number} */ signal) =>
    void afterPoll(() => life.exited(code, signal))
  const { refusal, pid, streamError } = child.start(request, opener(stdio), exited)
  if (streamError !== undefined) return streamError
  if (pid === undefined) return refusal === undefined ? 'errno' : 'warden'
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
      // Node.js has no name for a real-time signal, and then reports the code 0.
      const name = (signal === 0 ? undefined : knownSignalName(signal)) ?? ''
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
 * Returns a function that gives this process's end of a socket pair to Node.js's stream. The
 * function returns 0 or a negative error number.
 * @param {any[]} stdio
 */
function opener(stdio) {
  return (/** @type {number} */ at, /** @type {number} */ descriptor) =>
    stdio[at].handle.open(descriptor) ?? 0
}

module.exports = { forget, guardOf, initialise, opener, startBelow }
