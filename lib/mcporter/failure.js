'use strict'

// The errors of a call. Each names server and tool, and none carries arguments, environment or
// command lines.

const { abortError, codedError } = require('../errors')
const { MAX_TEXT, about, isUnusable, passedOver, short } = require('../mcp/failure')

const MAX_STDERR = 2000

/** @typedef {{ server: string, tool: string, timeout: number, signal?: AbortSignal }} Call */

/** The error of a queue or a process, in this call's name. @param {Call} call @param {any} cause */
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

/** @param {Call} call @param {any} result */
function toolError(call, result) {
  return codedError('ERR_TOOL', about(call, `the tool reported an error${textOf(result)}`), {
    result,
  })
}

/** The failures that the configuration may explain. */
const OF_CONFIGURATION = ['ERR_MCPORTER', 'ERR_MCPORTER_NOT_FOUND', 'ERR_UNKNOWN_SERVER']

/**
 * Adds to a failure of mcporter's what it may come from: mcporter refuses a whole file for one
 * entry, and passes over other files in silence.
 * @param {any} error
 * @param {{ server: string, routes: import('../mcp/servers').Route[] } &
 *   import('../mcp/failure').Problems} configuration
 */
function explained(error, { server, routes, ignored = [] }) {
  if (!OF_CONFIGURATION.includes(error.code)) return error
  // With an issue of the server's own, mcporter has read its files.
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
 * How mcporter's SDK words a server's error answer, and its own complaints about the connection,
 * which are none.
 */
const ANSWERED = /^MCP error (-?\d+): (?!Connection closed$|Request timed out$)(.*)$/s

/**
 * mcporter could not make the call, or the server answered that it could not.
 * @param {Call} call
 *   @param {import('./output').Output} output @param {import('./output').Failed} failed
 */
function mcporterFailed(call, { exitCode }, { message, issue, stderr }) {
  const details = { cause: new Error(message), issue, exitCode, stderr: stderr.slice(-MAX_STDERR) }
  const [, rpcCode, rpcMessage] = ANSWERED.exec(message) ?? []
  if (rpcCode !== undefined) {
    const answer = `the server answered with error ${rpcCode}: ${rpcMessage}`
    return codedError('ERR_MCP', about(call, short(answer, MAX_TEXT)), {
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
