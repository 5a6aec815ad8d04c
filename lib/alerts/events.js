'use strict'

// Who hears of alerts.

const { EventEmitter } = require('node:events')
const validate = require('../validate')
const { codedError, throwLater } = require('../errors')

const EVENTS = ['alert', 'resolve', 'undelivered']

/** @typedef {(value: any) => void} Listener */

const emitter = new EventEmitter()
/** What is done when somebody begins to listen, or nobody does any more. @type {() => void} */
let changed = () => {}

/** @type {typeof import('../../index').on} */
function on(event, listener) {
  emitter.on(known(event), callable(listener))
  changed()
}

/** @type {typeof import('../../index').once} */
function once(event, listener) {
  emitter.once(known(event), callable(listener))
  changed()
}

/** @type {typeof import('../../index').off} */
function off(event, listener) {
  emitter.off(known(event), callable(listener))
  changed()
}

/**
 * A listener that throws is an uncaught exception, and no reason for the others not to hear.
 * @param {string} event
 * @param {unknown} value
 */
function tell(event, value) {
  for (const listener of emitter.rawListeners(event)) {
    try {
      listener.call(emitter, value)
    } catch (error) {
      throwLater(error)
    }
  }
}

function isHeard() {
  return EVENTS.some((event) => emitter.listenerCount(event) > 0)
}

/** @param {() => void} listener */
function onChange(listener) {
  changed = listener
}

/** A misspelt one would never come. @param {unknown} event */
function known(event) {
  const found = EVENTS.find((name) => name === event)
  if (found !== undefined) return found
  const names = EVENTS.map((name) => `'${name}'`).join(', ')
  throw codedError(
    'ERR_INVALID_ARG_VALUE',
    `event must be one of ${names}, got ${validate.show(event)}`,
  )
}

/** @param {unknown} listener */
function callable(listener) {
  if (typeof listener === 'function') return /** @type {Listener} */ (listener)
  throw validate.invalidArgument('listener', 'a function', listener)
}

module.exports = { isHeard, off, on, onChange, once, tell }
