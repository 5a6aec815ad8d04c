'use strict'

const config = require('../config')
const { timeLeft } = require('../deadline-timer')
const { publishCall } = require('../diagnostics/calls')
const { drainAtShutdown, isClosing } = require('../lifecycle')
const { recorded } = require('../metrics/record')
const { allowedTools, refuseTool } = require('./allowed-tools')
const { encodeArguments, serverName, toolName } = require('./arguments')
const { BoundedWaits } = require('./bounded-waits')
const { CALL, REQUEST, callOptions, poolOptions } = require('./pool-options')
const { subscriber } = require('./request-arguments')
const { REQUESTS, SUBSCRIBE, requestParams } = require('./request-kinds')
const { Requests } = require('./requests')
const { RoutedCalls } = require('./routed-calls')
const { Servers } = require('./servers')
const { Sessions } = require('./sessions')

/** @typedef {import('./servers').Route} Route */

/** The counts of a server that was not called yet. */
const UNUSED = Object.freeze({
  waiting: 0,
  retryAfter: null,
  started: 0,
  failed: 0,
  hits: 0,
  misses: 0,
  recycled: Object.freeze({}),
})

/** A pool of sessions with MCP servers: started on use, shared by all calls, ended when idle. */
class SessionPool {
  #sessions
  #servers
  #requests
  #routed
  #callTimeout
  #listTimeout
  #maxSessions
  #closed = false
  /** Calls that wait until their server's configuration is known. */
  #waits = new BoundedWaits()

  /**
   * @param {Record<string, any>} [options]
   * @param {import('./servers').Source} [source] - where else servers are configured
   */
  constructor(options, source) {
    const { pool, use } = poolOptions(options)
    const { maxSessions = config.poolSize(), maxStarting = 2, servers = {} } = pool
    this.#maxSessions = maxSessions
    this.#callTimeout = pool.callTimeout ?? config.callTimeout()
    this.#listTimeout = pool.listTimeout ?? config.listTimeout()
    const { handlers } = pool
    this.#requests = new Requests({ onLog: pool.onLog, onListChanged: pool.onListChanged })
    const [callTimeout, listTimeout] = [this.#callTimeout, this.#listTimeout]
    this.#sessions = new Sessions(
      { maxSessions, maxStarting, handlers, callTimeout, listTimeout },
      this.#requests.events(),
    )
    this.#requests.use({
      sessions: this.#sessions,
      settled: (...given) => this.#routed.make(...given),
      wait: (promise, call, deadline) =>
        this.#waits.bound(promise, call, deadline, 'the server had not accepted it'),
      count: (call, work) => publishCall(call, () => recorded(call, performance.now(), work())),
      timeout: this.#callTimeout,
    })
    const defaults = { ...use, ...handlers?.announced }
    this.#servers = new Servers(this.#sessions, servers, defaults, source)
    this.#routed = new RoutedCalls(this.#servers, this.#waits, () => this.#isClosing())
    drainAtShutdown(this)
  }

  /**
   * Calls a tool; resolves with the server's own answer, also when the answer says `isError`.
   * @param {string} server
   * @param {string} tool
   * @param {object} [args]
   * @param {{ timeout?: number, signal?: AbortSignal, onProgress?: (progress: any) => void }}
   *   [options]
   * @returns {Promise<any>}
   */
  callTool(server, tool, args = {}, options) {
    // An `async` function would add a promise to each call.
    try {
      const { timeout = this.#callTimeout, signal, onProgress } = callOptions(options, CALL)
      const call = {
        server: serverName(server),
        tool: toolName(tool),
        timeout,
        signal,
        onProgress,
      }
      const json = encodeArguments(args)
      const key = this.#keyOf(call)
      if (key === undefined)
        return publishCall(call, () =>
          recorded(call, performance.now(), this.callEncoded(call, json, deadlineOf(call))),
        )
      return publishCall(call, () =>
        this.#sessions.callTool(key, call, json, timeout, performance.now()),
      )
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Lists all tools of a server.
   * @param {string} server
   * @param {{ timeout?: number, signal?: AbortSignal }} [options]
   * @returns {Promise<any[]>}
   */
  async listTools(server, options) {
    const { timeout = this.#listTimeout, signal } = callOptions(options, REQUEST)
    const call = { server: serverName(server), tool: 'list_tools', timeout, signal }
    return publishCall(call, () =>
      recorded(call, performance.now(), this.listPages(call, deadlineOf(call))),
    )
  }

  /**
   * Makes a request of a kind: the body of the methods that derive from the table of kinds.
   * @param {import('./request-kinds').Kind} kind
   * @param {string} server
   * @param {unknown[]} given - the arguments after the server
   * @returns {Promise<any>}
   */
  async request(kind, server, given) {
    const name = serverName(server)
    const { params, options } = requestParams(kind, given)
    const { timeout = this.#timeoutOf(kind), signal } = callOptions(options, REQUEST)
    const call = { server: name, tool: kind.method, timeout, signal }
    return publishCall(call, () =>
      recorded(call, performance.now(), this.ask(call, kind, params, deadlineOf(call))),
    )
  }

  /**
   * Subscribes to a resource; resolves with the function that ends the subscription.
   * @param {string} server
   * @param {string} uri
   * @param {(update: import('../../index').McpResourceUpdate) => void} listener
   * @param {{ timeout?: number, signal?: AbortSignal }} [options]
   * @returns {Promise<() => void>}
   */
  async subscribe(server, uri, listener, options) {
    const { timeout = this.#callTimeout, signal } = callOptions(options, REQUEST)
    const call = { server: serverName(server), tool: SUBSCRIBE, timeout, signal }
    const subscription = subscriber(uri, listener)
    return publishCall(call, () =>
      recorded(call, performance.now(), this.listen(call, subscription, deadlineOf(call))),
    )
  }

  /**
   * Makes a checked call.
   * @param {import('./pending-requests').Call} call
   * @param {string} json
   * @param {number} deadline
   * @param {Route} [route] - where its server's calls go, if that is known
   * @returns {Promise<any>}
   */
  callEncoded(call, json, deadline, route) {
    const direct = this.#keyOf(call)
    if (direct !== undefined) return this.#sessions.callTool(direct, call, json, timeLeft(deadline))
    return this.#routed.make(call, deadline, route, (place) =>
      place.allows(call.tool)
        ? this.#sessions.callTool(place.key, call, json, place.timeout)
        : refuseTool(this.#sessions, call, place),
    )
  }

  /**
   * Lists the tools of a server.
   * @param {import('./pending-requests').Call} call
   * @param {number} deadline
   * @param {Route} [route]
   * @returns {Promise<any[]>}
   */
  listPages(call, deadline, route) {
    return this.#routed.make(call, deadline, route, (place) =>
      allowedTools(this.#sessions, call, place),
    )
  }

  /**
   * Makes a checked request of a kind.
   * @param {import('./pending-requests').Call} call
   * @param {import('./request-kinds').Kind} kind
   * @param {Record<string, unknown>} params
   * @param {number} deadline
   * @param {Route} [route]
   * @returns {Promise<any>}
   */
  ask(call, kind, params, deadline, route) {
    return this.#requests.ask(call, kind, params, deadline, route)
  }

  /**
   * Subscribes to a resource with a checked call.
   * @param {import('./pending-requests').Call} call
   * @param {[string, import('./subscriptions').Listener]} subscription
   * @param {number} deadline
   * @param {Route} [route]
   */
  listen(call, [uri, listener], deadline, route) {
    return this.#requests.listen(call, uri, listener, deadline, route)
  }

  getActiveCalls() {
    return this.#sessions.active()
  }

  getWaitingCalls() {
    return this.#sessions.waiting()
  }

  /**
   * Returns the counts of each configured server, and of those that were configured before.
   * @returns {import('../mcp-helper').ServerStats[]}
   */
  getServerStats() {
    const counted = this.#sessions.serverStats()
    const seen = new Set(counted.map(({ server }) => server))
    const others = this.#servers.names().filter((name) => !seen.has(name))
    return [...counted, ...others.map((server) => ({ server, ...UNUSED }))]
  }

  getStatus() {
    const ignored = this.#servers.ignored()
    return {
      maxSessions: this.#maxSessions,
      ...this.#sessions.status(),
      ...(ignored && { ignored }),
    }
  }

  /**
   * Returns where calls to the call's server go.
   * @param {import('./pending-requests').Call} call
   * @param {number} deadline
   * @returns {Promise<Route | undefined>}
   */
  route(call, deadline) {
    return this.#routed.route(call, deadline)
  }

  /**
   * Returns the function that tells whether a call makes a process start; `undefined` for a server
   * that is no process.
   * @param {string} key
   */
  needOf(key) {
    return this.#sessions.needOf(key)
  }

  routes() {
    return this.#servers.routes()
  }

  /**
   * Returns the route of a server as of the latest look at the configuration.
   * @param {string} server
   */
  known(server) {
    return this.#servers.known(server)
  }

  /**
   * Looks at the configuration; returns the names of all servers, and what is wrong with it.
   * @param {import('./pending-requests').Call} call
   * @param {number} deadline
   */
  configuration(call, deadline) {
    return this.#routed.configuration(call, deadline)
  }

  /**
   * Refuses new calls, waits for those in flight, then ends all sessions.
   * @returns {Promise<void>}
   */
  async drain() {
    this.#closed = true
    this.#requests.close()
    this.#waits.close()
    await this.#sessions.drain()
  }

  /** Ends all sessions now; calls in flight reject with `ERR_CLOSED`. @returns {Promise<void>} */
  async close() {
    this.#closed = true
    this.#requests.close()
    this.#waits.close()
    await this.#sessions.close()
  }

  /**
   * Returns the key of a server that no configuration can change, so that its call starts at once.
   * @param {import('./pending-requests').Call} call
   */
  #keyOf({ server, tool }) {
    const route = this.#servers.fixedRoute(server)
    return route?.allows(tool) && !this.#isClosing() ? route.key : undefined
  }

  /** @param {import('./request-kinds').Kind} kind */
  #timeoutOf({ pages }) {
    return pages === undefined ? this.#callTimeout : this.#listTimeout
  }

  #isClosing() {
    return this.#closed || isClosing()
  }
}

for (const [name, kind] of Object.entries(REQUESTS)) {
  Object.defineProperty(SessionPool.prototype, name, {
    /** @this {SessionPool} @param {string} server @param {unknown[]} given */
    value(server, ...given) {
      return this.request(kind, server, given)
    },
    configurable: true,
    writable: true,
  })
}

/** @param {import('./pending-requests').Call} call */
function deadlineOf({ timeout }) {
  return performance.now() + timeout
}

module.exports = { SessionPool }
