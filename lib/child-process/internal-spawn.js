'use strict'

// Translates the arguments of the internal `handle.spawn()` of Node.js, which is no public API: one
// object until Node.js 24.21, and eight values since.

const DETACHED = 1
const VALUES = 8

/**
 * @typedef {object} SpawnOptions
 * @property {string} file
 * @property {unknown[]} [args] with the name of the program as the first
 * @property {string | null} [cwd]
 * @property {string[]} [envPairs] entries `NAME=value`
 * @property {any[]} stdio
 * @property {boolean} [detached]
 * @property {number} [uid]
 * @property {number} [gid]
 * @property {object} [env] the caller's own environment, if this version of Node.js tells
 */

/**
 * Returns the options, or `undefined` for arguments of another form.
 * @param {any[]} values
 * @returns {SpawnOptions | undefined}
 */
function spawnOptions(values) {
  const options = values.length === 1 ? values[0] : fromValues(values)
  return typeof options?.file === 'string' && Array.isArray(options.stdio) ? options : undefined
}

/** @param {any[]} values */
function fromValues(values) {
  const [file, args, cwd, envPairs, stdio, flags, uid, gid] = values
  if (values.length !== VALUES || typeof flags !== 'number') return undefined
  return { file, args, cwd, envPairs, stdio, detached: (flags & DETACHED) !== 0, uid, gid }
}

/**
 * Returns arguments of the same form for a start that fails before it forks.
 * @param {any[]} values
 */
function failingArguments(values) {
  const [file, args, stdio] = ['none', ['none'], [{ type: 'fd', fd: -1 }]]
  if (values.length === VALUES)
    return [file, args, undefined, undefined, stdio, 0, undefined, undefined]
  // Node.js aborts if a wrong value of an option is inherited from `Object.prototype`.
  return [{ __proto__: null, file, args, stdio }]
}

module.exports = { failingArguments, spawnOptions }
