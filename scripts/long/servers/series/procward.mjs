// The calls by procward's helper, over a session.

import { McpPool } from '../../../../index.js'
import { createMcpHelper } from '../../../../lib/mcp-helper.js'

const TIMEOUT = 300_000

/** @typedef {import('../compare.mjs').Outcome} Outcome */

/**
 * What came of each call of `callToolAsync` or `callToolRaw`.
 * @param {'callToolAsync' | 'callToolRaw'} how
 * @param {string} configPath
 * @param {[string, object][]} calls
 */
export async function procward(how, configPath, calls) {
  return withHelper(configPath, async (helper) => {
    /** @type {Outcome[]} */
    const all = []
    for (const [tool, args] of calls)
      all.push(await helper[how]('it', tool, args).then(result, failure))
    return all
  })
}

/** The tools as the helper lists them. @param {string} configPath */
export const procwardTools = (configPath) =>
  withHelper(configPath, (helper) => helper.listToolsAsync('it'))

/** The tools as the server sent them. @param {Record<string, any>} definition */
export async function poolTools(definition) {
  const pool = new McpPool({ servers: { it: definition }, startTimeout: TIMEOUT })
  try {
    return await pool.listTools('it', { timeout: TIMEOUT })
  } finally {
    await pool.close()
  }
}

/**
 * What came of each request besides calls of tools.
 * @param {Record<string, any>} definition
 * @param {[string, unknown[]][]} requests
 */
export async function poolRequests(definition, requests) {
  const timeouts = { callTimeout: TIMEOUT, listTimeout: TIMEOUT, startTimeout: TIMEOUT }
  const pool = /** @type {any} */ (new McpPool({ servers: { it: definition }, ...timeouts }))
  try {
    /** @type {Outcome[]} */
    const all = []
    // The SDK's client has an empty object where there is nothing to say.
    for (const [method, given] of requests)
      all.push(await pool[method]('it', ...given).then((value = {}) => ({ value }), failure))
    return all
  } finally {
    await pool.close()
  }
}

/**
 * @template T
 * @param {string} configPath
 * @param {(helper: import('../../../../lib/mcp-helper').McpHelper) => Promise<T>} work
 */
async function withHelper(configPath, work) {
  const timeouts = { callTimeout: TIMEOUT, listTimeout: TIMEOUT, startTimeout: TIMEOUT }
  const helper = createMcpHelper({ configPath, transport: 'pool', ...timeouts })
  try {
    return await work(helper)
  } finally {
    await helper.shutdown()
  }
}

/** @param {unknown} value @returns {Outcome} */
const result = (value) => ({ value })

/** @param {any} error @returns {Outcome} */
function failure(error) {
  // "There is no such tool" is procward's conclusion from the server's words.
  const { code, message, result, rpcCode, rpcMessage, data } =
    error.code === 'ERR_UNKNOWN_TOOL' ? error.cause : error
  if (code === 'ERR_TOOL') return { value: result, isError: true }
  if (code === 'ERR_MCP') return { rpc: { code: rpcCode, message: rpcMessage, data } }
  return { failed: `${code}: ${message}` }
}
