'use strict'

// Passes the notifications of servers to the listeners of a pool.

const { throwLater } = require('../errors')
const { isObject } = require('../validate')
const { LEVELS } = require('./request-arguments')

const UPDATED = 'notifications/resources/updated'
const LOG = 'notifications/message'
/** The lists that may change, by notification. */
const LISTS = /** @type {const} */ ({
  'notifications/tools/list_changed': 'tools',
  'notifications/prompts/list_changed': 'prompts',
  'notifications/resources/list_changed': 'resources',
})

/**
 * @typedef {{ onLog?: Function, onListChanged?: Function }} Listeners
 * @typedef {{ events: { method: string, params: any }[], dropped: number, missed: boolean }} Taken
 */

/**
 * Returns the methods of the notifications that these listeners and subscriptions need.
 * @param {Listeners} listeners
 */
function wantedBy({ onLog, onListChanged }) {
  return [
    UPDATED,
    ...(onLog === undefined ? [] : [LOG]),
    ...(onListChanged === undefined ? [] : Object.keys(LISTS)),
  ]
}

/**
 * Notifies the listeners. An error that a listener throws is an uncaught exception.
 * @param {string} server
 * @param {Taken} taken
 * @param {Listeners} listeners
 * @param {import('./subscriptions').Subscriptions} subscriptions
 */
function notifyAll(server, { events, dropped, missed }, { onLog, onListChanged }, subscriptions) {
  for (const { method, params } of events) {
    if (method === UPDATED) {
      if (typeof params?.uri === 'string') subscriptions.updated(server, params.uri)
    } else if (method === LOG) {
      if (isLogMessage(params)) call(onLog, params, server)
    }
    if (method in LISTS)
      call(onListChanged, LISTS[/** @type {keyof typeof LISTS} */ (method)], server)
  }
  if (missed) subscriptions.missed(server)
  if (dropped > 0) {
    const data = `${dropped} log messages came too fast and were dropped`
    call(onLog, { level: 'warning', logger: 'procward', data }, server)
  }
}

/**
 * Returns whether a server's params have the shape of a log message. Listeners count on it.
 * @param {any} params
 */
function isLogMessage(params) {
  return isObject(params) && LEVELS.includes(params.level)
}

/** @param {Function | undefined} listener @param {unknown} value @param {string} server */
function call(listener, value, server) {
  try {
    listener?.(value, { server })
  } catch (error) {
    throwLater(error)
  }
}

module.exports = { notifyAll, wantedBy }
