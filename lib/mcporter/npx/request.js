'use strict'

// Reads an npx command line. Options that are not known here are left to npx itself.

/**
 * @typedef {object} Request
 * @property {string} wanted - the package as it is written, which names its folder in npx's cache
 * @property {string} name
 * @property {string} version - a version, a range or a tag as it is written; empty for any
 * @property {string | undefined} command
 *   - one of its programs; `undefined` for the one that stands for the package
 * @property {string[]} args - of the program
 */

const NPX = /(^|[\\/])npx(\.cmd|\.exe)?$/i
const PACKAGE = /^((?:@[\w.~-]+\/)?[a-z\d~-][\w.~-]*)(?:@([^/:]*))?$/i
const SILENT = new Set(['-y', '--yes', '-q', '--quiet'])

/** @param {string} command @param {string[]} args @returns {Request | undefined} */
function npxRequest(command, args) {
  if (!NPX.test(command)) return undefined
  const rest = [...args]
  /** @type {string | undefined} */
  let named
  for (;;) {
    const word = rest.shift()
    if (word === undefined) return undefined
    if (SILENT.has(word)) continue
    const option = /^(?:-p|--package)(?:=(.*))?$/.exec(word)
    if (option !== null) {
      if (named !== undefined) return undefined
      named = option[1] ?? rest.shift() ?? ''
      continue
    }
    const first = word === '--' ? rest.shift() : word
    if (first === undefined || first.startsWith('-')) return undefined
    return named === undefined ? request(first, undefined, rest) : request(named, first, rest)
  }
}

/**
 * @param {string} wanted
 * @param {string | undefined} command
 * @param {string[]} args
 * @returns {Request | undefined}
 */
function request(wanted, command, args) {
  const parts = PACKAGE.exec(wanted)
  // `pkg@` is npm's way to write any version, which it treats unlike no version at all.
  if (parts === null || wanted.endsWith('@')) return undefined
  return { wanted, name: parts[1], version: parts[2] ?? '', command, args }
}

module.exports = { npxRequest }
