'use strict'

const fs = require('node:fs/promises')

/** So many bytes are no configuration. */
const MOST = 16 * 2 ** 20

/**
 * @typedef {object} Files
 * @property {(path: string) => Promise<string | undefined>} read - the text, `undefined` when there is no such file
 * @property {(path: string) => Promise<boolean>} isFile
 * @property {(path: string) => Promise<string>} mark - another one after each change; the same for "no such file"
 */

/** @type {Files} */
const files = {
  async read(path) {
    try {
      if ((await fs.stat(path)).size > MOST) throw new Error('it is too large')
      return await fs.readFile(path, 'utf8')
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

/** The same files, and what is asked of them: each path with its mark of just before. @param {Files} files */
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

module.exports = { files, recorded }
