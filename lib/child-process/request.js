'use strict'

const config = require('../config')

/** The addon's words for two kinds of a child's descriptor. */
const NOTHING = -1
const SOCKET_PAIR = -2

/**
 * Makes the addon's request of the options that Node.js gives to the internal handle. Returns
 * `undefined` for descriptors that only Node.js can hand over.
 * @param {import('./internal-spawn').SpawnOptions} options
 * @param {string | undefined} server
 * @returns {import('../../binding').ChildRequest | undefined}
 */
function childRequest(options, server) {
  const { file, args = [], cwd, detached = false, uid, gid, stdio } = options
  const descriptors = stdio.map(descriptorOf)
  if (descriptors.includes(undefined)) return undefined
  return {
    file,
    args: args.length > 0 ? args.map((value) => `${value}`) : [file],
    cwd: cwd ?? undefined,
    environment: environmentOf(options),
    detached: Boolean(detached),
    uid: uid ?? undefined,
    gid: gid ?? undefined,
    stdio: descriptors,
    server,
  }
}

/** @param {any} entry - one element of the internal `stdio` */
function descriptorOf({ type, handle, fd }) {
  if (type === 'ignore') return NOTHING
  if (type === 'pipe' || type === 'overlapped') return SOCKET_PAIR
  const number = type === 'wrap' ? handle.fd : fd
  return Number.isInteger(number) && number >= 0 ? number : undefined
}

/**
 * Encodes the environment: entries, each followed by a NUL.
 * @param {any} options
 */
function environmentOf(options) {
  const pairs = environmentPairs(options)
  pairs.push(...config.guardedEnvironment(Boolean(options.detached)))
  return pairs.map((pair) => `${pair}\0`).join('')
}

/**
 * Returns the variables that the caller gives to the child.
 * @param {{ envPairs?: string[], env?: object }} options
 */
function environmentPairs({ envPairs, env }) {
  const own = envPairs ?? Object.entries(config.childEnvironment()).map((pair) => pair.join('='))
  // `PROCWARD_KEEP` spares this process alone, unless the caller gave it to the child. Node.js
  // 24.22 does not tell whether it did, so that an equal value counts as inherited.
  const inherited = `PROCWARD_KEEP=${config.keepVariable()}`
  return env ? [...own] : own.filter((pair) => pair !== inherited)
}

module.exports = { childRequest, environmentPairs }
