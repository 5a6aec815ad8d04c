'use strict'

// The input of a process that comes from a stream, an iterable or a file.

const { createReadStream } = require('node:fs')
const { Readable, Writable, finished } = require('node:stream')
const { codedError } = require('../errors')
const validate = require('../validate')
const { filePath } = require('./file-url')

/**
 * @typedef {{ open: () => import('node:stream').Readable, isOwn: boolean }} Source
 *   `isOwn`: the stream is made here, and no caller has it
 */
/** @typedef {Pick<import('../../binding').ProcessCall, 'write' | 'endInput'>} Sink */

/**
 * Checks an input that is not bytes.
 * @param {unknown} input
 * @param {unknown} file
 * @returns {Source}
 */
function inputSource(input, file) {
  if (file !== undefined) {
    if (input === undefined) return fileSource('inputFile', file)
    throw codedError('ERR_INVALID_CONFIG', 'input and inputFile cannot be given both')
  }
  if (isStream(input)) return { open: () => input, isOwn: false }
  if (isIterable(input)) return { open: () => Readable.from(input), isOwn: true }
  if (typeof input === 'object' && input !== null && 'file' in input) {
    validate.options('input', input, ['file'])
    return fileSource('input.file', input.file)
  }
  throw validate.invalidConfig(
    'input',
    `${validate.BYTES}, a readable stream, an iterable, or an object with a file`,
    input,
  )
}

/** @param {string} name @param {unknown} file @returns {Source} */
function fileSource(name, file) {
  const path = file instanceof URL ? filePath(name, file) : validate.text(name, file)
  return { open: () => createReadStream(path), isOwn: true }
}

/** @param {unknown} input @returns {input is import('node:stream').Readable} */
function isStream(input) {
  return hasMethod(input, 'read') && hasMethod(input, 'pipe')
}

/** @param {unknown} input @returns {input is Iterable<unknown> | AsyncIterable<unknown>} */
function isIterable(input) {
  // A view of other numbers than bytes is a mistake, although its numbers can be iterated.
  if (ArrayBuffer.isView(input)) return false
  return hasMethod(input, Symbol.asyncIterator) || hasMethod(input, Symbol.iterator)
}

/** @param {unknown} value @param {string | symbol} name */
function hasMethod(value, name) {
  return (
    typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function'
  )
}

/**
 * Writes a source to the input of a process, and closes the input after it. Reads no more than the
 * process takes. A caller's stream stays open when the process takes no more.
 * @param {Sink} call
 * @param {Source} source
 * @param {(error: Error) => void} onError called when the source fails, also from within this call
 * @returns {() => void} stops the reading
 */
function feed(call, { open, isOwn }, onError) {
  try {
    return feedFrom(call, open(), isOwn, onError)
  } catch (error) {
    onError(/** @type {Error} */ (error))
    return () => {}
  }
}

/**
 * @param {Sink} call
 * @param {Readable} stream
 * @param {boolean} isOwn
 * @param {(error: Error) => void} onError
 */
function feedFrom(call, stream, isOwn, onError) {
  const sink = new Writable({
    objectMode: true,
    highWaterMark: 1,
    write(chunk, _encoding, done) {
      const data = validate.asBytes(chunk)
      if (data === undefined)
        return fail(validate.invalidConfig('a chunk of the input', validate.BYTES, chunk))
      call.write(data).then((isTaken) => (isTaken ? done() : stop()), fail)
    },
    final(done) {
      call.endInput()
      done()
    },
  })
  // A stream that has ended before emits no further end.
  const ignore = finished(stream, { writable: false }, (error) =>
    error ? fail(error) : sink.end(),
  )
  stream.pipe(sink)
  return stop

  function stop() {
    ignore()
    stream.unpipe(sink)
    sink.destroy()
    // The iterator's own end may fail, too.
    if (isOwn) stream.on('error', () => {}).destroy()
  }

  /** @param {Error} error */
  function fail(error) {
    stop()
    onError(error)
  }
}

module.exports = { feed, inputSource }
