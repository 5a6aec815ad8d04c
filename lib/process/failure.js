'use strict'

// Why a process failed, as an error: the one place for these messages.

const { abortError, codedError } = require('../errors')

/** @typedef {import('../../binding').ProcessOutcome} ProcessOutcome */
/** @typedef {import('../../index').ProcessResult<any>} ProcessResult */

const STDERR_TAIL = 1000
/** How many pids a message names. */
const MAX_NAMED = 20
/**
 * Windows' own numbers for what can keep a program from starting.
 * @type {Record<number, string>}
 */
const WINDOWS_ERRORS = {
  2: 'ENOENT',
  3: 'ENOENT',
  5: 'EACCES',
  160: 'EINVAL',
  193: 'ENOEXEC',
  206: 'E2BIG',
}

/** What such an error means here. @type {Record<string, string>} */
const HINTS = {
  ENOENT: ': no such program, or no such working directory',
  ...(process.platform === 'win32' && {
    EINVAL: ': an argument, such as one with a line break, cannot be given to a batch file safely',
  }),
}

/** @param {number | undefined} number @returns {NodeJS.Signals | null} */
function signalName(number) {
  if (number === undefined) return null
  return /** @type {NodeJS.Signals} */ (nameOf(constants().signals, number) ?? `SIG${number}`)
}

/** Loaded when it is needed: most processes end without. */
function constants() {
  return require('node:os').constants
}

/** @param {object} names @param {number} number @returns {string | undefined} */
function nameOf(names, number) {
  return Object.entries(names).find(([, value]) => value === number)?.[0]
}

/** The error that Node.js would make of it. @param {string} command @param {number} number */
function systemError(command, number) {
  const code =
    (process.platform === 'win32' ? WINDOWS_ERRORS[number] : nameOf(constants().errno, number)) ??
    'UNKNOWN'
  const syscall = `spawn ${command}`
  return codedError(code, `${syscall} ${code}`, { errno: -number, syscall, path: command })
}

/**
 * @param {string} command @param {number} number the system's; 0 where there is none
 * @param {string} [problem]
 *   what kept the command from starting, where that was not the command itself
 */
function startError(command, number, problem) {
  if (problem !== undefined) return codedError('ERR_SPAWN', `Cannot start ${command}: ${problem}`)
  const cause = systemError(command, number)
  const { code } = cause
  return codedError('ERR_SPAWN', `Cannot start ${command} (${code})${HINTS[code] ?? ''}`, { cause })
}

/**
 * The error of a process that did not succeed; `undefined` for one that did.
 * @param {string} command @param {ProcessOutcome} outcome @param {ProcessResult} result
 * @param {{ timeout?: number, maxBuffer: number, signal?: AbortSignal }} options
 */
function failure(command, outcome, result, { timeout, maxBuffer, signal }) {
  const error = reason()
  return error && Object.assign(error, result)

  function reason() {
    switch (outcome.ended) {
      case 'timeout':
        return codedError(
          'ERR_CALL_TIMEOUT',
          `${command} timed out after ${timeout} ms and was ended${tail(result)}`,
        )
      case 'aborted':
        return signal?.aborted
          ? abortError(signal)
          : codedError('ERR_KILLED', `${command} was ended by kill()${tail(result)}`)
      case 'max_buffer':
        return codedError(
          'ERR_MAX_BUFFER',
          `${command} wrote more than maxBuffer (${maxBuffer} bytes) and was ended`,
        )
      case 'cleanup':
        return codedError(
          'ERR_CLEANUP',
          `${command} was ended by the cleanup scanner: older than the maximum age`,
        )
      case 'shutdown':
        return codedError('ERR_CLOSED', `${command} was ended by the shutdown of what started it`)
    }
    if (result.exitCode === 0) return undefined
    const how = result.signal
      ? `was ended by ${result.signal}`
      : `exited with code ${result.exitCode}`
    return codedError('ERR_EXIT', `${command} ${how}${tail(result)}`)
  }
}

/**
 * The error of a call that is over though processes of it are left, which cannot be ended.
 * @param {string} command @param {number[]} left @param {ProcessResult & { left: number[] }} result
 */
function stuckError(command, left, result) {
  const named =
    left.length > 0
      ? ` (pid ${left.slice(0, MAX_NAMED).join(', ')}${left.length > MAX_NAMED ? ', …' : ''})`
      : ''
  const message = `${command} was killed and is still there${named}: it is frozen, or stuck in the kernel`
  return Object.assign(codedError('ERR_STUCK', message), result)
}

/** What it last said about itself. @param {{ stderr: string | Buffer }} result */
function tail({ stderr }) {
  const text = stderr.toString().trim()
  if (text === '') return ''
  return `: ${text.length > STDERR_TAIL ? `…${text.slice(-STDERR_TAIL)}` : text}`
}

module.exports = { failure, signalName, startError, stuckError, systemError, tail }
