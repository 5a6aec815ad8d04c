'use strict'

// The errors of a call. Each names server and tool, and none carries arguments, environment or
// command lines.

const { abortError, codedError } = require('../errors')

const MAX_NAMES = 20
const MAX_NAME = 100
const MAX_TEXT = 500
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

/**
 * The error of a session, in this call's name.
 * @template {Error} E
 * @param {{ server: string, tool: string }} call
 * @param {E} error
 * @returns {E}
 */
function inName(call, error) {
  const prefix = about(call, '')
  if (!error.message.startsWith(prefix)) error.message = prefix + error.message
  return error
}

/** @param {Call} call @param {any} result */
function toolError(call, result) {
  return codedError('ERR_TOOL', about(call, `the tool reported an error${textOf(result)}`), {
    result,
  })
}

/**
 * @typedef {{ file: string, problem: string }} Ignored
 * @typedef {{ ignored?: Ignored[], refusal?: Error & { code: string, file: string } }} Problems
 *   - of a configuration
 */

/**
 * Returns the error for a server that is in no file; it may be in one that was passed over.
 * @param {{ server: string, tool: string }} call
 * @param {{ names: string[] } & Problems} known
 */
function unknownServer(call, { names, ignored = [], refusal }) {
  const none = `there is no server '${short(call.server)}' in mcporter's configuration`
  const details = {
    available: names,
    ...(ignored.length > 0 && { ignored }),
    ...(refusal && { file: refusal.file }),
  }
  const code = refusal === undefined ? 'ERR_UNKNOWN_SERVER' : 'ERR_INVALID_CONFIG'
  return codedError(code, about(call, `${none}${passedOver(ignored)}${listed(names)}`), details)
}

/** @param {Ignored[]} ignored */
function passedOver(ignored) {
  return ignored
    .slice(0, MAX_NAMES)
    .map(({ file, problem }) => `; ${file} was passed over: ${short(problem, MAX_TEXT)}`)
    .join('')
}

/**
 * Returns the error for a server with which no session can be had.
 * @param {{ needs?: string, reason?: string, file?: string }} route
 */
function unreachable({ needs, reason = needs, file }) {
  const details = { problem: reason, ...(file && { file }) }
  if (!isUnusable(needs)) {
    return codedError(
      'ERR_SERVER_UNAVAILABLE',
      `no session can be had with it (${needs}): ${reason}`,
      details,
    )
  }
  return codedError('ERR_INVALID_CONFIG', `its entry in ${file} can't be used: ${reason}`, details)
}

/** Tells an entry that not even mcporter can use. @param {string} [needs] */
function isUnusable(needs) {
  return needs === 'invalid' || needs === 'variable'
}

/** The failures that the configuration may explain. */
const OF_CONFIGURATION = ['ERR_MCPORTER', 'ERR_MCPORTER_NOT_FOUND', 'ERR_UNKNOWN_SERVER']

/**
 * Adds to a failure of mcporter's what it may come from: mcporter refuses a whole file for one
 * entry, and passes over other files in silence.
 * @param {any} error
 * @param {{ server: string, routes: import('../mcp/servers').Route[] } & Problems} configuration
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
 * @param {Call} call
 * @param {string[]} available
 * @param {{ insteadOf?: string, cause?: unknown }} [details]
 */
function unknownTool(call, available, { insteadOf, cause } = {}) {
  const called = insteadOf === undefined ? '' : `; mcporter called ${insteadOf} in its place`
  const message = `there is no tool '${short(call.tool)}' on server '${short(call.server)}'${listed(available)}${called}`
  return codedError('ERR_UNKNOWN_TOOL', about(call, message), { available, cause })
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

/** @param {{ server: string, tool: string }} call @param {string} message */
function about({ server, tool }, message) {
  return `MCP call ${short(server)}.${short(tool)}: ${message}`
}

/** @param {string[]} names */
function listed(names) {
  if (names.length === 0) return ''
  const shown = names.slice(0, MAX_NAMES).map((name) => short(name))
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : ''
  return `; there are: ${shown.join(', ')}${more}`
}

/**
 * The names of tools or servers, whatever the list has besides.
 * @param {unknown} list
 * @returns {string[]}
 */
function namesOf(list) {
  return Array.isArray(list)
    ? list.map((entry) => entry?.name).filter((name) => typeof name === 'string')
    : []
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

/** @param {string} text */
function short(text, most = MAX_NAME) {
  return text.length > most ? `${text.slice(0, most)}…` : text
}

module.exports = {
  explained,
  inName,
  isUnusable,
  mcporterFailed,
  named,
  namesOf,
  toolError,
  unknownServer,
  unknownTool,
  unreachable,
}
