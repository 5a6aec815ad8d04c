'use strict'

// Finds the files of this package that are read at run time and are no modules: the dashboard's
// files and mcporter's launcher. A bundler leaves these files out.

const { existsSync } = require('node:fs')
const { join } = require('node:path')
const { codedError } = require('./errors')

/** The folder beside a bundle with copies of these files. */
const COPIES = 'procward'

/**
 * Returns the path of a file.
 * @param {string} name path from the folder `lib`, with slashes
 * @param {string} [folder] the folder with this code
 * @throws `ERR_PACKAGE_FILE` if there is no such file. The message names no path of this machine,
 *   because health routes send it.
 */
function packageFile(name, folder = __dirname) {
  const isBundled = !existsSync(join(folder, 'package-files.js'))
  const file = join(isBundled ? join(folder, COPIES) : folder, name)
  if (existsSync(file)) return file
  const cure = isBundled
    ? `copy node_modules/procward/lib/${name} to ${COPIES}/${name} beside the bundle, or keep ` +
      'procward out of the bundle (docs/bundlers.md)'
    : 'install procward again'
  throw codedError('ERR_PACKAGE_FILE', `procward's file ${name} is missing: ${cure}`)
}

module.exports = { packageFile }
