'use strict'

// Takes over a child that Node.js itself starts: the child carries our tag from its start on, is
// listed and counted, and its tree is terminated with this server as far as the platform allows.

const { constants } = require('node:os')
const config = require('../config')
const { changedArguments, spawnOptions } = require('./internal-spawn')
const { Ownership } = require('./ownership')
const { environmentPairs } = require('./request')

const SIGNALS = /** @type {Record<string, number>} */ (constants.signals)
/** The signals that ask for the end of a process. The rest of its tree ends with it then. */
const ENDING = new Set(
  ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGKILL', 'SIGTERM'].map((name) => SIGNALS[name]),
)

class Adoption {
  #child
  #detached
  #isAsked = false
  #ownership

  /**
   * Notes a child that is about to start.
   * @param {typeof import('../../binding')} native
   * @param {any[]} values - the arguments of the internal `spawn`
   * @param {string | undefined} server
   */
  constructor(native, values, server) {
    const options = /** @type {import('./internal-spawn').SpawnOptions} */ (spawnOptions(values))
    this.#child = new native.AdoptedChild(server)
    this.#detached = Boolean(options.detached)
    this.#ownership = new Ownership(this.#child, this.#detached)
    const pairs = environmentPairs(options).filter((pair) => !pair.startsWith('PROCWARD_TAG='))
    pairs.push(this.#child.variable(), ...config.adoptedEnvironment(this.#detached))
    /** The arguments with our variables. */
    this.values = changedArguments(values, { envPairs: pairs })
  }

  /** Takes the child over. Returns whether that was possible. @param {any} handle */
  begin(handle) {
    const { onexit } = handle
    handle.onexit = (/** @type {number} */ code, /** @type {string} */ signal) => {
      this.#exited(code, signal)
      return onexit(code, signal)
    }
    if (!this.#child.started(handle.pid)) return false
    const { kill, unref } = Object.getPrototypeOf(handle)
    Object.assign(handle, {
      kill: (/** @type {number} */ signal) => {
        const errno = kill.call(handle, signal)
        if (errno === 0 && ENDING.has(signal)) this.#isAsked = true
        return errno
      },
      unref: () => {
        unref.call(handle)
        this.#ownership.unreferenced()
      },
    })
    this.#ownership.begin()
    return true
  }

  /** Forgets a child that could not be started. */
  cancel() {
    this.#child.exited(undefined, undefined, false)
  }

  /** @param {number} code @param {string} signal */
  #exited(code, signal) {
    const number = signal ? SIGNALS[signal] : undefined
    this.#child.exited(signal ? undefined : code, number, this.#isAsked && !this.#detached)
    this.#ownership.end()
  }
}

module.exports = { Adoption }
