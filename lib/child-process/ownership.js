'use strict'

// The time in which a child is this server's: until its exit, or until the program lets go of a
// detached child.

const config = require('../config')
const { publishProcesses } = require('../diagnostics/processes')
const { track } = require('../lifecycle')
const { countReleased } = require('./counts')

/** @typedef {Pick<import('../../binding').GuardedChild, 'letGo' | 'terminate'>} Child */

class Ownership {
  #child
  #detached
  #isReleased = false
  #end = () => {}
  /** @type {Promise<void>} */
  #ended = new Promise((end) => {
    this.#end = end
  })

  /** @param {Child} child @param {boolean} detached */
  constructor(child, detached) {
    this.#child = child
    this.#detached = detached
  }

  /** Lets `shutdown()` wait for the child, and then terminate the child. */
  begin() {
    track(this.#ended, (killGrace) => this.#child.terminate('shutdown', killGrace))
    publishProcesses()
  }

  /** Notes the exit of the child. */
  end() {
    this.#end()
    publishProcesses()
  }

  /** Lets go of a detached child, whose program has called `unref()`. */
  unreferenced() {
    if (!this.#detached || config.guardsDetached()) return
    this.#child.letGo()
    if (!this.#isReleased) countReleased()
    this.#isReleased = true
    this.#end()
  }
}

module.exports = { Ownership }
