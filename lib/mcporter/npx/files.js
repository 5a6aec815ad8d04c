'use strict'

const fs = require('node:fs/promises')
const { files: common } = require('../config/files')

/** The line that says what runs a program fits into this. */
const START = 512

/**
 * @typedef {object} Files
 * @property {(path: string) => Promise<string | undefined>} read
 *   - the text, `undefined` when there is no such file
 * @property {(path: string) => Promise<string>} start - the first bytes of it
 * @property {(path: string) => Promise<boolean>} isFile
 * @property {(path: string) => Promise<string>} realpath
 * @property {(path: string) => Promise<number | undefined>} modified
 *   - ms since 1970, `undefined` when there is no such thing
 */

/** @type {Files} */
const files = {
  read: common.read,
  isFile: common.isFile,
  realpath: (path) => fs.realpath(path),

  async start(path) {
    const file = await fs.open(path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(START), 0, START, 0)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  },

  async modified(path) {
    try {
      return (await fs.stat(path)).mtimeMs
    } catch {
      return undefined
    }
  },
}

module.exports = { files }
