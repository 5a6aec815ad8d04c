'use strict'

// Calls and their waits, told when they begin and when they are over.

const { channels } = require('../diagnostics')

/**
 * @typedef {import('node:diagnostics_channel').Channel} Channel
 * @typedef {{ server: string, tool: string }} Call
 */

let lastCall = 0

/**
 * A call; `work` gets its number.
 * @template T
 * @param {Call} call
 * @param {(id: number) => Promise<T>} work
 * @returns {Promise<T>}
 */
function tellCall({ server, tool }, work) {
  const { callStart, callEnd } = channels
  const id = ++lastCall
  if (!callStart.hasSubscribers && !callEnd.hasSubscribers) return work(id)
  return told(callStart, callEnd, { id, server, tool, time: Date.now() }, () => work(id))
}

/**
 * The wait of a call for its slot, where it has to wait.
 * @template T @param {Call & { id: number }} call @param {{ available: number, queued: number }}
 * slots
 * @param {() => Promise<T>} work @returns {Promise<T>}
 */
function tellWait({ id, server, tool }, { available, queued }, work) {
  const { queueEnter, queueLeave } = channels
  if (available > 0) return work()
  return told(queueEnter, queueLeave, { id, server, tool, time: Date.now(), queued }, work)
}

/** Whether anybody wants to know of waits. */
function areWaitsHeard() {
  return channels.queueEnter.hasSubscribers || channels.queueLeave.hasSubscribers
}

/**
 * Both ends of the work in one message, so that whoever sees its beginning can know its end.
 * @template T @param {Channel} start @param {Channel} end @param {Record<string, unknown>} message
 * @param {() => Promise<T>} work @returns {Promise<T>}
 */
async function told(start, end, message, work) {
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

module.exports = { areWaitsHeard, tellCall, tellWait }
