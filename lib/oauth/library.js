'use strict'

/**
 * @typedef {typeof import('oauth4webapi', { with: { 'resolution-mode': 'import' } })} Library
 * @typedef {import('oauth4webapi', { with: { 'resolution-mode': 'import' } }).ClientAuth}
 *   ClientAuth
 * @typedef {import('oauth4webapi', { with: { 'resolution-mode': 'import' } }).AuthorizationServer}
 *   AuthorizationServer
 * @typedef {import('oauth4webapi', { with: { 'resolution-mode': 'import' } }).ResourceServer}
 *   ResourceServer
 */

/** @type {Promise<Library> | undefined} */
let loaded

/**
 * Loads the OAuth library at its first use: few servers need it, and `require()` cannot load it in
 * Node.js 20.
 * @returns {Promise<Library>}
 */
function library() {
  loaded ??= import('oauth4webapi')
  return loaded
}

module.exports = { library }
