'use strict'

// Calls over sessions that stay.

const { toolError, unknownTool } = require('./failure')
const { listing } = require('./listing')
const { deniesTool } = require('./output')
const { project } = require('./projection')

/**
 * @typedef {import('../mcp/pool').McpPool} McpPool
 * @typedef {import('./failure').Call & { json: string }} Call
 */

class SessionCalls {
  #pool

  /** @param {McpPool} pool */
  constructor(pool) {
    this.#pool = pool
  }

  /** What mcporter would print of the tool's answer. @param {Call} call @param {number} deadline @returns {Promise<any>} */
  async call(call, deadline) {
    return this.#answer(call, deadline, project)
  }

  /** The tool's answer as the server gave it. @param {Call} call @param {number} deadline @returns {Promise<any>} */
  async callRaw(call, deadline) {
    return this.#answer(call, deadline, (raw) => raw)
  }

  /** @param {import('./failure').Call} call */
  async list(call) {
    const began = performance.now()
    const tools = await this.#pool.listPages(call)
    const duration = Math.round(performance.now() - began)
    const server = this.#pool.known(call.server) ?? { name: call.server }
    return {
      tools: tools.map(toTool),
      /** What mcporter prints. */
      get value() {
        return listing(server, tools, duration)
      },
    }
  }

  /** @param {Call} call @param {number} deadline @param {(raw: any) => any} view */
  async #answer(call, deadline, view) {
    const raw = await this.#pool.callEncoded(call, call.json).catch(async (error) => {
      throw error.code === 'ERR_MCP' ? await this.#diagnose(call, deadline, error, error.rpcMessage) : error
    })
    const value = view(raw)
    if (raw?.isError !== true) return value
    throw await this.#diagnose(call, deadline, toolError(call, value), JSON.stringify(raw))
  }

  /** The server's words may mean that there is no such tool; its list of tools tells. @param {Call} call @param {number} deadline @param {Error} error @param {string} text */
  async #diagnose(call, deadline, error, text) {
    if (!deniesTool(text, call.tool)) return error
    const timeout = Math.floor(deadline - performance.now())
    if (timeout < 1) return error
    try {
      const tools = await this.#pool.listPages({ ...call, timeout })
      const available = tools.map(({ name }) => name)
      return available.includes(call.tool) ? error : unknownTool(call, available, { cause: error })
    } catch (failure) {
      const { code } = /** @type {any} */ (failure)
      // A look-up that fails takes nothing from what is known already, unless the caller wants no answer any more.
      return code === 'ABORT_ERR' || code === 'ERR_CLOSED' ? failure : error
    }
  }
}

/** What mcporter shows of a tool. @param {any} tool */
function toTool({ name, description, inputSchema, outputSchema }) {
  return JSON.parse(JSON.stringify({ name, description, inputSchema, outputSchema }))
}

module.exports = { SessionCalls }
