'use strict'

// Sessions and calls in flight, as callers see them.

/** @typedef {import('./pending-requests').Pending} Pending */

/**
 * Returns the calls in flight. A call over HTTP has no pid.
 * @param {import('../../binding').McpSessions} sessions
 * @param {import('./pending-requests').PendingRequests} requests
 * @param {Pending[]} between - the calls between two attempts
 * @returns {import('../../index').ActiveProcess[]}
 */
function activeCalls(sessions, requests, between) {
  const now = performance.now()
  const described = (/** @type {number | null} */ pid, /** @type {Pending} */ pending) => {
    const { call, startTime, started } = pending
    const { server, tool } = call
    return { pid, server, tool, startTime, duration: Math.floor(now - started) }
  }
  const sent = sessions.active().flatMap(({ number, pid = null }) => {
    const pending = requests.get(number)
    return pending === undefined || pending.staying?.hasBegun ? [] : [described(pid, pending)]
  })
  return [...sent, ...between.map((pending) => described(null, pending))]
}

/** @param {import('../../binding').McpSessions} native */
function sessionStatus(native) {
  const sessions = native
    .sessions()
    .map(({ pid = null, idle = null, memory = null, ...session }) => {
      const { server, state, age, uses, inFlight, garbage } = session
      return { server, pid, state, age, idle, uses, inFlight, memory, garbage }
    })
  return { sessions, queued: native.queued(), stats: JSON.parse(native.stats()) }
}

module.exports = { activeCalls, sessionStatus }
