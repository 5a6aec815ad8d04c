'use strict'

const { EventEmitter } = require('node:events')
const { abortError, codedError, emitSafely } = require('../errors')
const keepAlive = require('../keep-alive')
const { abortListeners } = require('../signal-waiters')
const { details, exitFailure } = require('./failure')
const { fromLine, toLine } = require('./message')
const { waitOptions } = require('./options')

/** Size of unread lines above which the worker has to wait. */
const MOST_UNREAD = 1024 * 1024
/** Size of a line besides its text. */
const LINE = 32

/**
 * The pool's side of a lease (`Link`), and the worker's (`Inside`).
 * @typedef {{ post(text: string): void, send(text: string): Promise<boolean>, resume(): void,
 *   release(lineEvents: number, unusable: boolean): void }} Link
 * @typedef {{ worker: Worker, begin(pid: number): void, onEvent(event:
 *   import('../../binding').WorkerEvent): boolean, end(unusable: boolean): boolean }} Inside
 * @typedef {{ resolve: (value: any) => void, reject: (error: Error) => void }} Receiver
 * @typedef {{ timeout?: number, signal?: AbortSignal }} WaitOptions
 */

/** The lease of a worker, valid until the worker is released. */
class Worker extends EventEmitter {
  #link
  #described
  #json
  #pid = 0
  /** @type {(import('./message').Received & { size: number })[]} */
  #unread = []
  #unreadSize = 0
  #isPaused = false
  /** Pending `receive()` calls in order. @type {Set<Receiver>} */
  #receivers = new Set()
  /** Number of events with lines so far. */
  #lineEvents = 0
  #isUnusable = false
  #isReleased = false
  /** `true` while this process is kept alive: the worker is leased and has not exited. */
  #isHeld = false
  /** The reason that the worker answers no more. @type {Error | undefined} */
  #failure

  /**
   * @param {(inside: Inside) => Link} connect
   * @param {import('./failure').Described} described
   * @param {boolean} json
   */
  constructor(connect, described, json) {
    super()
    this.#described = described
    this.#json = json
    this.#link = connect({
      worker: this,
      begin: (pid) => {
        this.#pid = pid
        this.#isHeld = true
        keepAlive.hold()
      },
      onEvent: (event) => this.#onEvent(event),
      end: (unusable) => this.#end(unusable),
    })
  }

  get pid() {
    return this.#pid
  }

  /** @param {unknown} message @returns {Promise<void>} once the line is written to stdin */
  async send(message) {
    this.#check()
    if (await this.#link.send(toLine(message, this.#json))) return
    throw this.#failure ?? codedError('ERR_INPUT_CLOSED', 'The worker takes no more input')
  }

  /** Resolves with the next unread line. @param {WaitOptions} [options] @returns {Promise<any>} */
  async receive(options) {
    return this.#receive(waitOptions(options))
  }

  /**
   * Sends a message and receives the next line.
   * @param {unknown} message
   * @param {WaitOptions} [options]
   * @returns {Promise<any>}
   */
  async request(message, options) {
    const wait = waitOptions(options)
    const line = toLine(message, this.#json)
    this.#check()
    if (wait.signal?.aborted) throw abortError(wait.signal)
    this.#link.post(line)
    return this.#receive(wait)
  }

  /** Returns the worker to its pool. */
  release() {
    if (!this.#end(false)) throw releasedError()
  }

  /** Returns the worker to its pool, which ends the worker. */
  destroy() {
    if (!this.#end(true)) throw releasedError()
  }

  /** Returns the worker. `false` if it was released before. @param {boolean} unusable */
  #end(unusable) {
    if (this.#isReleased) return false
    this.#isReleased = true
    // The next user would take a late line for its own answer.
    const owes = this.#unread.length > 0 || this.#receivers.size > 0
    for (const receiver of this.#receivers) receiver.reject(releasedError())
    this.#unread = []
    this.#releaseEventLoop()
    this.#link.release(this.#lineEvents, unusable || this.#isUnusable || owes)
    return true
  }

  /**
   * Handles an event of the worker. Returns `false` to pause the worker.
   * @param {import('../../binding').WorkerEvent} event
   */
  #onEvent({ lines, errorLines, exit }) {
    if (lines.length > 0) this.#lineEvents++
    for (const line of lines) this.#onLine(line)
    for (const line of errorLines) emitSafely(this, 'errorLine', line)
    if (exit) this.#onExit(exit)
    this.#isPaused = this.#unreadSize > MOST_UNREAD
    return !this.#isPaused
  }

  /** @param {string} line */
  #onLine(line) {
    const received = fromLine(line, this.#json)
    const isRead = received.error === undefined && emitSafely(this, 'line', received.value)
    const [receiver] = this.#receivers
    if (receiver) settle(receiver, received)
    else if (!isRead) {
      const size = line.length + LINE
      this.#unread.push({ ...received, size })
      this.#unreadSize += size
    }
  }

  /** @param {import('../../binding').WorkerExit} exit */
  #onExit(exit) {
    this.#failure = exitFailure(this.#described, exit)
    for (const receiver of this.#receivers) receiver.reject(this.#failure)
    this.#releaseEventLoop()
    emitSafely(this, 'exit', details(exit))
  }

  #releaseEventLoop() {
    if (this.#isHeld) keepAlive.letGo()
    this.#isHeld = false
  }

  /** @param {WaitOptions} wait @returns {Promise<any>} */
  #receive({ timeout, signal }) {
    if (this.#isReleased) throw releasedError()
    if (signal?.aborted) throw abortError(signal)
    const read = this.#unread.shift()
    if (read) {
      this.#unreadSize -= read.size
      if (this.#isPaused && this.#unreadSize <= MOST_UNREAD) this.#resume()
      if (read.error) throw read.error
      return Promise.resolve(read.value)
    }
    if (this.#failure) throw this.#failure
    return this.#wait(timeout, signal)
  }

  /** @param {number} [timeout] @param {AbortSignal} [signal] @returns {Promise<any>} */
  #wait(timeout, signal) {
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#receivers.delete(receiver)
        clearTimeout(timer)
        if (signal) abortListeners.delete(signal, abort)
      }
      const receiver = {
        /** @param {unknown} value */
        resolve: (value) => {
          done()
          resolve(value)
        },
        /** @param {Error} error */
        reject: (error) => {
          done()
          reject(error)
        },
      }
      /** Marks the worker unusable, because its line may still come. @param {Error} error */
      const giveUp = (error) => {
        this.#isUnusable = true
        receiver.reject(error)
      }
      const abort = () => giveUp(abortError(/** @type {AbortSignal} */ (signal)))
      const late = () =>
        giveUp(codedError('ERR_CALL_TIMEOUT', `The worker wrote no line within ${timeout} ms`))
      const timer =
        timeout === undefined || timeout === Infinity ? undefined : setTimeout(late, timeout)
      if (signal) abortListeners.add(signal, abort)
      this.#receivers.add(receiver)
    })
  }

  #resume() {
    this.#isPaused = false
    this.#link.resume()
  }

  #check() {
    if (this.#isReleased) throw releasedError()
    if (this.#failure) throw this.#failure
  }
}

/** @param {Receiver} receiver @param {import('./message').Received} received */
function settle(receiver, received) {
  if (received.error) receiver.reject(received.error)
  else receiver.resolve(received.value)
}

function releasedError() {
  return codedError('ERR_NOT_ACQUIRED', 'The worker was released already: acquire another')
}

module.exports = { Worker }
