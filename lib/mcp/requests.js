'use strict'

// The requests of a pool besides calls of tools, with what one of them needs of another.

const { codedError } = require('../errors')
const { inName } = require('./failure')
const { notifyAll, wantedBy } = require('./notifications')
const { REQUESTS, SUBSCRIBE, subscription } = require('./request-kinds')
const { hasHandshake } = require('./server-info')
const { Subscriptions } = require('./subscriptions')

/**
 * @typedef {import('./pending-requests').Call} Call
 * @typedef {import('./servers').Route} Route
 *
 * The parts of the pool that requests use.
 * @typedef {object} Ways
 * @property {import('./sessions').Sessions} sessions
 * @property {(call: Call, deadline: number, route: Route | undefined, work: (at: { key: string,
 *   timeout: number }) => Promise<any>) => Promise<any>} settled
 *   - does the work at the call's server
 * @property {<T>(promise: Promise<T>, call: Call, deadline: number) => Promise<T>} wait
 * @property {(call: Call, work: () => Promise<any>) => Promise<any>} count - publishes and counts
 * @property {number} timeout - of a subscription that is made again
 */

class Requests {
  /** @type {Ways | undefined} */
  #ways
  #listeners
  #subscriptions = new Subscriptions({
    begin: (...given) => this.#subscribe(...given),
    count: (call, work) => this.#pool().count(call, work),
    wait: (promise, call, deadline) => this.#pool().wait(promise, call, deadline),
    call: (server) => ({ server, tool: SUBSCRIBE, timeout: this.#pool().timeout }),
  })

  /** @param {import('./notifications').Listeners} listeners */
  constructor(listeners) {
    this.#listeners = listeners
  }

  /** Begins to use a pool's sessions, which notify these requests. @param {Ways} ways */
  use(ways) {
    this.#ways = ways
  }

  /** Returns the notifications that the pool's sessions are to pass on, and their listener. */
  events() {
    return {
      wanted: wantedBy(this.#listeners),
      notify: (
        /** @type {string} */ server,
        /** @type {import('./notifications').Taken} */ taken,
      ) => notifyAll(server, taken, this.#listeners, this.#subscriptions),
    }
  }

  /**
   * Makes a request of a kind.
   * @param {Call} call
   * @param {import('./request-kinds').Kind} kind
   * @param {Record<string, any>} params
   * @param {number} deadline
   * @param {Route} [route]
   * @returns {Promise<any>}
   */
  async ask(call, kind, params, deadline, route) {
    if (kind !== REQUESTS.setLogLevel) return this.#send(call, kind, params, deadline, route)
    const info = await this.#send(call, REQUESTS.getServerInfo, {}, deadline, route)
    // A server without a handshake is told the level with each request.
    if (hasHandshake(info)) await this.#send(call, kind, params, deadline, route)
    this.#pool().sessions.setLogLevel(call.server, params.level)
  }

  /**
   * Subscribes to a resource.
   * @param {Call} call
   * @param {string} uri
   * @param {import('./subscriptions').Listener} listener
   * @param {number} deadline
   * @param {Route} [route]
   */
  listen(call, uri, listener, deadline, route) {
    return this.#subscriptions.add(call, uri, listener, deadline, route)
  }

  /** Forgets all subscriptions. */
  close() {
    this.#subscriptions.close()
  }

  /**
   * @param {Call} call
   * @param {import('./request-kinds').Kind} kind
   * @param {Record<string, any>} params
   * @param {number} deadline
   * @param {Route} [route]
   * @returns {Promise<any>}
   */
  #send(call, kind, params, deadline, route) {
    const { sessions, settled } = this.#pool()
    return settled(call, deadline, route, ({ key, timeout }) =>
      sessions.ask(key, call, kind, params, timeout),
    )
  }

  /**
   * Makes a subscription at the server.
   * @param {Call} call
   * @param {string} uri
   * @param {number} deadline
   * @param {Route | undefined} route
   * @param {() => void} onEnd
   */
  async #subscribe(call, uri, deadline, route, onEnd) {
    const { sessions, settled } = this.#pool()
    const info = await this.#send(call, REQUESTS.getServerInfo, {}, deadline, route)
    const request = subscription(uri, hasHandshake(info))
    const stay = await settled(call, deadline, route, ({ key, timeout }) =>
      sessions.stay(key, call, request, timeout, onEnd),
    )
    const accepted = stay.words?.notifications?.resourceSubscriptions
    if (hasHandshake(info) || (Array.isArray(accepted) && accepted.includes(uri))) return stay
    stay.leave()
    throw inName(call, codedError('ERR_MCP', 'the server offers no updates of this resource'))
  }

  #pool() {
    return /** @type {Ways} */ (this.#ways)
  }
}

module.exports = { Requests }
