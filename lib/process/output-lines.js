'use strict'

const { emitSafely } = require('../errors')

/**
 * @typedef {object} Source
 * @property {() => void} keep - reads the output, and keeps its first bytes
 * @property {() => (string | Buffer)[]} claim - returns the kept lines. Later lines are pushed
 * @property {(isBehind: boolean) => void} pause - makes the command wait
 */

/** Bytes of lines that are kept for the first listener. */
const KEPT_BYTES = 64 * 1024

/** The lines of one output, on their way to the listeners of an event. */
class OutputLines {
  #emitter
  #event
  #source
  #isRead = false
  #isClaimed = false
  #hasBegun = false
  /** Lines without a listener. @type {(string | Buffer)[]} */
  #kept = []
  #keptBytes = 0
  /** The iterations that are behind. @type {Set<object>} */
  #behind = new Set()

  /**
   * @param {import('node:events').EventEmitter} emitter
   * @param {string} event
   * @param {Source} source
   */
  constructor(emitter, event, source) {
    this.#emitter = emitter
    this.#event = event
    this.#source = source
  }

  /** Starts to read the output. Without a listener, its first bytes are kept. */
  read() {
    if (this.#isRead) return
    this.#isRead = true
    this.#source.keep()
  }

  /** Emits the kept lines as soon as the listener that is being added is there. */
  claim() {
    if (!this.#isClaimed) {
      this.#isRead = this.#isClaimed = true
      this.#kept = this.#source.claim()
      for (const line of this.#kept) this.#keptBytes += line.length + 1
    }
    if (this.#kept.length > 0) process.nextTick(() => this.flush())
  }

  /** Emits lines from now on. The event `spawn` comes before the first line. */
  begin() {
    this.#hasBegun = true
    this.flush()
  }

  /** Emits the kept lines, as long as there is a listener. */
  flush() {
    if (!this.#hasBegun) return
    const kept = this.#kept
    this.#kept = []
    let at = 0
    while (at < kept.length && this.#hasListener) emitSafely(this.#emitter, this.#event, kept[at++])
    this.#kept = kept.slice(at)
    if (this.#kept.length === 0) this.#keptBytes = 0
  }

  /** @param {readonly (string | Buffer)[]} lines */
  push(lines) {
    this.flush()
    for (const line of lines) {
      const isBehind = this.#kept.length > 0
      if (!isBehind && this.#hasListener) emitSafely(this.#emitter, this.#event, line)
      else if (isBehind) this.#keep(line)
    }
  }

  /** Makes the command wait while an iteration is behind. @param {object} iteration */
  pause(iteration) {
    if (this.#behind.add(iteration).size === 1) this.#source.pause(true)
  }

  /** @param {object} iteration */
  resume(iteration) {
    if (this.#behind.delete(iteration) && this.#behind.size === 0) this.#source.pause(false)
  }

  get #hasListener() {
    return this.#emitter.listenerCount(this.#event) > 0
  }

  /**
   * Keeps a line. After the first line that does not fit, none is kept, so that the kept lines have
   * no gap.
   * @param {string | Buffer} line
   */
  #keep(line) {
    // Counts the line break too, because empty lines take memory.
    this.#keptBytes += line.length + 1
    if (this.#keptBytes <= KEPT_BYTES) this.#kept.push(line)
    else this.#keptBytes = Infinity
  }
}

module.exports = { OutputLines }
