'use strict'

// The options `stdin`, `stdout` and `stderr`: something else than pipes to this process.

const { codedError } = require('../errors')
const validate = require('../validate')
const { filePath } = require('./file-url')

/** @typedef {import('../../binding').StreamChoice} StreamChoice */

const NAMES = /** @type {const} */ (['stdin', 'stdout', 'stderr'])
const IS_WINDOWS = process.platform === 'win32'
/** The largest number of a descriptor. Windows knows the standard streams alone. */
const LARGEST = IS_WINDOWS ? 2 : 2 ** 31 - 1
const EXPECTED = `'pipe', 'ignore', 'inherit', a descriptor from 0 to ${LARGEST}, a file: URL, or an object with a file`

/**
 * Returns the addon's choices for the three streams.
 * @param {Record<string, unknown>} options
 * @returns {StreamChoice[]}
 */
function streamChoices(options) {
  const { input, inputFile, stdin = 'pipe' } = options
  if (stdin !== 'pipe' && (input !== undefined || inputFile !== undefined))
    throw codedError('ERR_INVALID_CONFIG', "an input needs the stdin 'pipe'")
  return NAMES.map((name, descriptor) => choice(name, descriptor, options[name]))
}

/**
 * @param {'stdin' | 'stdout' | 'stderr'} name
 * @param {number} descriptor
 * @param {unknown} value
 * @returns {StreamChoice}
 */
function choice(name, descriptor, value = 'pipe') {
  if (value === 'pipe') return {}
  if (value === 'ignore') return { ignored: true }
  if (value === 'inherit') return { descriptor }
  if (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= LARGEST)
    return { descriptor: Number(value) }
  if (value instanceof URL) return { path: filePath(name, value) }
  if (typeof value === 'object' && value !== null && 'file' in value) {
    const known = name === 'stdin' ? ['file'] : ['file', 'append']
    const { file, append = false } = validate.options(name, value, known)
    const path =
      file instanceof URL ? filePath(`${name}.file`, file) : validate.text(`${name}.file`, file)
    return { path, append: validate.boolean(`${name}.append`, append) }
  }
  throw validate.invalidConfig(name, EXPECTED, value)
}

module.exports = { streamChoices }
