'use strict'

// The errors of failed processes: the one place for these messages.

const { abortError, codedError, errnoName } = require('../errors')

/** @typedef {import('../../binding').ProcessOutcome} ProcessOutcome */
/** @typedef {import('../../index').ProcessResult<any>} ProcessResult */

const STDERR_TAIL = 1000
/** Maximum number of pids in a message. */
const MAX_NAMED = 20
/**
 * Windows' numbers of errors at the start of a program.
 * @type {Record<number, string>}
 */
const WINDOWS_ERRORS = {
  2: 'ENOENT',
  3: 'ENOENT',
  5: 'EACCES',
  160: 'EINVAL',
  193: 'ENOEXEC',
  206: 'E2BIG',
  267: 'ENOTDIR',
}

/** Explanations of system errors. @type {Record<string, string>} */
const HINTS = {
  ENOENT: ': no such program, or no such working directory',
  ENOTDIR: ': a part of the path of the program or of the working directory is no directory',
  ENAMETOOLONG: ': the path of the program or of the working directory is too long',
  EACCES: ': no permission to run the program, or to enter the working directory',
  ...(process.platform === 'win32' && {
    EINVAL: ': an argument, such as one with a line break, cannot be given to a batch file safely',
  }),
}

/** Returns the name of a system's error. @param {number} number */
function systemCode(number) {
  return (process.platform === 'win32' ? WINDOWS_ERRORS[number] : errnoName(number)) ?? 'UNKNOWN'
}

/** Returns the error that Node.js would create. @param {string} command @param {number} number */
function systemError(command, number) {
  const code = systemCode(number)
  const syscall = `spawn ${command}`
  return codedError(code, `${syscall} ${code}`, { errno: -number, syscall, path: command })
}

/**
 * @param {string} command
 * @param {number} number the system's number of the error, or 0 if the system gave none
 * @param {string} [problem] the obstacle, if it was not the command itself
 */
function startError(command, number, problem) {
  if (problem !== undefined) {
    const details = { errno: -number, syscall: 'open' }
    const cause = number > 0 ? codedError(systemCode(number), problem, details) : undefined
    return codedError('ERR_SPAWN', `Cannot start ${command}: ${problem}`, { cause })
  }
  const cause = systemError(command, number)
  const { code } = cause
  return codedError('ERR_SPAWN', `Cannot start ${command} (${code})${HINTS[code] ?? ''}`, { cause })
}

/**
 * Returns the error of a failed process, or `undefined`.
 * @param {string} command
 * @param {ProcessOutcome} outcome
 * @param {ProcessResult} result
 * @param {{ timeout?: number, maxBuffer: number, signal?: AbortSignal }} options
 */
function failure(command, outcome, result, { timeout, maxBuffer, signal }) {
  const error = reason()
  return error && Object.assign(error, result)

  function reason() {
    if (outcome.pid === undefined && outcome.ended === 'timeout') {
      const message = `${command} waited for ${timeout} ms and was not started`
      return codedError('ERR_CALL_TIMEOUT', `${message}: it would not have fitted`)
    }
    switch (outcome.ended) {
      case 'timeout':
        return codedError(
          'ERR_CALL_TIMEOUT',
          `${command} timed out after ${timeout} ms and was terminated${tail(result)}`,
        )
      case 'aborted':
        return signal?.aborted
          ? abortError(signal)
          : codedError('ERR_KILLED', `${command} was terminated by kill()${tail(result)}`)
      case 'max_buffer':
        return codedError(
          'ERR_MAX_BUFFER',
          `${command} wrote more than maxBuffer (${maxBuffer} bytes) and was terminated`,
        )
      case 'cleanup':
        return codedError(
          'ERR_CLEANUP',
          `${command} was terminated by the cleanup scanner: older than the maximum age`,
        )
      case 'shutdown':
        return codedError('ERR_CLOSED', `${command} was terminated by the shutdown of its owner`)
    }
    if (result.exitCode === 0) return undefined
    const how = result.signal
      ? `was terminated by ${result.signal}`
      : `exited with code ${result.exitCode}`
    return codedError('ERR_EXIT', `${command} ${how}${tail(result)}`)
  }
}

/**
 * Returns the error of a call that settles before all its processes have exited.
 * @param {string} command
 * @param {number[]} left
 * @param {ProcessResult & { left: number[] }} result
 */
function stuckError(command, left, result) {
  const named =
    left.length > 0
      ? ` (pid ${left.slice(0, MAX_NAMED).join(', ')}${left.length > MAX_NAMED ? ', …' : ''})`
      : ''
  const message = `${command} was killed and has not exited${named}: it is frozen or stuck in the kernel`
  return Object.assign(codedError('ERR_STUCK', message), result)
}

/**
 * Returns the error of a call whose input could not be read to its end.
 * @param {string} command
 * @param {Error} cause
 */
function inputFailure(command, cause) {
  const message = `${command} was terminated, because its input failed: ${cause?.message ?? cause}`
  return codedError('ERR_INPUT_FAILED', message, { cause })
}

/**
 * Returns the tail of stderr for a message, without what would colour a terminal or move its
 * cursor.
 * @param {{ stderr: string | Buffer }} result
 */
function tail({ stderr }) {
  // Loaded on use, because most commands succeed.
  const { readable } = require('../terminal-text')
  const text = readable(stderr.toString()).trim()
  if (text === '') return ''
  return `: ${text.length > STDERR_TAIL ? `…${text.slice(-STDERR_TAIL)}` : text}`
}

module.exports = { failure, inputFailure, startError, stuckError, systemError, tail }
