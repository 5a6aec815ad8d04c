'use strict'

// Passes the progress of a call to its listener.

const { AsyncResource } = require('node:async_hooks')
const { throwLater } = require('../errors')
const { invalidConfig } = require('../validate')

/**
 * @typedef {(progress: { progress: number, total?: number, message?: string }) => void} Listener
 */

/**
 * Checks the option. The listener is called in the async context in which the option was given.
 * @param {string} name
 * @param {unknown} value
 * @returns {Listener}
 */
function progressListener(name, value) {
  if (typeof value !== 'function') throw invalidConfig(name, 'a function', value)
  return AsyncResource.bind(/** @type {Listener} */ (value))
}

/**
 * Calls the listener. An error that the listener throws is an uncaught exception, and does not fail
 * the call.
 * @param {Listener | undefined} listener
 * @param {string} text - the notification's params
 */
function notifyProgress(listener, text) {
  const { progress, total, message } = JSON.parse(text)
  if (typeof progress !== 'number') return
  try {
    listener?.({
      progress,
      total: typeof total === 'number' ? total : undefined,
      message: typeof message === 'string' ? message : undefined,
    })
  } catch (error) {
    throwLater(error)
  }
}

module.exports = { progressListener, notifyProgress }
