'use strict'

// Requests over native sessions: the promise, abort signal and progress of each request. The native
// pool knows a request as a method and the JSON text of its params.

const { publishProcesses } = require('../diagnostics/processes')
const { abortError, codedError } = require('../errors')
const { recordFailure, recordResult } = require('../metrics/record')
const native = require('../native')
const { parsed } = require('./answers')
const { DefinedServers, NO_SERVER } = require('./defined-servers')
const { callFailure, inName, wantsHeaders } = require('./failure')
const { allPages } = require('./lists')
const { FIRST, PendingRequests } = require('./pending-requests')
const { notifyProgress } = require('./progress')
const { LIST_TOOLS } = require('./request-kinds')
const { send } = require('./send')
const { ServerMessages } = require('./server-messages')
const { activeCalls, sessionStatus, waitingCalls } = require('./session-status')
const { Stays } = require('./stays')

const {
  StatelessResult: STATELESS_RESULT,
  Failure: FAILURE,
  Progress: PROGRESS,
  Sent: SENT,
  Begun: BEGUN,
} = native.McpMessageKind

/** Bun exports the functions of libuv, but they do not work. */
const LENDS_LOOP = !('bun' in process.versions)

/**
 * @typedef {import('./pending-requests').Call} Call
 * @typedef {import('./pending-requests').Pending} Pending
 */

class Sessions {
  #native
  #handle
  /**
   * A reference for the addon's callback: to `this` while a request waits, else to nothing.
   * @type {{ sessions?: Sessions }}
   */
  #held = {}
  #servers
  #pending
  #stays
  #messages
  #options
  /** The calls that are made again. @type {import('./repeats').Repeats | undefined} */
  #repeats

  /**
   * @param {{ maxSessions: number, maxStarting: number, handlers?: import('./handlers').Handlers,
   *   callTimeout: number, listTimeout: number }} options
   * @param {{ wanted: string[], notify: (server: string, taken: import('./notifications').Taken) =>
   *   void }} events - the methods of notifications, and their listener
   */
  constructor(options, events) {
    this.#options = options
    // The addon keeps this callback alive, so the callback references `this` weakly.
    const self = new WeakRef(this)
    const held = this.#held
    this.#native = new native.McpSessions(
      options.maxSessions,
      options.maxStarting,
      LENDS_LOOP,
      (number, kind, text) => {
        const sessions = held.sessions ?? self.deref()
        if (sessions) sessions.#settle(number, kind, text)
      },
    )
    this.#handle = this.#native.handle
    this.#servers = new DefinedServers(this.#native, events.wanted)
    this.#pending = new PendingRequests(
      (number) => this.#native.abort(number),
      (isHeld) => {
        held.sessions = isHeld ? this : undefined
      },
    )
    this.#stays = new Stays(this.#native, this.#servers, this.#pending)
    this.#messages = new ServerMessages(this.#native, this.#servers, events.notify, options)
  }

  /** @param {string} key @param {import('./server-options').NativeServer} server */
  define(key, server) {
    this.#servers.define(key, server)
  }

  /** @param {string} server @param {string} level */
  setLogLevel(server, level) {
    this.#servers.setLogLevel(server, level)
  }

  /** @param {string} key */
  retire(key) {
    this.#servers.retire(key)
  }

  /**
   * Sends a request, and resolves with its raw result. With `began`, the call is counted when it
   * settles; counting it here takes no further promise.
   * @param {string} key
   * @param {Call} call
   * @param {string} method
   * @param {object | string} params - an object, or its JSON text
   * @param {number} timeout - what is left of it
   * @param {number} [began]
   * @returns {Promise<any>}
   */
  request(key, call, method, params, timeout, began) {
    const text = typeof params === 'string' ? params : JSON.stringify(params)
    return this.#request(key, call, method, text, timeout, began)
  }

  /**
   * Calls a tool with arguments that are JSON text.
   * @param {string} key
   * @param {Call} call
   * @param {string} json
   * @param {number} timeout
   * @param {number} [began]
   * @returns {Promise<any>}
   */
  callTool(key, call, json, timeout, began) {
    const params = `{"name":${JSON.stringify(call.tool)},"arguments":${json}}`
    return this.#request(key, call, 'tools/call', params, timeout, began)
  }

  /**
   * Makes a request of a kind, page after page within one deadline where the kind has pages.
   * @param {string} key
   * @param {Call} call
   * @param {import('./request-kinds').Kind} kind
   * @param {Record<string, unknown>} params
   * @param {number} timeout
   * @returns {Promise<any>}
   */
  async ask(key, call, kind, params, timeout) {
    const { method, pages, check, view } = kind
    if (pages !== undefined) return this.#joined(key, call, { method, pages }, timeout)
    const result = await this.request(key, call, method, params, timeout)
    check?.(method, result)
    return view === undefined ? result : view(result)
  }

  /**
   * Makes a request that stays; see `Stays.make()`.
   * @param {Parameters<Stays['make']>} given
   */
  stay(...given) {
    return this.#stays.make(...given)
  }

  /**
   * @param {string} key
   * @param {Call} call
   * @param {{ method: string, pages: string }} kind
   * @param {number} timeout
   */
  async #joined(key, call, kind, timeout) {
    const { method } = kind
    const maxBuffer = this.#servers.get(key)?.maxBuffer ?? Infinity
    const pages = await allPages(
      kind,
      { call, timeout, maxBuffer },
      (page, params, left, pages) =>
        this.#request(key, page, method, params, left, undefined, pages),
      (last) => native.mcpEndPages(this.#handle, last),
    )
    const answer = pages.joined()
    if (pages.isStateless && method === 'tools/list')
      answer.tools = this.#again().usable(key, call, pages.entries)
    return answer
  }

  /** @param {string} key @returns {import('../mcporter/starts').Need | undefined} */
  needOf(key) {
    const server = this.#servers.get(key)
    if (server === undefined || server.isHttp) return undefined
    return (ahead, uncounted) => this.#native.needsProcess(server.number, ahead, uncounted)
  }

  active() {
    return activeCalls(this.#native, this.#pending, this.#repeats?.between() ?? [])
  }

  waiting() {
    return waitingCalls(this.#native, this.#pending)
  }

  status() {
    return sessionStatus(this.#native)
  }

  /** @returns {import('../mcp-helper').ServerStats[]} */
  serverStats() {
    return JSON.parse(this.#native.serverStats())
  }

  /** @returns {Promise<void>} */
  async drain() {
    // A call in flight may have to be made again, which a drained session would refuse.
    while (this.#pending.areAny || this.#repeats?.between().length) {
      await this.#repeats?.idle()
      if (this.#pending.areAny) await this.#pending.none()
    }
    await this.#native.drain()
  }

  /** @returns {Promise<void>} */
  close() {
    this.#repeats?.close()
    return this.#native.close()
  }

  /**
   * @param {string} key
   * @param {Call} call
   * @param {string} method
   * @param {string} params
   * @param {number} timeout
   * @param {number} [began]
   * @param {import('./pages').Pages} [pages]
   * @param {import('./pending-requests').Attempt} [attempt]
   * @returns {Promise<any>}
   */
  #request(key, call, method, params, timeout, began, pages, attempt = FIRST) {
    const { signal } = call
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(failed(call, abortError(signal), began))
      const server = this.#servers.ready(key)
      const startTime = Date.now()
      const started = performance.now()
      /** @type {string[] | undefined} */
      let headers = attempt.hasHeaders ? [] : undefined
      if (server?.headers !== undefined && method === 'tools/call')
        try {
          headers = this.#again().headersFor(server.headers, call, params)
        } catch (error) {
          return reject(failed(call, /** @type {Error} */ (error), began))
        }
      const own = { call, startTime, started, resolve, reject, began, pages }
      const pending = { number: 0, ...own, key, method, params, timeout, attempt }
      this.#pending.add(pending)
      const text = attempt === FIRST ? params : this.#again().withMembers(params, attempt.members)
      if (send(this.#handle, server?.number ?? NO_SERVER, pending, text, headers)) call.onSent?.()
      publishProcesses()
    })
  }

  /**
   * @param {number} number
   * @param {import('../../binding').McpMessageKind} kind
   * @param {string} text
   */
  #settle(number, kind, text) {
    if (this.#messages.take(number, kind, text)) return
    const pending = this.#pending.get(number)
    if (pending === undefined) return
    const { call, began, pages } = pending
    if (kind === PROGRESS) return notifyProgress(call.onProgress, text)
    if (kind === SENT) return call.onSent?.()
    if (kind === BEGUN) return this.#stays.begin(pending, text)
    this.#pending.remove(pending)
    if (pending.staying?.hasBegun) return pending.staying.onEnd()
    publishProcesses()
    try {
      if (kind === FAILURE) {
        const failure = parsed(text)
        const hadHeaders = this.#servers.get(pending.key)?.headers !== undefined
        if (wantsHeaders(pending, failure, hadHeaders)) return this.#again().withHeaders(pending)
        throw callFailure(call, failure)
      }
      if (pending.staying) throw codedError('ERR_MCP', 'the server ended it before it had begun')
      pages?.count(number, text)
      const result = parsed(text)
      if (kind === STATELESS_RESULT) {
        if (pages !== undefined) pages.isStateless = true
        const type = result?.resultType
        if (type !== undefined && type !== 'complete')
          return this.#again().withInput(pending, result)
      }
      if (began !== undefined) recordResult(call, result, began)
      pending.resolve(result)
    } catch (error) {
      pending.reject(failed(call, /** @type {Error} */ (error), began))
    }
  }

  /** Returns the maker of second attempts, loaded on use because few requests need one. */
  #again() {
    if (this.#repeats === undefined) {
      const { Repeats } = require('./repeats')
      this.#repeats = new Repeats(this.#servers, this.#options, {
        list: (key, call, timeout) => this.ask(key, call, LIST_TOOLS, {}, timeout),
        send: (pending, timeout, attempt) => {
          const { key, call, method, params, began, pages } = pending
          return this.#request(key, call, method, params, timeout, began, pages, attempt)
        },
        failed: ({ call, began }, error) => failed(call, error, began),
      })
    }
    return this.#repeats
  }
}

/** @param {Call} call @param {Error} error @param {number} [began] */
function failed(call, error, began) {
  if (began !== undefined) recordFailure(call, error, began)
  return inName(call, error)
}

module.exports = { Sessions }
