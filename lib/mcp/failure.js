'use strict'

// The errors of calls over sessions. Each names server and tool, and none carries arguments,
// environment or command lines.

const { abortError, codedError } = require('../errors')
const { systemError } = require('../process/failure')
const { signalName } = require('../signals')
const { tellingLine } = require('./last-words')
const { retryAfterInRefusal } = require('./retry-after')

const MAX_STDERR = 2000
const MAX_NAMES = 20
const MAX_NAME = 100
const MAX_TEXT = 500
/** The code for headers that differ from the request. The server has not done the call. */
const HEADER_MISMATCH = -32020

/**
 * The addon's description of a failure; see src/bindings/mcp/settle.rs.
 * @typedef {{ code: string, message: string, exitCode?: number, signal?: number, stderr?: string,
 *   rpcCode?: number, rpcMessage?: string, rpcData?: string, errno?: number, retryAfter?: number,
 *   retry?: import('./retry-after').RetryHeaders }} Failure
 *   - `retryAfter`: of a start that was not tried
 */

/** @param {import('./pending-requests').Call} call @param {Failure} failure */
function callFailure({ timeout, signal }, failure) {
  const { code, message, errno, retryAfter } = failure
  switch (code) {
    case 'ABORT_ERR':
      if (signal) return abortError(signal)
      break
    case 'ERR_CALL_TIMEOUT':
      return codedError(code, `no answer within ${timeout} ms`)
    case 'ERR_CLOSED':
      return codedError(code, 'its pool was shut down')
    case 'ERR_MCP':
      return codedError(code, message + taskHint(failure.rpcMessage), answered(failure))
  }
  const cause = errno === undefined ? undefined : systemError('the server', errno)
  const details = { ...exitStatus(failure), ...pause(retryAfter ?? asked(failure)) }
  return codedError(code, `${message}${lastWords(failure)}`, { cause, ...details })
}

/**
 * Returns whether a call failed, unseen by the tool, for headers that a list of the tools would
 * tell. The code of a mismatch means that only where headers were sent.
 * @param {import('./pending-requests').Pending} pending
 * @param {Failure} failure
 * @param {boolean} hadHeaders
 */
function wantsHeaders({ method, attempt }, { code, rpcCode }, hadHeaders) {
  if (method !== 'tools/call' || attempt.hasHeaders) return false
  return code === 'ERR_HEADERS_UNKNOWN' || (hadHeaders && rpcCode === HEADER_MISMATCH)
}

/**
 * Returns what a tool needs that refuses a plain call, because the tool only runs as a task. The
 * words are those of the SDKs.
 * @param {string} [words]
 */
function taskHint(words = '') {
  if (!/task[- ]augment|taskSupport/i.test(words)) return ''
  return '; the tool only runs as a task of the protocol, and procward starts no tasks'
}

/** Returns the details of a server's own error answer. @param {Failure} failure */
function answered({ rpcCode, rpcMessage, rpcData, retry }) {
  const data = rpcData === undefined ? undefined : jsonIn(rpcData)
  return { rpcCode, rpcMessage, data, ...pause(retryAfterInRefusal(retry, data)) }
}

/** Returns how long the server asked to be left alone. @param {Failure} failure */
function asked({ rpcData, retry }) {
  return retryAfterInRefusal(retry, rpcData === undefined ? undefined : jsonIn(rpcData))
}

/** @param {number | undefined} retryAfter */
function pause(retryAfter) {
  return retryAfter === undefined ? {} : { retryAfter }
}

/** @param {string} text */
function jsonIn(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns the exit status of the server and its stderr tail. @param {Failure} failure */
function exitStatus({ exitCode, signal, stderr }) {
  if (stderr === undefined) return {}
  return {
    exitCode: exitCode ?? null,
    signal: signalName(signal),
    stderr: stderr.slice(-MAX_STDERR),
  }
}

/** @param {Failure} failure */
function lastWords({ stderr = '' }) {
  const line = tellingLine(stderr)
  return line === '' ? '' : `; it last wrote: ${line}`
}

/**
 * Puts the call's name before the error's message.
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

/**
 * @typedef {{ file: string, problem: string }} Ignored
 * @typedef {{ ignored?: Ignored[], missing?: string,
 *   refusal?: Error & { code: string, file: string } }} Problems
 *   - of a configuration
 */

/**
 * Returns the error for a server that is in no file; it may be in one that was passed over.
 * @param {{ server: string, tool: string }} call
 * @param {{ names: string[] } & Problems} known
 */
function unknownServer(call, { names, ignored = [], missing, refusal }) {
  const none = `there is no server '${short(call.server)}' in mcporter's configuration`
  const details = {
    available: names,
    ...(ignored.length > 0 && { ignored }),
    ...(refusal && { file: refusal.file }),
  }
  const code = refusal === undefined ? 'ERR_UNKNOWN_SERVER' : 'ERR_INVALID_CONFIG'
  const absent = missing === undefined ? '' : `; there is no file ${missing}`
  const message = `${none}${absent}${passedOver(ignored)}${listed(names)}`
  return codedError(code, about(call, message), details)
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
 * @param {{ needs?: string, reason?: string, command?: string, file?: string }} route
 */
function unreachable({ needs, reason = needs, command, file }) {
  const details = { problem: reason, ...(file && { file }) }
  if (needs === 'sign-in') {
    const message = `a person has to sign in to it: ${reason}`
    return codedError('ERR_UNAUTHORIZED', message, { ...details, command })
  }
  if (needs === 'token')
    return codedError('ERR_UNAUTHORIZED', `no token for it can be had: ${reason}`, details)
  if (!isUnusable(needs)) {
    return codedError(
      'ERR_SERVER_UNAVAILABLE',
      `no session with it is possible (${needs}): ${reason}`,
      details,
    )
  }
  return codedError('ERR_INVALID_CONFIG', `its entry in ${file} can't be used: ${reason}`, details)
}

/**
 * Returns the command with which a person signs in to a server, or stores a bearer token for it.
 * @param {string} server
 * @param {string} [auth] - of its entry
 */
function signInCommand(server, auth) {
  const name = /^[\w.@/-]+$/.test(server) ? server : JSON.stringify(short(server))
  return `mcporter ${auth === 'refreshable_bearer' ? 'vault set' : 'auth'} ${name}`
}

/**
 * Returns whether another token may help: the server answered 401, and not 403.
 * @param {any} error
 */
function isTokenRefused({ code, message }) {
  return code === 'ERR_UNAUTHORIZED' && /\(HTTP 401\b/.test(message)
}

/** Returns whether a process of mcporter can do what a session cannot. @param {string} [needs] */
function isMcporters(needs) {
  return needs !== undefined && !isUnusable(needs) && needs !== 'sign-in' && needs !== 'token'
}

/** Returns whether not even mcporter can use an entry. @param {string} [needs] */
function isUnusable(needs) {
  return needs === 'invalid' || needs === 'variable'
}

/**
 * @param {{ server: string, tool: string }} call
 * @param {string[]} available
 * @param {{ insteadOf?: string, cause?: unknown }} [details]
 */
function unknownTool(call, available, { insteadOf, cause } = {}) {
  const called = insteadOf === undefined ? '' : `; mcporter called ${insteadOf} in its place`
  const none = `there is no tool '${short(call.tool)}' on server '${short(call.server)}'`
  const message = about(call, `${none}${listed(available)}${called}`)
  return codedError('ERR_UNKNOWN_TOOL', message, { available, cause })
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
 * Returns the names in a list of tools or servers.
 * @param {unknown} list
 * @returns {string[]}
 */
function namesOf(list) {
  return Array.isArray(list)
    ? list.map((entry) => entry?.name).filter((name) => typeof name === 'string')
    : []
}

/** @param {string} text */
function short(text, most = MAX_NAME) {
  return text.length > most ? `${text.slice(0, most)}…` : text
}

module.exports = {
  MAX_TEXT,
  about,
  callFailure,
  inName,
  isMcporters,
  isTokenRefused,
  isUnusable,
  namesOf,
  passedOver,
  pause,
  short,
  signInCommand,
  taskHint,
  unknownServer,
  unknownTool,
  unreachable,
  wantsHeaders,
}
