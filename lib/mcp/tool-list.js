'use strict'

// The pages of `tools/list`, put together: pure, and bounded whatever the server answers.

const { codedError } = require('../errors')

class ToolList {
  /** @type {any[]} */
  tools = []
  /** True once a page has come from a server that works without a handshake. */
  isStateless = false
  #bytes = 0
  #maxBuffer
  /** @type {Set<string>} */
  #cursors = new Set()

  /** @param {number} maxBuffer - bytes that all pages may have together */
  constructor(maxBuffer) {
    this.#maxBuffer = maxBuffer
  }

  /** Counts a page before it is parsed. @param {string} text @throws `ERR_MAX_BUFFER` */
  count(text) {
    this.#bytes += Buffer.byteLength(text)
    if (this.#bytes <= this.#maxBuffer) return
    throw codedError(
      'ERR_MAX_BUFFER',
      `the pages of its list of tools have more than ${this.#maxBuffer} bytes in all`,
    )
  }

  /**
   * Adds the tools of a page.
   * @param {any} page
   * @returns {string | undefined} the cursor of the next page; `undefined` where there is none that
   *   is new
   * @throws `ERR_MCP`
   */
  add(page) {
    if (!isObject(page)) throw malformed(`is ${kindOf(page)}, not an object`)
    const { tools, nextCursor } = page
    // Some servers write an empty list as null, or leave it out.
    for (const tool of listOf(tools)) this.tools.push(tool)
    if (typeof nextCursor !== 'string' || nextCursor === '' || this.#cursors.has(nextCursor))
      return undefined
    this.#cursors.add(nextCursor)
    return nextCursor
  }
}

/** @param {unknown} tools @returns {any[]} */
function listOf(tools) {
  if (tools === undefined || tools === null) return []
  if (!Array.isArray(tools)) throw malformed(`has ${kindOf(tools)} as tools, not an array`)
  const wrong = tools.findIndex((tool) => !isObject(tool))
  if (wrong !== -1) throw malformed(`has ${kindOf(tools[wrong])} as tools[${wrong}], not an object`)
  return tools
}

/** @param {unknown} value */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @param {unknown} value */
function kindOf(value) {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
}

/** @param {string} problem */
function malformed(problem) {
  return codedError('ERR_MCP', `the server's answer to tools/list ${problem}`)
}

module.exports = { ToolList }
