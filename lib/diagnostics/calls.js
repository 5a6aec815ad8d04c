'use strict'

// Publishes the start and the end of calls and of their waits.

const { channels } = require('../diagnostics')

/**
 * @typedef {import('node:diagnostics_channel').Channel} Channel
 * @typedef {{ server: string, tool: string }} Call
 */

let lastCall = 0

/**
 * Publishes a call. `work` gets the number of the call. The end has the fence that the call got.
 * @template T
 * @param {Call & { fence?: number }} call
 * @param {(id: number) => Promise<T>} work
 * @returns {Promise<T>}
 */
function publishCall(call, work) {
  const { callStart, callEnd } = channels
  const id = ++lastCall
  if (!callStart.hasSubscribers && !callEnd.hasSubscribers) return work(id)
  const { server, tool } = call
  const message = { id, server, tool, time: Date.now() }
  return published(callStart, callEnd, message, async () => {
    try {
      return await work(id)
    } finally {
      const { fence } = call
      if (fence !== undefined) Object.assign(message, { fence })
    }
  })
}

/**
 * Publishes the wait of a call for its slots.
 * @template T
 * @param {Call & { id: number }} call
 * @param {number} queued - the number of earlier waiters
 * @param {() => Promise<T>} wait
 * @returns {Promise<T>}
 */
function publishWait({ id, server, tool }, queued, wait) {
  const { queueEnter, queueLeave } = channels
  if (!queueEnter.hasSubscribers && !queueLeave.hasSubscribers) return wait()
  return published(queueEnter, queueLeave, { id, server, tool, time: Date.now(), queued }, wait)
}

/**
 * Publishes the start and the end of the work with the same message object, so that a subscriber
 * can match them.
 * @template T
 * @param {Channel} start
 * @param {Channel} end
 * @param {Record<string, unknown>} message
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function published(start, end, message, work) {
  const began = performance.now()
  start.publish(message)
  let code = null
  try {
    return await work()
  } catch (error) {
    code = /** @type {any} */ (error)?.code ?? 'UNKNOWN'
    throw error
  } finally {
    end.publish(Object.assign(message, { duration: performance.now() - began, code }))
  }
}

module.exports = { publishCall, publishWait }
