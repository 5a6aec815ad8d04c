'use strict'

const { fileURLToPath } = require('node:url')
const validate = require('../validate')

/** Returns the path that a file URL names. @param {string} name @param {URL} url */
function filePath(name, url) {
  let path
  try {
    path = fileURLToPath(url)
  } catch {
    throw validate.invalidConfig(name, 'a path or a file: URL of this machine', url.href)
  }
  return validate.string(name, path)
}

module.exports = { filePath }
