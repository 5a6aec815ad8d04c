'use strict'

const os = require('node:os')
const path = require('node:path')

/** @typedef {{ name: string, status: 'ok' | 'warn' | 'fail', message: string }} Check */

/** @param {string} name @param {string} message @returns {Check} */
const ok = (name, message) => ({ name, status: 'ok', message })
/** @param {string} name @param {string} message @returns {Check} */
const warn = (name, message) => ({ name, status: 'warn', message })
/** @param {string} name @param {string} message @returns {Check} */
const fail = (name, message) => ({ name, status: 'fail', message })

/** Returns a file's path without private folders. @param {string} file */
function place(file) {
  const fromHere = path.relative(process.cwd(), file)
  if (isBelow(fromHere)) return fromHere
  const fromHome = path.relative(os.homedir(), file)
  return isBelow(fromHome) ? path.join('~', fromHome) : path.join('...', path.basename(file))
}

/** @param {string} relative */
function isBelow(relative) {
  return relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative)
}

module.exports = { fail, ok, place, warn }
