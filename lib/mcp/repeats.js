'use strict'

// Requests that are sent again to servers of 2026-07-28: with answers to the server's questions, or
// with the HTTP headers that a tool wants.

const { timeLeft } = require('../deadline-timer')
const { codedError } = require('../errors')
const keepAlive = require('../keep-alive')
const { BoundedWaits } = require('./bounded-waits')
const { about, short } = require('./failure')
const { answersTo, withMembers } = require('./input-rounds')
const { headersOf, toolHeaders } = require('./tool-headers')
const { warnOnce } = require('./warnings')

/**
 * @typedef {import('./pending-requests').Attempt} Attempt
 * @typedef {import('./pending-requests').Call} Call
 * @typedef {import('./pending-requests').Pending} Pending
 * @typedef {import('./defined-servers').Server} Server
 * @typedef {{ list: (key: string, call: Call, timeout: number) => Promise<any>, send: (pending:
 *   Pending, timeout: number, attempt: Attempt) => Promise<any>, failed: (pending: Pending, error:
 *   Error) => Error }} Requests
 */

class Repeats {
  #servers
  #handlers
  #listTimeout
  #requests
  /** The calls between two attempts, and their work. @type {Map<Pending, Promise<void>>} */
  #between = new Map()
  /** The same calls, with their deadlines. */
  #waits = new BoundedWaits()

  /**
   * @param {import('./defined-servers').DefinedServers} servers
   * @param {{ handlers?: import('./handlers').Handlers, listTimeout: number }} options
   * @param {Requests} requests
   */
  constructor(servers, { handlers, listTimeout }, requests) {
    this.#servers = servers
    this.#handlers = handlers
    this.#listTimeout = listTimeout
    this.#requests = requests
  }

  withMembers = withMembers

  /**
   * Answers a server's questions, and sends the request again with the answers.
   * @param {Pending} pending
   * @param {any} result
   */
  withInput(pending, result) {
    const { call, method, attempt } = pending
    const { round } = attempt
    const reason = "the server's questions were not answered yet"
    return this.#repeat(pending, reason, async (signal) => {
      const context = { server: call.server, signal }
      const members = await answersTo(method, result, round, this.#handlers, context)
      return { ...attempt, round: round + 1, members }
    })
  }

  /** Lists the tools, and calls the tool with its headers. @param {Pending} pending */
  withHeaders(pending) {
    const { key, call, attempt } = pending
    return this.#repeat(pending, 'the list of its tools had not come', async () => {
      const server = this.#servers.get(key)
      if (server !== undefined) await this.#learn(key, call.server, server)
      return { ...attempt, hasHeaders: true }
    })
  }

  /**
   * Remembers the headers that a server's tools want; returns the tools that can be called.
   * @param {string} key
   * @param {Call} call
   * @param {any[]} tools
   */
  usable(key, call, tools) {
    const server = this.#servers.get(key)
    if (!server?.isHttp) return tools
    const headers = toolHeaders(tools)
    server.headers = headers
    const wrong = tools.filter(({ name }) => typeof headers.get(name) === 'string')
    if (wrong.length === 0) return tools
    const { name } = wrong[0]
    const others = wrong.length === 1 ? '' : `, and ${wrong.length - 1} more`
    const message = `its tool '${short(String(name))}' is left out (${headers.get(name)})${others}`
    warnOnce(server, 'headers', 'PROCWARD_TOOL_HEADERS', about(call, message))
    return tools.filter((tool) => !wrong.includes(tool))
  }

  /**
   * Returns the headers of a call: names and values, one after the other.
   * @param {import('./tool-headers').ToolHeaders} known
   * @param {Call} call
   * @param {string} params
   * @returns {string[]}
   * @throws `ERR_UNKNOWN_TOOL`
   */
  headersFor(known, call, params) {
    const marks = known.get(call.tool) ?? []
    if (typeof marks === 'string')
      throw codedError(
        'ERR_UNKNOWN_TOOL',
        `its definition cannot be used, so it is left out of the list: ${marks}`,
        { available: [...known].filter(([, each]) => Array.isArray(each)).map(([name]) => name) },
      )
    return marks.length === 0 ? [] : headersOf(marks, JSON.parse(params).arguments)
  }

  /** Returns the calls between two attempts. */
  between() {
    return [...this.#between.keys()]
  }

  /** Waits until the same calls are sent or settled. */
  async idle() {
    await Promise.all(this.#between.values())
  }

  /** Rejects the same calls with `ERR_CLOSED`. */
  close() {
    this.#waits.close()
  }

  /**
   * Lists the tools of a server for their headers, once for all calls that wait for the list.
   * @param {string} key
   * @param {string} name
   * @param {Server} server
   */
  #learn(key, name, server) {
    const call = { server: name, tool: 'list_tools', timeout: this.#listTimeout }
    server.listing ??= this.#requests
      .list(key, call, this.#listTimeout)
      .catch((error) => {
        // A server that lists no tools wants no headers.
        if (error.code !== 'ERR_MCP') throw error
      })
      .then(() => {
        server.headers ??= new Map()
      })
      .finally(() => {
        server.listing = undefined
      })
    return server.listing
  }

  /**
   * Sends a request again after some work, within the deadline of the call.
   * @param {Pending} pending
   * @param {string} reason - why there is no answer, if the deadline passes during the work
   * @param {(signal: AbortSignal) => Promise<Attempt>} work
   */
  #repeat(pending, reason, work) {
    keepAlive.hold()
    const done = this.#sendAfter(pending, reason, work).finally(() => {
      this.#between.delete(pending)
      keepAlive.letGo()
    })
    this.#between.set(pending, done)
  }

  /**
   * @param {Pending} pending
   * @param {string} reason
   * @param {(signal: AbortSignal) => Promise<Attempt>} work
   */
  async #sendAfter(pending, reason, work) {
    const { call, timeout, started, resolve, reject } = pending
    const deadline = started + timeout
    const stop = new AbortController()
    try {
      const settled = work(stop.signal).then(
        (attempt) => ({ attempt, error: undefined }),
        (error) => ({ attempt: undefined, error }),
      )
      const { attempt, error } = await this.#waits.bound(settled, call, deadline, reason)
      if (attempt === undefined) throw error
      resolve(this.#requests.send(pending, timeLeft(deadline), attempt))
    } catch (error) {
      reject(this.#requests.failed(pending, /** @type {Error} */ (error)))
    } finally {
      stop.abort()
    }
  }
}

module.exports = { Repeats }
