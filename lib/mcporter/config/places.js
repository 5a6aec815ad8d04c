'use strict'

// The surroundings of a configuration: all that mcporter would ask its process for, so that a test
// can pass its own.

const os = require('node:os')
const nodePath = require('node:path')
const config = require('../../config')
const { files } = require('./files')

/**
 * @typedef {object} Places
 * @property {string} [configPath] - the only file to read, as the user said
 * @property {Record<string, string | undefined>} env
 * @property {string} home
 * @property {string} cwd - what mcporter calls the project
 * @property {NodeJS.Platform} platform
 * @property {import('./files').Files} files
 */

/**
 * Returns the surroundings of this process.
 * @param {{ configPath?: string, cwd: string, env?: Record<string, string | undefined> }} settings
 * @returns {Places}
 */
function placesHere({ configPath, cwd, env }) {
  const { platform } = process
  const all = { ...config.childEnvironment(), ...env }
  const home =
    variables({ env: all, platform })(platform === 'win32' ? 'USERPROFILE' : 'HOME') || os.homedir()
  return { configPath, cwd, env: all, home, platform, files }
}

/**
 * Returns a function that looks up a variable; on Windows it ignores case.
 * @param {Pick<Places, 'env' | 'platform'>} places
 * @returns {(name: string) => string | undefined}
 */
function variables({ env, platform }) {
  if (platform !== 'win32') return (name) => (Object.hasOwn(env, name) ? env[name] : undefined)
  const upper = new Map(Object.entries(env).map(([name, value]) => [name.toUpperCase(), value]))
  return (name) => upper.get(name.toUpperCase())
}

/** @param {Pick<Places, 'platform'>} places */
function pathOf({ platform }) {
  return platform === 'win32' ? nodePath.win32 : nodePath.posix
}

/** @param {string} file @param {Pick<Places, 'home' | 'platform'>} places */
function expandHome(file, places) {
  if (file === '~') return places.home
  return /^~[\\/]/.test(file) ? pathOf(places).join(places.home, file.slice(2)) : file
}

module.exports = { expandHome, pathOf, placesHere, variables }
