'use strict'

// The latest failed calls of this process. Calls that fail alike by the hundred, such as queue
// timeouts, do not push out the others. Messages are made safe to show: they are short, and have no
// control characters, no paths of this machine and nothing of a URL but its origin.

const { withoutSequences } = require('../terminal-text')

/** The number of kept calls. */
const KEPT = 50
const MAX_NAME = 100
const MAX_MESSAGE = 300
/** The part of a message that is looked at, because a server may send any length. */
const MAX_READ = 2000

const CONTROL = /[\p{C}\p{Zl}\p{Zp}\s]+/gu
const URL_REST = /\b([a-z][a-z\d+.-]*:\/\/)(?:[^\s/?#'"@]*@)?([^\s/?#'"]*)[^\s'"]*/gi
const PATH = /(?<![\w:/\\.])(?:[a-z]:|~)?(?:[\\/][^\s\\/'":;,()]+){2,}/gi

/**
 * @typedef {import('../health').FailedCall} FailedCall
 * @typedef {{ server: string, tool: string }} Call
 */

/** Oldest first. @type {Required<FailedCall>[]} */
const latest = []

/**
 * Notes a call that failed.
 * @param {Call} call
 * @param {any} error
 * @param {number} duration - ms since the call had its slot, or since it began to wait for one
 */
function noteFailedCall({ server, tool }, error, duration) {
  latest.push({
    time: Date.now(),
    server: copied(server, MAX_NAME),
    tool: copied(tool, MAX_NAME),
    code: copied(String(error?.code ?? 'UNKNOWN'), MAX_NAME),
    duration: Math.round(duration),
    message: plain(withoutName(String(error?.message ?? ''), server, tool)),
  })
  if (latest.length > KEPT) latest.splice(expendable(latest), 1)
}

/**
 * Returns the place of the call that gives way: the oldest of the most frequent code, and of the
 * most frequent tool with this code.
 * @param {readonly Pick<FailedCall, 'server' | 'tool' | 'code'>[]} calls oldest first
 */
function expendable(calls) {
  const code = mostFrequent(calls.map(({ code }) => code))
  const alike = calls.filter((call) => call.code === code)
  const tool = mostFrequent(alike.map(toolOf))
  return calls.findIndex((call) => call.code === code && toolOf(call) === tool)
}

/** @param {Call} call */
function toolOf({ server, tool }) {
  return `${server}\n${tool}`
}

/** Returns the most frequent text, the first one of several. @param {string[]} texts */
function mostFrequent(texts) {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  const most = Math.max(...counts.values())
  return texts.find((text) => counts.get(text) === most)
}

/**
 * Notes a call that a tool answered with an error.
 * @param {Call} call
 * @param {any} result
 * @param {number} duration
 */
function noteToolError(call, result, duration) {
  const content = Array.isArray(result?.content) ? result.content : []
  const text = content.find((/** @type {any} */ part) => typeof part?.text === 'string')?.text
  const message = `the tool reported an error${text === undefined ? '' : `: ${text}`}`
  noteFailedCall(call, { code: 'ERR_TOOL', message }, duration)
}

/** Returns the failed calls, newest first. @returns {Required<FailedCall>[]} */
function failedCalls() {
  return [...latest].reverse()
}

/**
 * Leaves out the name of the call, which stands beside the message.
 * @param {string} message
 * @param {string} server
 * @param {string} tool
 */
function withoutName(message, server, tool) {
  const name = `MCP call ${server}.${tool}: `
  return message.startsWith(name) ? message.slice(name.length) : message
}

/** @param {string} message */
function plain(message) {
  const text = withoutSequences(message.slice(0, MAX_READ))
    .replace(CONTROL, ' ')
    .replace(URL_REST, '$1$2')
    .replace(PATH, lastName)
  return copied(text.trim(), MAX_MESSAGE)
}

/** @param {string} path */
function lastName(path) {
  return `…/${path.slice(path.search(/[^\\/]+$/))}`
}

/**
 * Copies the beginning of a text, because a slice would keep the whole text in memory.
 * @param {string} text
 * @param {number} most
 */
function copied(text, most) {
  const shown = text.length > most ? `${text.slice(0, most - 1)}…` : text
  return Buffer.from(shown).toString()
}

module.exports = { KEPT, failedCalls, noteFailedCall, noteToolError }
