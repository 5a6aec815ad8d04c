'use strict'

// Decodes what the addon gives as bytes. It decodes UTF-8 itself, if the host can take a long text.

const { constants } = require('node:buffer')
const { StringDecoder } = require('node:string_decoder')
const { realTimers } = require('../deadline-timer')

/** @typedef {BufferEncoding | 'buffer'} Encoding */

/** Bytes that are decoded at once. */
const PIECE = 1024 * 1024

/**
 * Decodes the outputs of a command.
 * @param {import('../../binding').ProcessOutcome} outcome
 * @param {BufferEncoding} encoding
 */
async function decodeOutputs({ stdout, stderr, all, ...outcome }, encoding) {
  return {
    ...outcome,
    stdout: await decode(stdout, encoding),
    stderr: await decode(stderr, encoding),
    ...(all !== undefined && { all: await decode(all, encoding) }),
  }
}

/**
 * Decodes an output. A long one is decoded in pieces, with turns of the event loop between.
 * @param {string | Buffer} output
 * @param {BufferEncoding} encoding
 * @returns {Promise<string>}
 * @throws `ERR_STRING_TOO_LONG`
 */
async function decode(output, encoding) {
  if (typeof output === 'string') return output
  // A text that may be too long for a string is decoded at once, which refuses it.
  if (output.length <= PIECE || output.length * 2 > constants.MAX_STRING_LENGTH)
    return output.toString(encoding)
  const decoder = new StringDecoder(encoding)
  let text = ''
  for (let at = 0; at < output.length; at += PIECE) {
    text += decoder.write(output.subarray(at, at + PIECE))
    await new Promise((next) => realTimers.setImmediate(next))
  }
  return text + decoder.end()
}

/**
 * Decodes lines.
 * @param {(string | Buffer)[]} lines
 * @param {Encoding} encoding
 */
function decodeLines(lines, encoding) {
  if (encoding === 'utf8' || encoding === 'buffer') return lines
  return lines.map((line) => line.toString(encoding))
}

module.exports = { decodeLines, decodeOutputs }
