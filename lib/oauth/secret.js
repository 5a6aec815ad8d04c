'use strict'

// A secret of a client. Its value may stand in the settings, in an environment variable or in a
// file; the last two are read for each token, so that they may change.

const fs = require('node:fs/promises')
const { NoToken } = require('./problem')

const MAX_BYTES = 64 * 1024

/**
 * The places of a secret; the first that is given counts.
 * @typedef {{ env?: string, file?: string, value?: string }} Secret
 */

/**
 * @param {Secret} secret
 * @param {string} what - its name in messages
 * @param {(name: string) => string | undefined} variable
 * @returns {Promise<string>}
 * @throws {NoToken}
 */
async function readSecret({ env, file, value }, what, variable) {
  if (env !== undefined) return present(variable(env), `the environment variable ${env}`)
  if (file !== undefined) return present(await readSmall(file, what), `the file of ${what}`)
  return present(value, what)
}

/** @param {string | undefined} text @param {string} what */
function present(text, what) {
  // A file ends with a line break, which is no part of the secret.
  const secret = text?.trim()
  if (secret) return secret
  throw new NoToken(`${what} must be set`, 'none')
}

/** @param {string} path @param {string} what */
async function readSmall(path, what) {
  try {
    const stat = await fs.stat(path)
    // Opening a named pipe would wait for its other end.
    if (!stat.isFile()) throw new NoToken(`the file of ${what} is no regular file`, 'none')
    if (stat.size > MAX_BYTES) throw new NoToken(`the file of ${what} is too large`, 'none')
    return await fs.readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof NoToken) throw error
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    throw new NoToken(`the file of ${what} can't be read: ${code}`, 'none')
  }
}

module.exports = { readSecret }
