'use strict'

// Learns of each child process of Node.js before its start. Node.js publishes every new
// `ChildProcess` on a diagnostics channel, from the constructor, for all code of this thread. So
// nothing of Node.js is patched, and `node:child_process` need not be loaded for it.

const { subscribe, unsubscribe } = require('node:diagnostics_channel')

const CHANNEL = 'child_process'
/** Kept from the beginning, because tests replace it while they fake the time. */
const afterPoll = setImmediate

/** @typedef {(message: any) => void} Subscriber */

/** Guards all child processes that this thread starts from now on. */
function guardAll() {
  subscribe(CHANNEL, guardUnlessNested)
}

/**
 * Guards the child processes that a synchronous function starts.
 * @template T
 * @param {() => T} start
 * @returns {T}
 */
function guardDuring(start) {
  subscribe(CHANNEL, guardAlways)
  try {
    return start()
  } finally {
    unsubscribe(CHANNEL, guardAlways)
  }
}

/** @type {Subscriber} */
function guardAlways({ process: child }) {
  const module = loaded(() => require('./guard'))
  module?.guard(child, afterPoll)
}

/** @type {Subscriber} */
function guardUnlessNested(message) {
  const config = loaded(() => require('../config'))
  // The warden of a registered server holds the children of that server's children too.
  if (config?.isRegisteredChild()) unsubscribe(CHANNEL, guardUnlessNested)
  else guardAlways(message)
}

/**
 * Loads a module on use, because most starts of Node.js start no child. Returns `undefined` if this
 * process has no descriptor left for the file: Node.js then starts the child as usual.
 * @template T
 * @param {() => T} load
 */
function loaded(load) {
  try {
    return load()
  } catch {
    return undefined
  }
}

module.exports = { guardAll, guardDuring }
