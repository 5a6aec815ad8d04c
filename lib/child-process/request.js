'use strict'

const config = require('../config')

/** The addon's words for two kinds of a child's descriptor. */
const NOTHING = -1
const SOCKET_PAIR = -2
/** The owner of these children in the addon's registry. Runners count from 1. */
const OWNER = 0

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
    owner: OWNER,
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
 * @param {{ envPairs?: string[], env?: object, detached?: boolean }} options
 */
function environmentOf({ envPairs, env, detached }) {
  const own = envPairs ?? Object.entries(config.childEnvironment()).map((pair) => pair.join('='))
  // `PROCWARD_KEEP` spares this process alone, unless the caller gave it to the child.
  const pairs = env ? [...own] : own.filter((pair) => !pair.startsWith('PROCWARD_KEEP='))
  pairs.push(...config.guardedEnvironment(Boolean(detached)))
  return pairs.map((pair) => `${pair}\0`).join('')
}

module.exports = { NOTHING, childRequest }
