'use strict'

// Requests over native sessions: the promise, abort signal and progress of each request. The native
// pool knows a request as a method and the JSON text of its params.

const { timeLeft } = require('../deadline-timer')
const { publishProcesses } = require('../diagnostics/processes')
const { abortError, codedError } = require('../errors')
const keepAlive = require('../keep-alive')
const { recordFailure, recordResult } = require('../metrics/record')
const native = require('../native')
const { SignalWaiters } = require('../signal-waiters')
const { callFailure, inName } = require('./failure')
const { Pages } = require('./pages')
const { notifyProgress } = require('./progress')
const { LIST_TOOLS } = require('./request-kinds')
const { prepareFor } = require('./trust')
const { Waiting } = require('./waiting')

const {
  StatelessResult: STATELESS_RESULT,
  Failure: FAILURE,
  Progress: PROGRESS,
  StopReading: STOP_READING,
  Sent: SENT,
  ServerRequest: SERVER_REQUEST,
  RequestWithdrawn: REQUEST_WITHDRAWN,
  Begun: BEGUN,
  Events: EVENTS,
} = native.McpMessageKind

/** The number that stands for no server. */
const NO_SERVER = 0

/** The code for headers that differ from the request. The server has not done the call. */
const HEADER_MISMATCH = -32020
/** The first attempt of a request. @type {Attempt} */
const FIRST = { round: 0, members: '' }

/** Bun exports the functions of libuv, but they do not work. */
const LENDS_LOOP = !('bun' in process.versions)

/**
 * @typedef {{ server: string, tool: string, timeout: number, signal?: AbortSignal, onProgress?:
 *   (progress: any) => void, onSent?: () => void }} Call
 *   - `onSent`: called each time that the call's request is handed to a session, with a listing's
 *   first page only; must not throw
 * @typedef {{ number: number, call: Call, startTime: number, started: number, resolve: (result:
 *   any) => void, reject: (error: Error) => void, began?: number, pages?: Pages, staying?:
 *   Staying, key: string, method: string, params: string, timeout: number, attempt: Attempt }}
 *   Pending
 * A request that stays after it has begun, such as a subscription.
 * @typedef {{ hasBegun: boolean, onEnd: () => void }} Staying
 * @typedef {{ number: number, maxBuffer: number, isHttp: boolean, address?: string, headers?:
 *   import('./tool-headers').ToolHeaders, listing?: Promise<void> }} Server
 *   - `address`: of a server over HTTP that was not called yet
 *   - `headers`: which its tools want, once that is known
 * @typedef {{ round: number, members: string, hasHeaders?: boolean }} Attempt
 *   - `round`: the count of earlier attempts that ended with the server's wish for input
 *   - `members`: added to the params, as JSON text
 *   - `hasHeaders`: true if the tools were listed for this very call
 */

class Sessions {
  #native
  #handle
  /** @type {Waiting<Pending>} */
  #waiting = new Waiting()
  /**
   * A reference for the addon's callback: to `this` while a request waits, else to nothing.
   * @type {{ sessions?: Sessions }}
   */
  #held = {}
  /** The number of waiting requests that stay. */
  #standing = 0
  #keepsAlive = false
  /**
   * Servers by key. The addon knows servers by number, which is cheaper to pass.
   * @type {Map<string, Server>}
   */
  #servers = new Map()
  /** The names of servers by number. @type {Map<number, string>} */
  #names = new Map()
  #lastServer = NO_SERVER
  /** The levels of log messages, by name of the server. @type {Map<string, string>} */
  #levels = new Map()
  #events
  /** @type {SignalWaiters<number>} */
  #signals = new SignalWaiters((number) => this.#native.abort(number))

  #options
  /** The calls that are made again. @type {import('./repeats').Repeats | undefined} */
  #repeats
  #noneWaits = () => {}
  /** The requests of servers. @type {import('./server-requests').ServerRequests | undefined} */
  #requests

  /**
   * @param {{ maxSessions: number, maxStarting: number, handlers?: import('./handlers').Handlers,
   *   callTimeout: number, listTimeout: number }} options
   * @param {{ wanted: string[], notify: (server: string, taken: import('./notifications').Taken) =>
   *   void }} events - the methods of notifications, and their listener
   */
  constructor(options, events) {
    this.#events = events
    const { maxSessions, maxStarting, handlers, callTimeout } = options
    this.#options = options
    if (handlers !== undefined) {
      const { ServerRequests } = require('./server-requests')
      this.#requests = new ServerRequests(handlers, callTimeout, (number, answer) =>
        native.mcpAnswer(this.#handle, number, answer),
      )
    }
    // The addon keeps this callback alive, so the callback references `this` weakly.
    const self = new WeakRef(this)
    const held = this.#held
    this.#native = new native.McpSessions(
      maxSessions,
      maxStarting,
      LENDS_LOOP,
      (number, kind, text) => {
        const sessions = held.sessions ?? self.deref()
        if (sessions) sessions.#settle(number, kind, text)
      },
    )
    this.#handle = this.#native.handle
  }

  /** @param {string} key @param {import('./server-options').NativeServer} server */
  define(key, server) {
    const number = this.#servers.get(key)?.number ?? ++this.#lastServer
    const { maxBuffer, url: address } = server
    const known = { number, maxBuffer, isHttp: address !== undefined, address }
    this.#servers.set(key, known)
    // A warm server starts at once.
    if (server.minWarm > 0) this.#prepare(known)
    this.#names.set(number, server.name)
    const logLevel = this.#levels.get(server.name)
    this.#native.define(number, { ...server, events: this.#events.wanted, logLevel })
  }

  /**
   * Asks a server for log messages from this level on, in each session when it is used next.
   * @param {string} server
   * @param {string} level
   */
  setLogLevel(server, level) {
    this.#levels.set(server, level)
    for (const [number, name] of this.#names)
      if (name === server) this.#native.setLogLevel(number, level)
  }

  /** @param {string} key */
  retire(key) {
    const server = this.#servers.get(key)
    if (server === undefined) return
    this.#servers.delete(key)
    this.#names.delete(server.number)
    this.#native.retire(server.number)
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
    return this.#request(
      key,
      call,
      method,
      typeof params === 'string' ? params : JSON.stringify(params),
      timeout,
      began,
    )
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
   * Makes a request that stays. Resolves once it has begun, with the words of the server and the
   * function that ends it; `onEnd` is called when it ends otherwise. It keeps its session, and not
   * the event loop.
   * @param {string} key
   * @param {Call} call
   * @param {{ method: string, params: object, leave?: string }} request
   * @param {number} timeout
   * @param {() => void} onEnd
   * @returns {Promise<{ words: any, leave: () => void, hasEnded: boolean }>}
   */
  stay(key, call, { method, params, leave }, timeout, onEnd) {
    const { signal } = call
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(inName(call, abortError(signal)))
      const server = this.#prepared(key)
      const staying = { hasBegun: false, onEnd: () => {} }
      const begun = (/** @type {any} */ words) => {
        const handle = {
          words,
          hasEnded: false,
          leave: () => {
            staying.onEnd = () => {}
            if (!handle.hasEnded) this.#native.abort(number)
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
      const number = this.#add(pending)
      native.mcpStay(
        this.#handle,
        number,
        server?.number ?? NO_SERVER,
        method,
        text,
        timeout,
        leave,
      )
      publishProcesses()
    })
  }

  /**
   * @param {string} key
   * @param {Call} call
   * @param {{ method: string, pages: string }} kind
   * @param {number} timeout
   */
  async #joined(key, call, kind, timeout) {
    const pages = new Pages(kind, this.#servers.get(key)?.maxBuffer ?? Infinity)
    const deadline = performance.now() + timeout
    let page = call
    /** @type {string | undefined} */
    let cursor
    do {
      const left = timeLeft(deadline)
      const params = cursor === undefined ? '{}' : JSON.stringify({ cursor })
      const answer = await this.#request(key, page, kind.method, params, left, undefined, pages)
      cursor = pages.add(answer)
      page = { ...call, onSent: undefined }
    } while (cursor !== undefined)
    const answer = pages.joined()
    if (pages.isStateless && kind.method === 'tools/list')
      answer.tools = this.#again().usable(key, call, pages.entries)
    return answer
  }

  /**
   * Returns the calls in flight. A call over HTTP has no pid.
   * @returns {import('../../index').ActiveProcess[]}
   */
  active() {
    const now = performance.now()
    const described = (/** @type {number | null} */ pid, /** @type {Pending} */ pending) => {
      const { call, startTime, started } = pending
      const { server, tool } = call
      return { pid, server, tool, startTime, duration: Math.floor(now - started) }
    }
    const sent = this.#native.active().flatMap(({ number, pid = null }) => {
      const pending = this.#waiting.get(number)
      return pending === undefined || pending.staying?.hasBegun ? [] : [described(pid, pending)]
    })
    const between = this.#repeats?.between() ?? []
    return [...sent, ...between.map((pending) => described(null, pending))]
  }

  status() {
    const sessions = this.#native
      .sessions()
      .map(({ pid = null, idle = null, memory = null, ...session }) => {
        const { server, state, age, uses, inFlight, garbage } = session
        return { server, pid, state, age, idle, uses, inFlight, memory, garbage }
      })
    return { sessions, queued: this.#native.queued(), stats: JSON.parse(this.#native.stats()) }
  }

  /** @returns {Promise<void>} */
  async drain() {
    // A call in flight may have to be made again, which a drained session would refuse.
    while (this.#keepsAlive || this.#repeats?.between().length) {
      await this.#repeats?.idle()
      if (this.#keepsAlive)
        await new Promise((resolve) => {
          this.#noneWaits = () => resolve(undefined)
        })
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
   * @param {Pages} [pages]
   * @param {Attempt} [attempt]
   * @returns {Promise<any>}
   */
  #request(key, call, method, params, timeout, began, pages, attempt = FIRST) {
    const { signal } = call
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(failed(call, abortError(signal), began))
      const server = this.#prepared(key)
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
      const number = this.#add(pending)
      const progress = call.onProgress !== undefined && pages === undefined
      const { onSent } = call
      const isSent = native.mcpRequest(
        this.#handle,
        number,
        server?.number ?? NO_SERVER,
        method,
        attempt === FIRST ? params : this.#again().withMembers(params, attempt.members),
        timeout,
        progress,
        onSent !== undefined,
        headers,
      )
      if (isSent) onSent?.()
      publishProcesses()
    })
  }

  /** Returns the server, ready for a request. @param {string} key */
  #prepared(key) {
    const server = this.#servers.get(key)
    if (server !== undefined) this.#prepare(server)
    return server
  }

  /** Adds a request that waits; returns its number. @param {Pending} pending */
  #add(pending) {
    const number = this.#waiting.add(pending)
    const { signal } = pending.call
    if (signal) this.#signals.add(signal, number)
    this.#keepWhileNeeded()
    return number
  }

  /**
   * Passes proxies and certificates to the addon before the first request over HTTP. Later requests
   * skip this slow step.
   * @param {Server} server
   */
  #prepare(server) {
    if (server.address === undefined) return
    prepareFor(server.address)
    server.address = undefined
  }

  /**
   * @param {number} number
   * @param {import('../../binding').McpMessageKind} kind
   * @param {string} text
   */
  #settle(number, kind, text) {
    if (kind === STOP_READING) return this.#native.stopReading(number)
    if (kind === SERVER_REQUEST) return this.#requests?.take(number, text)
    if (kind === REQUEST_WITHDRAWN) return this.#requests?.withdraw(number)
    if (kind === EVENTS) return this.#passEvents(number)
    const pending = this.#waiting.get(number)
    if (pending === undefined) return
    const { call, began, pages } = pending
    if (kind === PROGRESS) return notifyProgress(call.onProgress, text)
    if (kind === SENT) return call.onSent?.()
    if (kind === BEGUN) return this.#begin(pending, text)
    this.#waiting.delete(number)
    if (pending.staying?.hasBegun) return this.#end(pending.staying)
    this.#keepWhileNeeded()
    if (call.signal) this.#signals.delete(call.signal, number)
    publishProcesses()
    try {
      if (kind === FAILURE) {
        const failure = parsed(text)
        if (this.#wantsHeaders(pending, failure)) return this.#again().withHeaders(pending)
        throw callFailure(call, failure)
      }
      if (pending.staying) throw codedError('ERR_MCP', 'the server ended it before it had begun')
      pages?.count(text)
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

  /**
   * Returns whether a call failed, unseen by the tool, for headers that a list of the tools would
   * tell. The code of a mismatch means that only where headers were sent.
   * @param {Pending} pending
   * @param {import('./failure').Failure} failure
   */
  #wantsHeaders({ key, method, attempt }, { code, rpcCode }) {
    if (method !== 'tools/call' || attempt.hasHeaders) return false
    const hadHeaders = this.#servers.get(key)?.headers !== undefined
    return code === 'ERR_HEADERS_UNKNOWN' || (hadHeaders && rpcCode === HEADER_MISMATCH)
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

  /** @param {Pending} pending @param {string} text */
  #begin(pending, text) {
    const { number, call, staying, resolve } = pending
    if (staying === undefined || staying.hasBegun) return
    staying.hasBegun = true
    this.#standing++
    if (call.signal) this.#signals.delete(call.signal, number)
    this.#keepWhileNeeded()
    publishProcesses()
    try {
      resolve(parsed(text))
    } catch (error) {
      this.#native.abort(number)
      pending.reject(inName(call, /** @type {Error} */ (error)))
    }
  }

  /** @param {Staying} staying */
  #end(staying) {
    this.#standing--
    this.#keepWhileNeeded()
    staying.onEnd()
  }

  /** @param {number} server */
  #passEvents(server) {
    const text = this.#native.takeEvents(server)
    const name = this.#names.get(server)
    if (text !== null && text !== undefined && name !== undefined)
      this.#events.notify(name, parsed(text))
  }

  /** Keeps these sessions while a request waits or stays, and the event loop while one waits. */
  #keepWhileNeeded() {
    const { size } = this.#waiting
    this.#held.sessions = size === 0 ? undefined : this
    const keepsAlive = size > this.#standing
    if (keepsAlive === this.#keepsAlive) return
    this.#keepsAlive = keepsAlive
    if (keepsAlive) keepAlive.hold()
    else {
      keepAlive.letGo()
      this.#noneWaits()
    }
  }
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw codedError('ERR_MCP', "the server's answer cannot be read as JSON", { cause })
  }
}

/** @param {Call} call @param {Error} error @param {number} [began] */
function failed(call, error, began) {
  if (began !== undefined) recordFailure(call, error, began)
  return inName(call, error)
}

module.exports = { Sessions }
