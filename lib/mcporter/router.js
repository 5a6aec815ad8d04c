'use strict'

// The transport of each call: a session of the pool, or a process of mcporter.

const { isMcporters } = require('../mcp/failure')
const { explained } = require('./failure')

/** The errors of a server after which its calls go through mcporter, and what the server needs. */
const ONLY_MCPORTER = new Map([
  ['ERR_UNAUTHORIZED', 'oauth'],
  ['ERR_NOT_STREAMABLE', 'sse'],
])

/** A process of mcporter starts for each call. */
const always = () => true

/**
 * @typedef {import('./failure').Call} Call
 * @typedef {import('./process-calls').ProcessCalls} ProcessCalls
 * @typedef {import('./session-calls').SessionCalls} SessionCalls
 * @typedef {import('../mcp/servers').Route} Route
 * @typedef {'auto' | 'pool' | 'mcporter'} Transport
 */

/**
 * @template T
 * @typedef {(calls: ProcessCalls | SessionCalls, deadline: number, route?: Route) => Promise<T>}
 *   Work
 */

class Router {
  #pool
  #bySession
  #byProcess
  #settings
  /** The need of each server that refused a session. @type {Map<string, string>} */
  #refused = new Map()

  /**
   * @param {import('../mcp/pool').SessionPool} pool
   * @param {SessionCalls} bySession
   * @param {ProcessCalls} byProcess
   * @param {{ transport: Transport, transports: Map<string, Transport> }} settings
   */
  constructor(pool, bySession, byProcess, settings) {
    this.#pool = pool
    this.#bySession = bySession
    this.#byProcess = byProcess
    this.#settings = settings
  }

  /**
   * Does the work over the transport of the call's server. A server that refuses a session before
   * any tool is called gets the same work through mcporter.
   * @template T
   * @param {Call} call
   * @param {number} deadline
   * @param {Work<T>} work
   * @returns {Promise<T>}
   */
  async route(call, deadline, work) {
    const { server } = call
    const chosen = this.#chosen(server)
    if (chosen === 'mcporter') return this.#throughMcporter(call, deadline, work)
    const route = await this.#pool.route(call, deadline)
    if (chosen === 'auto' && this.#isMcporters(server, route))
      return this.#throughMcporter(call, deadline, work)
    return work(this.#bySession, deadline, route).catch((error) => {
      const needs = ONLY_MCPORTER.get(error.code)
      const isFinal = route?.needs !== undefined || route?.isSigned
      if (chosen === 'pool' || isFinal || needs === undefined) throw error
      this.#refused.set(server, needs)
      return this.#throughMcporter(call, deadline, work)
    })
  }

  /**
   * Returns the function that tells whether a call makes a process start; `undefined` for a server
   * that is no process.
   * @param {Call} call
   * @param {number} deadline
   * @returns {Promise<import('./starts').Need | undefined>}
   */
  async needOf(call, deadline) {
    const { server } = call
    const chosen = this.#chosen(server)
    if (chosen === 'mcporter') return always
    const route = await this.#pool.route(call, deadline)
    if (chosen === 'auto' && this.#isMcporters(server, route)) return always
    return route?.key === undefined ? undefined : this.#pool.needOf(route.key)
  }

  /** Returns the transport of each server, for `getPoolStatus()`. */
  status() {
    return this.#pool.routes().map(({ name, needs = this.#refused.get(name), reason = null }) => {
      const chosen = this.#chosen(name)
      if (chosen === 'mcporter')
        return { name, transport: chosen, reason: 'chosen', problem: reason }
      const transport = chosen === 'auto' && isMcporters(needs) ? 'mcporter' : 'pool'
      return { name, transport, reason: needs ?? null, problem: reason }
    })
  }

  /** @param {string} server @param {Route} [route] */
  #isMcporters(server, route) {
    return isMcporters(route?.needs ?? this.#refused.get(server))
  }

  /** @param {string} server */
  #chosen(server) {
    return this.#settings.transports.get(server) ?? this.#settings.transport
  }

  /**
   * Adds to mcporter's error what the configuration says, because mcporter's own words leave that
   * out.
   * @template T
   * @param {Call} call
   * @param {number} deadline
   * @param {Work<T>} work
   * @returns {Promise<T>}
   */
  #throughMcporter(call, deadline, work) {
    return this.#byProcess.during(call, async () => {
      const configuration = await this.#pool.configuration(call, deadline)
      return work(this.#byProcess, deadline).catch((error) => {
        throw explained(error, {
          ...configuration,
          routes: this.#pool.routes(),
          server: call.server,
        })
      })
    })
  }
}

module.exports = { Router }
