'use strict'

// The pages of a list, put together: pure, and bounded whatever the server answers.

const { codedError } = require('../errors')
const { kindOf, objectAnswer, objectsIn, wrongAnswer } = require('./answers')

class Pages {
  /** @type {any[]} */
  entries = []
  /** True once a page has come from a server that works without a handshake. */
  isStateless = false
  /** The number of the request for the last page that has come. @type {number | undefined} */
  last
  /** The members of the first page. @type {Record<string, unknown> | undefined} */
  #first
  #bytes = 0
  #kind
  #maxBuffer
  /** @type {Set<string>} */
  #cursors = new Set()

  /**
   * @param {{ method: string, pages: string }} kind
   * @param {number} maxBuffer - bytes that all pages may have together
   */
  constructor(kind, maxBuffer) {
    this.#kind = kind
    this.#maxBuffer = maxBuffer
  }

  /**
   * Counts a page that has come, before it is parsed.
   * @param {number} request
   * @param {string} text
   * @throws `ERR_MAX_BUFFER`
   */
  count(request, text) {
    this.last = request
    this.#bytes += Buffer.byteLength(text)
    if (this.#bytes <= this.#maxBuffer) return
    throw codedError(
      'ERR_MAX_BUFFER',
      `the pages of ${this.#kind.method} have more than ${this.#maxBuffer} bytes in all`,
    )
  }

  /**
   * Adds the entries of a page.
   * @param {any} page
   * @returns {string | undefined} the cursor of the next page
   * @throws `ERR_MCP`
   */
  add(page) {
    const { method, pages } = this.#kind
    const answer = objectAnswer(method, page)
    this.#first ??= answer
    // Some servers write an empty list as null, or leave it out.
    for (const entry of objectsIn(method, pages, answer[pages] ?? [])) this.entries.push(entry)
    return this.#next(answer.nextCursor)
  }

  /** Returns the first page with the entries of all pages, and without a cursor. */
  joined() {
    const { nextCursor, ...first } = this.#first ?? {}
    return { ...first, [this.#kind.pages]: this.entries }
  }

  /** @param {unknown} cursor */
  #next(cursor) {
    // Some servers write null or an empty text with the last page.
    if (cursor === undefined || cursor === null || cursor === '') return undefined
    const { method } = this.#kind
    if (typeof cursor !== 'string')
      throw wrongAnswer(method, `has ${kindOf(cursor)} as nextCursor, not a string`)
    if (this.#cursors.has(cursor))
      throw wrongAnswer(method, 'repeats a nextCursor, so that the list would not end')
    this.#cursors.add(cursor)
    return cursor
  }
}

module.exports = { Pages }
