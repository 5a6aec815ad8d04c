'use strict'

// Calls over sessions that stay.

const { namesOf, unknownTool } = require('../mcp/failure')
const { REQUESTS } = require('../mcp/request-kinds')
const { toolError } = require('./failure')
const { listing } = require('./listing')
const { deniesTool, jsonOf } = require('./output')
const { project, projectResource } = require('./projection')

/**
 * @typedef {import('../mcp/pool').SessionPool} SessionPool
 * @typedef {import('../mcp/servers').Route} Route
 * @typedef {import('./failure').Call & { json: string }} Call
 */

class SessionCalls {
  #pool

  /** @param {SessionPool} pool */
  constructor(pool) {
    this.#pool = pool
  }

  /**
   * Calls a tool; returns what mcporter would print of its answer.
   * @param {Call} call
   * @param {number} deadline
   * @param {Route} [route]
   * @returns {Promise<any>}
   */
  async call(call, deadline, route) {
    return this.#answer(call, deadline, route, project)
  }

  /**
   * Calls a tool; returns its answer as the server gave it.
   * @param {Call} call
   * @param {number} deadline
   * @param {Route} [route]
   * @returns {Promise<any>}
   */
  async callRaw(call, deadline, route) {
    return this.#answer(call, deadline, route, (raw) => raw)
  }

  /**
   * Lists a server's tools.
   * @param {import('./failure').Call} call
   * @param {number} deadline
   * @param {Route} [route]
   */
  async list(call, deadline, route) {
    const began = performance.now()
    const tools = await this.#pool.listPages(call, deadline, route)
    const duration = Math.round(performance.now() - began)
    const server = this.#pool.known(call.server) ?? { name: call.server }
    return {
      tools: tools.map(toTool),
      /** The listing that mcporter prints. */
      get value() {
        return listing(server, tools, duration)
      },
    }
  }

  /**
   * Makes a request besides calls of tools. Returns a resource as `mcporter resource` prints it.
   * @param {import('./failure').Call} call
   * @param {{ kind: import('../mcp/request-kinds').Kind, params: Record<string, unknown> }} request
   * @param {number} deadline
   * @param {Route} [route]
   * @returns {Promise<any>}
   */
  async ask(call, { kind, params }, deadline, route) {
    const result = await this.#pool.ask(call, kind, params, deadline, route)
    return kind === REQUESTS.readResource ? projectResource(result) : result
  }

  /**
   * Subscribes to a resource.
   * @param {import('./failure').Call} call
   * @param {[string, import('../mcp/subscriptions').Listener]} subscription
   * @param {number} deadline
   * @param {Route} [route]
   * @returns {Promise<() => void>}
   */
  async subscribe(call, subscription, deadline, route) {
    return this.#pool.listen(call, subscription, deadline, route)
  }

  /**
   * @param {Call} call
   * @param {number} deadline
   * @param {Route | undefined} route
   * @param {(raw: any) => any} view
   */
  async #answer(call, deadline, route, view) {
    const raw = await this.#pool
      .callEncoded(call, call.json, deadline, route)
      .catch(async (error) => {
        throw error.code === 'ERR_MCP'
          ? await this.#diagnose(call, deadline, error, error.rpcMessage)
          : error
      })
    const value = view(raw)
    if (raw?.isError !== true) return value
    throw await this.#diagnose(call, deadline, toolError(call, value, raw), jsonOf(raw))
  }

  /**
   * Looks the tool up where the server's words may mean that there is none.
   * @param {Call} call
   * @param {number} deadline
   * @param {Error} error
   * @param {string | undefined} text
   */
  async #diagnose(call, deadline, error, text) {
    if (text === undefined || !deniesTool(text, call.tool) || deadline - performance.now() < 1)
      return error
    try {
      // The call's own request has been sent already.
      const lookUp = { ...call, onSent: undefined }
      const available = namesOf(await this.#pool.listPages(lookUp, deadline))
      return available.includes(call.tool) ? error : unknownTool(call, available, { cause: error })
    } catch (failure) {
      const { code } = /** @type {any} */ (failure)
      // A look-up that fails takes nothing from what is known already, unless the caller wants no
      // answer any more.
      return code === 'ABORT_ERR' || code === 'ERR_CLOSED' ? failure : error
    }
  }
}

const SHOWN = /** @type {const} */ (['name', 'description', 'inputSchema', 'outputSchema'])

/** Picks what mcporter shows of a tool. @param {any} tool @returns {any} */
function toTool(tool) {
  return Object.fromEntries(
    SHOWN.filter((key) => tool[key] !== undefined).map((key) => [key, tool[key]]),
  )
}

module.exports = { SessionCalls }
