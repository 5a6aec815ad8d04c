'use strict'

const { packageFile } = require('../../package-files')
const { EXIT } = require('../failure')

/** @type {import('../main').Run} */
async function run(_, output) {
  const path = packageFile('register.js')
  const nodeOptions = `--require ${quoted(path)}`
  output.document('register', { path, nodeOptions })
  output.lines([nodeOptions])
  return EXIT.ok
}

/** Quotes a path as Node.js reads `NODE_OPTIONS`. @param {string} path */
function quoted(path) {
  return /[\s"]/.test(path) ? `"${path.replace(/["\\]/g, '\\$&')}"` : path
}

module.exports = { run }
