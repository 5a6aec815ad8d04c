'use strict'

// The latest failed calls of this process, in a list of bounded length and texts of bounded length.

const { plain } = require('../plain-text')

/** @typedef {import('../health').CallFailure} CallFailure */

/** The number of failed calls that are kept. */
const KEPT = 100
/** The most characters of a message, of a server's or tool's name, and of a code. */
const LONGEST_MESSAGE = 500
const LONGEST_NAME = 200
const LONGEST_CODE = 60
/** The characters that are read for each one that is kept, because some are not shown. */
const READ_PER_KEPT = 4

/** Oldest first. @type {(CallFailure & { message: string })[]} */
const latest = []

/**
 * Notes a call that failed.
 * @param {{ server: string, tool: string }} call
 * @param {unknown} error
 * @param {number} duration in ms
 */
function noteFailure({ server, tool }, error, duration) {
  const { code = 'UNKNOWN', message = error } = /** @type {any} */ (error ?? {})
  latest.push({
    time: Date.now(),
    server: short(server, LONGEST_NAME),
    tool: short(tool, LONGEST_NAME),
    code: short(code, LONGEST_CODE),
    duration: Math.round(duration),
    message: short(withoutName(message, server, tool), LONGEST_MESSAGE),
  })
  if (latest.length > KEPT) latest.shift()
}

/**
 * Notes a call by its result, which says `isError`.
 * @param {{ server: string, tool: string }} call
 * @param {any} result
 * @param {number} duration in ms
 */
function noteToolError(call, { content }, duration) {
  const blocks = Array.isArray(content) ? content : []
  const text = blocks.find((block) => typeof block?.text === 'string')?.text ?? ''
  const said = text === '' ? '' : `: ${text.slice(0, READ_PER_KEPT * LONGEST_MESSAGE)}`
  const message = `the tool reported an error${said}`
  noteFailure(call, { code: 'ERR_TOOL', message }, duration)
}

/**
 * Returns the latest failed calls, newest first.
 * @param {{ since?: number, withMessages: boolean }} options - `since` in ms since the epoch
 * @returns {CallFailure[]}
 */
function recentFailures({ since = -Infinity, withMessages }) {
  const found = latest.filter(({ time }) => time > since).reverse()
  return withMessages ? found : found.map((failure) => ({ ...failure, message: null }))
}

/**
 * Removes the name of the call from a message, because the name has fields of its own.
 * @param {unknown} message
 * @param {string} server
 * @param {string} tool
 */
function withoutName(message, server, tool) {
  const name = `MCP call ${server}.${tool}: `
  return typeof message === 'string' && message.startsWith(name)
    ? message.slice(name.length)
    : message
}

/** @param {unknown} text @param {number} longest */
function short(text, longest) {
  const known = typeof text === 'string' ? text.slice(0, READ_PER_KEPT * longest) : kindOf(text)
  return plain(known, longest)
}

/**
 * Returns a word for a value that is no text, without calling any code of the value.
 * @param {unknown} value
 */
function kindOf(value) {
  return typeof value === 'number' ? String(value) : typeof value
}

module.exports = { noteFailure, noteToolError, recentFailures }
