'use strict'

// Calls to servers whose route has to be found first, in a configuration that may change.

const { timeLeft } = require('../deadline-timer')
const { closedError } = require('../lifecycle')
const { inName, isTokenRefused, unknownServer, unreachable } = require('./failure')

/** @typedef {import('./servers').Route} Route */

class RoutedCalls {
  #servers
  #waits
  #isClosing

  /**
   * @param {import('./servers').Servers} servers
   * @param {import('./bounded-waits').BoundedWaits} waits
   * @param {() => boolean} isClosing
   */
  constructor(servers, waits, isClosing) {
    this.#servers = servers
    this.#waits = waits
    this.#isClosing = isClosing
  }

  /**
   * Returns where calls to the call's server go.
   * @param {import('./pending-requests').Call} call
   * @param {number} deadline
   * @returns {Promise<Route | undefined>}
   */
  route(call, deadline) {
    return this.#waits.bound(this.#servers.route(call.server), call, deadline)
  }

  /**
   * Looks at the configuration; returns the names of all servers, and what is wrong with it.
   * @param {import('./pending-requests').Call} call
   * @param {number} deadline
   */
  configuration(call, deadline) {
    return this.#waits.bound(this.#servers.all(), call, deadline)
  }

  /**
   * Does the work of a call at its server: again with another token if the server refused the
   * token, and again over a new route if the server was configured anew meanwhile.
   * @template T
   * @param {import('./pending-requests').Call} call
   * @param {number} deadline
   * @param {Route | undefined} known
   * @param {(route: { key: string, allows: (tool: string) => boolean, timeout: number }) =>
   *   Promise<T>} work
   * @returns {Promise<T>}
   */
  async make(call, deadline, known, work) {
    try {
      for (let before, isRenewed = false; ; ) {
        if (this.#isClosing()) throw closedError('a call')
        const route = known ?? (await this.route(call, deadline))
        if (route === undefined) throw unknownServer(call, await this.configuration(call, deadline))
        if (route.key === undefined) throw unreachable(route)
        try {
          return await work({ key: route.key, allows: route.allows, timeout: timeLeft(deadline) })
        } catch (error) {
          if (route.isSigned && isTokenRefused(error) && !isRenewed) {
            // The server has refused the call unread.
            known = await this.#waits.bound(this.#servers.renewed(route), call, deadline)
            if (known === undefined) throw error
            isRenewed = true
            continue
          }
          // The server was configured anew during the wait. The call was not sent, so it is tried
          // over the new route.
          if (/** @type {any} */ (error).code !== 'ERR_UNKNOWN_SERVER' || route.key === before)
            throw error
          before = route.key
          known = undefined
        }
      }
    } catch (error) {
      throw inName(call, /** @type {Error} */ (error))
    }
  }
}

module.exports = { RoutedCalls }
