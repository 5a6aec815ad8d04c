'use strict'

// Sessions and calls in flight, as callers see them.

const { whyNotStarted } = require('../process/start-waits')

/** @typedef {import('./pending-requests').Pending} Pending */

/**
 * Returns the calls in flight. A call over HTTP has no pid.
 * @param {import('../../binding').McpSessions} sessions
 * @param {import('./pending-requests').PendingRequests} requests
 * @param {Pending[]} between - the calls between two attempts
 * @returns {import('../../index').ActiveProcess[]}
 */
function activeCalls(sessions, requests, between) {
  const sent = sessions.active().flatMap(({ number, pid = null }) => {
    const pending = requests.get(number)
    return pending === undefined || pending.staying?.hasBegun ? [] : [described(pending, pid)]
  })
  return [...sent, ...between.map((pending) => described(pending, null))]
}

/**
 * Returns the calls that wait for a session, and the reason.
 * @param {import('../../binding').McpSessions} sessions
 * @param {import('./pending-requests').PendingRequests} requests
 * @returns {import('../../index').ActiveProcess[]}
 */
function waitingCalls(sessions, requests) {
  const sent = new Set(sessions.active().map(({ number }) => number))
  const calls = requests
    .all()
    .filter(({ number, staying }) => !sent.has(number) && !staying?.hasBegun)
  if (calls.length === 0) return []
  const states = sessions.sessions()
  const starting = new Set(
    states.flatMap(({ state, server }) => (state === 'starting' ? [server] : [])),
  )
  return calls.map((pending) => ({
    ...described(pending, null),
    waitsFor: starting.has(pending.call.server) ? whyNotStarted(pending.call.server) : 'session',
  }))
}

/** @param {Pending} pending @param {number | null} pid */
function described({ call: { server, tool }, startTime, started }, pid) {
  return { pid, server, tool, startTime, duration: Math.floor(performance.now() - started) }
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

module.exports = { activeCalls, sessionStatus, waitingCalls }
