'use strict'

const { EventEmitter } = require('node:events')
const { abortError, codedError, throwLater } = require('../errors')
const keepAlive = require('../keep-alive')
const { abortListeners } = require('../signal-waiters')
const { details, exitFailure } = require('./failure')
const { fromLine, toLine } = require('./message')
const { waitOptions } = require('./options')

/** Unread lines beyond this make the worker wait. */
const MOST_UNREAD = 1024 * 1024
/** What a line costs besides its text. */
const LINE = 32

/**
 * What a worker needs of its pool, and the pool of it.
 * @typedef {{ post(text: string): void, send(text: string): Promise<boolean>, resume(): void,
 *   release(heard: number, spoiled: boolean): void }} Link
 * @typedef {{ worker: Worker, begin(pid: number): void, hear(event:
 *   import('../../binding').WorkerEvent): boolean, end(spoiled: boolean): boolean }} Inside
 * @typedef {{ resolve: (value: any) => void, reject: (error: Error) => void }} Receiver
 * @typedef {{ timeout?: number, signal?: AbortSignal }} WaitOptions
 */

/** One use of a worker: good until it is given back. */
class Worker extends EventEmitter {
  #link
  #described
  #json
  #pid = 0
  /** @type {(import('./message').Received & { size: number })[]} */
  #unread = []
  #unreadSize = 0
  #isPaused = false
  /** Those who wait for a line, in order. @type {Set<Receiver>} */
  #receivers = new Set()
  /** How many events with lines came. */
  #heard = 0
  #isSpoiled = false
  #isReleased = false
  /** It keeps this process alive, as long as it is used and there is something to wait for. */
  #isHeld = false
  /** Why it answers no more. @type {Error | undefined} */
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
      hear: (event) => this.#hear(event),
      end: (spoiled) => this.#end(spoiled),
    })
  }

  get pid() {
    return this.#pid
  }

  /** @param {unknown} message @returns {Promise<void>} once the worker's input has taken it */
  async send(message) {
    this.#check()
    if (await this.#link.send(toLine(message, this.#json))) return
    throw this.#failure ?? codedError('ERR_INPUT_CLOSED', 'The worker takes no more input')
  }

  /** The next line that nobody has read. @param {WaitOptions} [options] @returns {Promise<any>} */
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

  /** Gives it back. */
  release() {
    if (!this.#end(false)) throw releasedError()
  }

  /** Gives it back, not to be used again. */
  destroy() {
    if (!this.#end(true)) throw releasedError()
  }

  /** Gives it back unless that was done already, and tells. @param {boolean} spoiled */
  #end(spoiled) {
    if (this.#isReleased) return false
    this.#isReleased = true
    // What is still to come would be taken for an answer to the next user.
    const owes = this.#unread.length > 0 || this.#receivers.size > 0
    for (const receiver of this.#receivers) receiver.reject(releasedError())
    this.#unread = []
    this.#letGo()
    this.#link.release(this.#heard, spoiled || this.#isSpoiled || owes)
    return true
  }

  /**
   * Takes what it did, and tells whether it can take more.
   * @param {import('../../binding').WorkerEvent} event
   */
  #hear({ lines, errorLines, exit }) {
    if (lines.length > 0) this.#heard++
    for (const line of lines) this.#hearLine(line)
    for (const line of errorLines) this.#tell('errorLine', line)
    if (exit) this.#hearExit(exit)
    this.#isPaused = this.#unreadSize > MOST_UNREAD
    return !this.#isPaused
  }

  /** @param {string} line */
  #hearLine(line) {
    const received = fromLine(line, this.#json)
    const isHeard = received.error === undefined && this.#tell('line', received.value)
    const [receiver] = this.#receivers
    if (receiver) settle(receiver, received)
    else if (!isHeard) {
      const size = line.length + LINE
      this.#unread.push({ ...received, size })
      this.#unreadSize += size
    }
  }

  /** @param {import('../../binding').WorkerExit} exit */
  #hearExit(exit) {
    this.#failure = exitFailure(this.#described, exit)
    for (const receiver of this.#receivers) receiver.reject(this.#failure)
    this.#letGo()
    this.#tell('exit', details(exit))
  }

  #letGo() {
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
      /** Its line may still come. @param {Error} error */
      const giveUp = (error) => {
        this.#isSpoiled = true
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

  /**
   * A listener that throws is an uncaught exception, and no reason to keep the other lines back.
   * @param {string} event
   * @param {unknown} value
   */
  #tell(event, value) {
    try {
      return this.emit(event, value)
    } catch (error) {
      throwLater(error)
      return true
    }
  }
}

/** @param {Receiver} receiver @param {import('./message').Received} received */
function settle(receiver, received) {
  if (received.error) receiver.reject(received.error)
  else receiver.resolve(received.value)
}

function releasedError() {
  return codedError('ERR_NOT_ACQUIRED', 'The worker was given back already: acquire another')
}

module.exports = { Worker }
