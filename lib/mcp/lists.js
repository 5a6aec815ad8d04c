'use strict'

// Lists of several pages, each page asked for with the cursor of the one before, within one
// deadline.

const { timeLeft } = require('../deadline-timer')
const { Pages } = require('./pages')

/** @typedef {import('./pending-requests').Call} Call */

/**
 * Asks for all pages of a list.
 * @param {{ method: string, pages: string }} kind
 * @param {{ call: Call, timeout: number, maxBuffer: number }} bounds
 * @param {(call: Call, params: string, timeout: number, pages: Pages) => Promise<any>} send
 * @param {(last: number) => void} end - gives the session of the pages back
 */
async function allPages(kind, { call, timeout, maxBuffer }, send, end) {
  const pages = new Pages(kind, maxBuffer)
  const deadline = performance.now() + timeout
  let page = call
  /** @type {string | undefined} */
  let cursor
  try {
    do {
      const params = cursor === undefined ? '{}' : JSON.stringify({ cursor })
      cursor = pages.add(await send(page, params, timeLeft(deadline), pages))
      page = { ...call, onSent: undefined }
    } while (cursor !== undefined)
  } finally {
    if (pages.last !== undefined) end(pages.last)
  }
  return pages
}

module.exports = { allPages }
