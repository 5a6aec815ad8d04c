'use strict'

// Requests that stay in flight after they have begun, as a subscription does. Such a request keeps
// its session, and not the event loop.

const { publishProcesses } = require('../diagnostics/processes')
const { abortError } = require('../errors')
const native = require('../native')
const { parsed } = require('./answers')
const { NO_SERVER } = require('./defined-servers')
const { inName } = require('./failure')
const { FIRST } = require('./pending-requests')

/**
 * @typedef {import('./pending-requests').Call} Call
 * @typedef {import('./pending-requests').Pending} Pending
 */

class Stays {
  #sessions
  #servers
  #pending

  /**
   * @param {import('../../binding').McpSessions} sessions
   * @param {import('./defined-servers').DefinedServers} servers
   * @param {import('./pending-requests').PendingRequests} pending
   */
  constructor(sessions, servers, pending) {
    this.#sessions = sessions
    this.#servers = servers
    this.#pending = pending
  }

  /**
   * Makes a request that stays. Resolves once it has begun, with the words of the server and the
   * function that ends it; `onEnd` is called when it ends otherwise.
   * @param {string} key
   * @param {Call} call
   * @param {{ method: string, params: object, leave?: string }} request
   * @param {number} timeout
   * @param {() => void} onEnd
   * @returns {Promise<{ words: any, leave: () => void, hasEnded: boolean }>}
   */
  make(key, call, { method, params, leave }, timeout, onEnd) {
    const { signal } = call
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(inName(call, abortError(signal)))
      const server = this.#servers.ready(key)
      const staying = { hasBegun: false, onEnd: () => {} }
      const begun = (/** @type {any} */ words) => {
        const handle = {
          words,
          hasEnded: false,
          leave: () => {
            staying.onEnd = () => {}
            if (!handle.hasEnded) this.#sessions.abort(number)
          },
        }
        staying.onEnd = () => {
          handle.hasEnded = true
          onEnd()
        }
        resolve(handle)
      }
      const times = { startTime: Date.now(), started: performance.now() }
      const text = JSON.stringify(params)
      const sent = { key, method, params: text, timeout, attempt: FIRST }
      const pending = { number: 0, call, ...times, resolve: begun, reject, staying, ...sent }
      const number = this.#pending.add(pending)
      const { handle } = this.#sessions
      native.mcpStay(handle, number, server?.number ?? NO_SERVER, method, text, timeout, leave)
      publishProcesses()
    })
  }

  /** Notes that a request has begun. @param {Pending} pending @param {string} text */
  begin(pending, text) {
    const { number, call, staying, resolve } = pending
    if (staying === undefined || staying.hasBegun) return
    staying.hasBegun = true
    this.#pending.begin(pending)
    publishProcesses()
    try {
      resolve(parsed(text))
    } catch (error) {
      this.#sessions.abort(number)
      pending.reject(inName(call, /** @type {Error} */ (error)))
    }
  }
}

module.exports = { Stays }
