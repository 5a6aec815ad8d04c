'use strict'

const { delimiter, dirname, join, resolve } = require('node:path')
const validate = require('../validate')

/** The folders that a Unix system searches where there is no `PATH`. */
const DEFAULT_PATH = '/usr/bin:/bin'
const IS_WINDOWS = process.platform === 'win32'

/**
 * Puts `node_modules/.bin` of a folder and of the folders above it in front of the `PATH`.
 * @param {Record<string, unknown>} variables the environment, which is changed
 * @param {string} [cwd]
 */
function preferLocal(variables, cwd = '.') {
  // Windows may have the variable in several spellings. The child gets the last.
  const name =
    (IS_WINDOWS && Object.keys(variables).findLast((key) => key.toUpperCase() === 'PATH')) || 'PATH'
  const folders = []
  for (let at = resolve(cwd), last; at !== last; last = at, at = dirname(at))
    folders.push(join(at, 'node_modules', '.bin'))
  const path = variables[name] ?? (IS_WINDOWS ? undefined : DEFAULT_PATH)
  if (path !== undefined) folders.push(validate.secret(`env.${name}`, path))
  variables[name] = folders.join(delimiter)
}

module.exports = { preferLocal }
