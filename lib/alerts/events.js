'use strict'

// The listeners of alerts.

const { EventEmitter } = require('node:events')
const validate = require('../validate')
const { codedError, throwLater } = require('../errors')

const EVENTS = ['alert', 'resolve', 'undelivered']

/** @typedef {(value: any) => void} Listener */

const emitter = new EventEmitter()
/** Called when a listener is added or removed. @type {() => void} */
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
 * Calls every listener. An error of one listener is an uncaught exception and stops no other.
 * @param {string} event
 * @param {unknown} value
 */
function emit(event, value) {
  for (const listener of emitter.rawListeners(event)) {
    try {
      listener.call(emitter, value)
    } catch (error) {
      throwLater(error)
    }
  }
}

function hasListeners() {
  return EVENTS.some((event) => emitter.listenerCount(event) > 0)
}

/** @param {() => void} listener */
function onChange(listener) {
  changed = listener
}

/** Refuses an unknown event, which would never be emitted. @param {unknown} event */
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

module.exports = { emit, hasListeners, off, on, onChange, once }
