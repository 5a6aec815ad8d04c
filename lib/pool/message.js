'use strict'

// Encodes values as lines, and decodes lines.

const { codedError } = require('../errors')
const validate = require('../validate')

const SHOWN = 200
/** Line separators of Unicode, at which `readline` of Node.js 24 and newer ends a line too. */
const SEPARATORS = /[\u2028\u2029]/g

/**
 * @typedef {{ value: unknown, error?: undefined } | { error: Error }} Received
 *   A decoded line.
 */

/** Encodes a message as one line. @param {unknown} message @param {boolean} json */
function toLine(message, json) {
  if (typeof message !== 'string' || json) return `${toJson(message)}\n`
  if (!message.includes('\n')) return `${message}\n`
  throw codedError(
    'ERR_INVALID_ARG_VALUE',
    'message must be one line: a string without "\\n", or a value sent as JSON',
  )
}

/** @param {unknown} message */
function toJson(message) {
  const expected = 'a string or a value that JSON can express'
  if (message instanceof Uint8Array) throw validate.invalidArgument('message', expected, message)
  let text
  try {
    text = JSON.stringify(message)
  } catch (cause) {
    throw codedError(
      'ERR_INVALID_ARG_VALUE',
      `message must be ${expected}: ${/** @type {Error} */ (cause).message}`,
      {
        cause,
      },
    )
  }
  if (text === undefined) throw validate.invalidArgument('message', expected, message)
  return text.replace(SEPARATORS, (one) => (one === '\u2028' ? '\\u2028' : '\\u2029'))
}

/** @param {string} line @param {boolean} json @returns {Received} */
function fromLine(line, json) {
  if (!json) return { value: line }
  try {
    return { value: JSON.parse(line) }
  } catch (cause) {
    const shown = line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line
    return {
      error: codedError('ERR_INVALID_LINE', `The worker wrote a line that is no JSON: ${shown}`, {
        cause,
        line,
      }),
    }
  }
}

module.exports = { fromLine, toLine }
