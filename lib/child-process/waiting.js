'use strict'

// A child whose start waits for the limit. Its streams are open at once: their other ends wait for
// the command. Its pid is known from the start on.

const { AsyncResource } = require('node:async_hooks')
const { isAbsolute } = require('node:path')
const { throwLater } = require('../errors')
const keepAlive = require('../keep-alive')
const { track } = require('../lifecycle')
const { signalName } = require('../signals')
const { forget, initialise, opener } = require('./handle')
const { changedArguments, spawnOptions } = require('./internal-spawn')
const { counted } = require('./limit')

const { signals: SIGNALS } = require('node:os').constants

/** The signals that do not end a process by default. */
const HARMLESS = new Set(
  ['SIGCHLD', 'SIGCONT', 'SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGURG', 'SIGWINCH'].map(
    (name) => SIGNALS[/** @type {NodeJS.Signals} */ (name)],
  ),
)

/**
 * @typedef {import('../../binding').WaitingStreams} WaitingStreams
 * @typedef {import('./handle').AfterPoll} AfterPoll
 * @typedef {import('./limit').Leave} Leave
 * @typedef {(values: any[]) => number} Start starts the child now, and returns 0 or a negative
 *   error number
 */

/**
 * Lets a start wait. Returns false if the start cannot wait, and then nothing has changed.
 * @param {any} child - a `ChildProcess`
 * @param {any[]} values - the arguments of the internal `spawn`
 * @param {WaitingStreams} streams
 * @param {(signal: AbortSignal) => Promise<Leave>} turn
 * @param {{ start: Start, afterPoll: AfterPoll }} later
 */
function wait(child, values, streams, turn, { start, afterPoll }) {
  const options = spawnOptions(values)
  // Anything but a pipe may be closed before the start.
  if (!options || options.stdio.some(({ type }) => type !== 'pipe')) return false
  const { stdio: given } = options
  const { errno, theirs } = streams.open(given.length, opener(given))
  if (errno !== undefined) return false
  const stdio = theirs.map((fd) => ({ type: 'fd', fd }))
  const cwd = absolute(options.cwd)
  const later = changedArguments(values, { cwd, stdio })
  new WaitingChild(child, streams, later, { start, afterPoll }).begin(turn)
  return true
}

/**
 * Returns the folder as of now, because the program may change its own before the start.
 * @param {any} cwd
 */
function absolute(cwd) {
  try {
    if (!cwd) return process.cwd()
    return isAbsolute(cwd) ? cwd : `${process.cwd()}/${cwd}`
  } catch {
    // The program's own folder was removed.
    return cwd
  }
}

class WaitingChild {
  #child
  #handle
  #streams
  #values
  #start
  #afterPoll
  #isHeld = true
  #isWaiting = true
  #cancelled = new AbortController()
  /** Signals for the command, once it runs. @type {number[]} */
  #signals = []
  #end = () => {}
  /** Resolves when the child has started or was cancelled. @type {Promise<void>} */
  #ended = new Promise((end) => {
    this.#end = end
  })
  #context = new AsyncResource('PROCWARD_WAITING_CHILD')

  /**
   * @param {any} child
   * @param {WaitingStreams} streams
   * @param {any[]} values
   * @param {{ start: Start, afterPoll: AfterPoll }} later
   */
  constructor(child, streams, values, { start, afterPoll }) {
    this.#values = values
    this.#child = child
    this.#handle = child._handle
    this.#streams = streams
    this.#start = start
    this.#afterPoll = afterPoll
  }

  /** @param {(signal: AbortSignal) => Promise<Leave>} turn */
  begin(turn) {
    keepAlive.hold()
    Object.assign(this.#handle, {
      kill: (/** @type {number} */ signal) => this.#kill(signal),
      ref: () => this.#hold(true),
      unref: () => this.#hold(false),
    })
    holdBackSpawn(this.#child)
    track(this.#ended, () => this.#cancel(SIGNALS.SIGTERM))
    turn(this.#cancelled.signal).then(
      (leave) => this.#take(leave),
      // The queue is full or closed, unless the child was cancelled.
      () => this.#take(() => {}),
    )
  }

  /** Starts the child. @param {Leave} leave */
  #take(leave) {
    if (!this.#isWaiting) return leave()
    try {
      this.#context.runInAsyncScope(() => this.#run(leave))
    } catch (error) {
      // An error of a listener, which is no rejection.
      throwLater(error)
    }
  }

  /** @param {Leave} leave */
  #run(leave) {
    const handle = this.#handle
    const isHeld = this.#isHeld
    this.#rest()
    const errno = counted(handle, leave, () => this.#start(this.#values))
    // Closes this process's copies of the command's own ends.
    this.#streams.close()
    if (errno !== 0) return handle.onexit(errno, '')
    if (!isHeld) handle.unref()
    this.#child.pid = handle.pid
    for (const signal of this.#signals) handle.kill(signal)
    process.nextTick(() => this.#child.emit('spawn'))
  }

  /** @param {number} signal @returns {number} 0 or a negative error number */
  #kill(signal) {
    if (HARMLESS.has(signal)) this.#signals.push(signal)
    else if (signal !== 0) this.#cancel(signal)
    return 0
  }

  /** Ends the child before its start, as the signal would end it. @param {number} signal */
  #cancel(signal) {
    if (!this.#isWaiting) return
    this.#isWaiting = false
    this.#cancelled.abort()
    this.#afterPoll(() => {
      const handle = this.#handle
      this.#rest()
      this.#streams.close()
      const isFreed = initialise(handle, this.#values)
      this.#context.runInAsyncScope(() => handle.onexit(0, signalName(signal)))
      if (!isFreed) forget(handle)
    })
  }

  /** Gives the handle back its own methods. */
  #rest() {
    this.#hold(false)
    this.#isWaiting = false
    this.#end()
    for (const name of ['kill', 'ref', 'unref']) delete this.#handle[name]
  }

  /** Holds the event loop, or no longer. @param {boolean} held */
  #hold(held) {
    if (held === this.#isHeld) return
    this.#isHeld = held
    if (held) keepAlive.hold()
    else keepAlive.letGo()
  }
}

/**
 * Leaves out the event that Node.js emits for a start which is about to come.
 * @param {any} child
 */
function holdBackSpawn(child) {
  const own = Object.getOwnPropertyDescriptor(child, 'emit')
  const { emit } = child
  child.emit = (/** @type {any[]} */ ...args) => {
    if (args[0] !== 'spawn') return emit.apply(child, args)
    if (own) Object.defineProperty(child, 'emit', own)
    else delete child.emit
    return false
  }
}

module.exports = { wait }
