'use strict'

// The errors of calls through mcporter. Each names server and tool, and none carries arguments,
// environment or command lines.

const { abortError, codedError } = require('../errors')
const {
  MAX_TEXT,
  about,
  isUnusable,
  passedOver,
  pause,
  short,
  signInCommand,
  taskHint,
} = require('../mcp/failure')
const { retryAfterInResult } = require('../mcp/retry-after')

const MAX_STDERR = 2000

/**
 * @typedef {{ server: string, tool: string, timeout: number, signal?: AbortSignal, onSent?: () =>
 *   void, fence?: number }} Call
 */

/**
 * Creates a call's error from that of a queue or a process.
 * @param {Call} call
 * @param {any} cause
 */
function named(call, cause) {
  const { code, message } = cause
  if (code === 'ABORT_ERR' && call.signal?.aborted) {
    const error = abortError(call.signal)
    error.message = about(call, error.message)
    return error
  }
  if (code === 'ERR_CALL_TIMEOUT') {
    const late = `no answer within ${call.timeout} ms; mcporter and its servers were ended`
    return codedError(code, about(call, late), { cause })
  }
  return codedError(code, about(call, message), { cause })
}

/**
 * @param {Call} call
 * @param {any} result - as the caller gets it
 * @param {any} [raw] - as the server sent it
 */
function toolError(call, result, raw = result) {
  const text = textOf(result)
  const words = about(call, `the tool reported an error${text}${taskHint(text)}`)
  return codedError('ERR_TOOL', words, { result, ...pause(retryAfterInResult(raw)) })
}

/** The failures that the configuration may explain. */
const OF_CONFIGURATION = ['ERR_MCPORTER', 'ERR_MCPORTER_NOT_FOUND', 'ERR_UNKNOWN_SERVER']

/**
 * Adds the configuration's problems to a failure of mcporter, which refuses a whole file for one
 * entry and ignores other files silently.
 * @param {any} error
 * @param {{ server: string, routes: import('../mcp/servers').Route[] } &
 *   import('../mcp/failure').Problems} configuration
 */
function explained(error, { server, routes, ignored = [] }) {
  if (!OF_CONFIGURATION.includes(error.code)) return error
  const route = routes.find(({ name }) => name === server)
  if (error.issue?.kind === 'auth' && route?.description?.transport.kind === 'http')
    return unauthorized(error, server)
  // An issue of one server shows that mcporter has read its files.
  const isAboutAll = error.code === 'ERR_MCPORTER' && error.issue === undefined
  const entries = routes.filter(
    ({ name, needs }) =>
      isUnusable(needs) && (name === server || (isAboutAll && needs === 'invalid')),
  )
  const shown = entries
    .sort((one, other) => Number(other.name === server) - Number(one.name === server))
    .slice(0, 3)
  const told = shown.map(
    ({ name, file, reason }) => `; the entry '${short(name)}' in ${file} can't be used: ${reason}`,
  )
  error.message += told.join('') + passedOver(ignored)
  const own = entries.find(({ name }) => name === server)
  return Object.assign(
    error,
    own && { file: own.file, problem: own.reason },
    ignored.length > 0 && { ignored },
  )
}

/**
 * Makes mcporter's failure the error of a server that wants a sign-in.
 * @param {any} error
 * @param {string} server
 */
function unauthorized(error, server) {
  const command = signInCommand(server)
  error.message += `; sign in with: ${command}`
  return Object.assign(error, { code: 'ERR_UNAUTHORIZED', command })
}

/**
 * The words of mcporter's SDK for a server's error answer. The SDK's own errors about the
 * connection are no answer.
 */
const ANSWERED = /^MCP error (-?\d+): (?!Connection closed$|Request timed out$)(.*)$/s

/**
 * Creates the error of a call that mcporter could not make or the server refused.
 * @param {Call} call
 * @param {import('./output').Output} output
 * @param {import('./output').Failed} failed
 */
function mcporterFailed(call, { exitCode }, { message, issue, stderr }) {
  const details = { cause: new Error(message), issue, exitCode, stderr: stderr.slice(-MAX_STDERR) }
  const [, rpcCode, rpcMessage] = ANSWERED.exec(message) ?? []
  if (rpcCode !== undefined) {
    const answer = `the server answered with error ${rpcCode}: ${rpcMessage}`
    const hint = taskHint(rpcMessage)
    return codedError('ERR_MCP', about(call, short(answer, MAX_TEXT) + hint), {
      ...details,
      rpcCode: Number(rpcCode),
      rpcMessage,
    })
  }
  return codedError('ERR_MCPORTER', about(call, short(message, MAX_TEXT)), details)
}

/** @param {any} result */
function textOf(result) {
  const content = Array.isArray(result?.content) ? result.content : []
  const parts = content.map((/** @type {any} */ part) => part?.text)
  const texts = parts.filter(
    (/** @type {unknown} */ text) => typeof text === 'string' && text !== '',
  )
  return texts.length === 0 ? '' : `: ${short(texts.join(' '), MAX_TEXT)}`
}

module.exports = { explained, mcporterFailed, named, toolError }
