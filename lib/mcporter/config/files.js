'use strict'

const fs = require('node:fs/promises')
const { codedError } = require('../../errors')

/** A larger file is no configuration. */
const MAX_BYTES = 16 * 2 ** 20
const CHUNK = 64 * 1024

/**
 * @typedef {object} Files
 * @property {(path: string) => Promise<string | undefined>} read
 *   - the text, `undefined` when there is no such file
 * @property {(path: string) => Promise<boolean>} isFile
 * @property {(path: string) => Promise<string>} mark
 *   - changes with each change of the file; the same for "no such file"
 */

/** @type {Files} */
const files = {
  async read(path) {
    try {
      const stat = await fs.stat(path)
      // Opening a named pipe would wait for its other end, and a device may have no end.
      if (!stat.isFile()) {
        throw stat.isDirectory()
          ? codedError('EISDIR', 'it is a folder')
          : codedError('EINVAL', 'it is no regular file')
      }
      return decoded(await bounded(path))
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  },

  async isFile(path) {
    try {
      return (await fs.stat(path)).isFile()
    } catch {
      return false
    }
  },

  async mark(path) {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = await fs.stat(path, { bigint: true })
      return [dev, ino, size, mtimeNs, ctimeNs].join()
    } catch (error) {
      return /** @type {any} */ (error).code ?? 'unknown'
    }
  },
}

/** Returns the bytes of a file that may grow while it is read. @param {string} path */
async function bounded(path) {
  const file = await fs.open(path)
  try {
    const chunks = []
    for (let length = 0; ; ) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK)
      if (bytesRead === 0) return Buffer.concat(chunks, length)
      length += bytesRead
      if (length > MAX_BYTES) throw codedError('EFBIG', 'it is too large')
      chunks.push(buffer.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
}

/**
 * Windows' editors and shells also write UTF-16, always with a byte order mark.
 * @param {Buffer} bytes
 */
function decoded(bytes) {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2)
  if (bytes[0] === 0xfe && bytes[1] === 0xff && bytes.length % 2 === 0)
    return bytes.swap16().toString('utf16le', 2)
  return bytes.toString('utf8')
}

/**
 * Wraps files, and records the mark of each path before the path is read.
 * @param {Files} files
 */
function recorded(files) {
  /** @type {Map<string, string>} */
  const marks = new Map()
  /** @template T @param {(path: string) => Promise<T>} ask */
  const noting = (ask) => async (/** @type {string} */ path) => {
    if (!marks.has(path)) marks.set(path, await files.mark(path))
    return ask(path)
  }
  return { marks, files: { ...files, read: noting(files.read), isFile: noting(files.isFile) } }
}

/** @param {any} error */
function isAbsent({ code }) {
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/**
 * Tells a file that may not be found, say in a folder that may not be entered, from one that may
 * not be read.
 * @param {any} error
 */
function isOutOfReach({ syscall }) {
  return syscall === 'stat'
}

/** Says why a file can't be read. The system's own messages repeat its path. @param {any} error */
function readProblem({ code, message, syscall }) {
  const words = syscall === undefined && code?.startsWith('E') && message ? ` (${message})` : ''
  return `it can't be read: ${code ?? message}${words}`
}

module.exports = { files, isOutOfReach, readProblem, recorded }
