'use strict'

// An output of a process as a stream.

const { Socket } = require('node:net')
const { PassThrough, Readable, finished } = require('node:stream')
const { codedError, errnoName } = require('../errors')

/** @typedef {import('../../binding').ProcessCall} ProcessCall */

/** A descriptor of a pipe means nothing to Windows, and nothing reliable to Bun. */
const READS_DESCRIPTORS = process.platform !== 'win32' && !('bun' in process.versions)

/**
 * Takes an output as a stream. If nothing was read yet, the stream owns the pipe, and no byte
 * passes through the addon.
 * @param {ProcessCall} call
 * @param {'stdout' | 'stderr'} output
 * @returns {Readable}
 */
function outputStream(call, output) {
  /** @type {Socket | undefined} */
  let socket
  const open = (/** @type {number} */ fd) => {
    socket = new Socket({ fd, readable: true, writable: false })
    return 0
  }
  const { refusal, errno } = call.take(output, READS_DESCRIPTORS ? open : undefined)
  if (refusal === 'lines') throw usedAsLines(output)
  if (refusal === 'cut')
    throw codedError(
      'ERR_OUTPUT_CUT',
      `${output} was asked for too late: more than 64 KiB of it were read, and not kept`,
    )
  if (refusal === 'pipe') {
    const code = (errno !== undefined && errnoName(errno)) || 'UNKNOWN'
    throw codedError(code, `pipe ${code}`, { errno: -(errno ?? 0), syscall: 'pipe' })
  }
  return socket ?? inChunks(call, output)
}

/** @param {ProcessCall} call @param {'stdout' | 'stderr'} output */
function inChunks(call, output) {
  return new Readable({
    read() {
      call.nextChunk(output).then(
        (chunk) => this.push(chunk.length > 0 ? chunk : null),
        (error) => this.destroy(error),
      )
    },
    destroy(error, done) {
      call.close(output)
      done(error)
    },
  })
}

/**
 * Merges streams: the bytes come as they are read. Ends after both. Destroying the merged stream
 * destroys both.
 * @param {Readable[]} streams
 * @returns {Readable}
 */
function merged(streams) {
  const all = new PassThrough()
  let open = streams.length
  for (const stream of streams) {
    stream.pipe(all, { end: false })
    finished(stream, { writable: false }, (error) => {
      if (error) all.destroy(error)
      else if (--open === 0) all.end()
    })
  }
  all.once('close', () => {
    for (const stream of streams) stream.destroy()
  })
  return all
}

/** @param {string} output */
function usedAsLines(output) {
  return codedError('ERR_OUTPUT_IN_USE', `${output} is read as lines, and cannot be a stream too`)
}

/** @param {string} output */
function usedAsStream(output) {
  return codedError('ERR_OUTPUT_IN_USE', `${output} is read as a stream, and has no lines`)
}

module.exports = { merged, outputStream, usedAsStream }
