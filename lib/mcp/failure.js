'use strict'

// Why a call over a session failed, as an error.

const { abortError, codedError } = require('../errors')
const { signalName, systemError } = require('../process/failure')

const MAX_STDERR = 2000

/**
 * What native knows of a failure; see src/bindings/mcp/settle.rs.
 * @typedef {{ code: string, message: string, exitCode?: number, signal?: number, stderr?: string,
 *   rpcCode?: number, rpcMessage?: string, rpcData?: string, errno?: number, retryAfter?: number }}
 *   Failure
 */

/** @param {import('./sessions').Call} call @param {Failure} failure */
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
      return codedError(code, message, answered(failure))
  }
  const cause = errno === undefined ? undefined : systemError('the server', errno)
  const details = { ...ended(failure), ...(retryAfter === undefined ? {} : { retryAfter }) }
  return codedError(code, `${message}${lastWords(failure)}`, { cause, ...details })
}

/** A server's own error answer. @param {Failure} failure */
function answered({ rpcCode, rpcMessage, rpcData }) {
  return { rpcCode, rpcMessage, data: rpcData === undefined ? undefined : jsonIn(rpcData) }
}

/** @param {string} text */
function jsonIn(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** How the server ended. @param {Failure} failure */
function ended({ exitCode, signal, stderr }) {
  if (stderr === undefined) return {}
  return {
    exitCode: exitCode ?? null,
    signal: signalName(signal),
    stderr: stderr.slice(-MAX_STDERR),
  }
}

/** @param {Failure} failure */
function lastWords({ stderr = '' }) {
  const line = stderr.trim().split('\n').at(-1)
  return line ? `; it last wrote: ${line.slice(0, 300)}` : ''
}

module.exports = { callFailure }
