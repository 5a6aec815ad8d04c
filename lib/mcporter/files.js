'use strict'

// The little that finding mcporter needs of the file system. What can't be read is as good as
// absent.

const fs = require('node:fs')

/** Bytes to read from the start of an executable. */
const MOST = 65_536

/** @type {import('./find').Files} */
const files = {
  isFile(file) {
    try {
      return fs.statSync(file).isFile()
    } catch {
      return false
    }
  },

  realpath: fs.realpathSync,

  read(file) {
    let descriptor
    try {
      descriptor = fs.openSync(file, 'r')
      const buffer = Buffer.alloc(MOST)
      return buffer.toString('utf8', 0, fs.readSync(descriptor, buffer, 0, MOST, 0))
    } catch {
      return ''
    } finally {
      if (descriptor !== undefined) fs.closeSync(descriptor)
    }
  },
}

module.exports = { files }
