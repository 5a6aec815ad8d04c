'use strict'

// The ways in which a client authenticates itself at the token endpoint.

const { library } = require('./library')
const { NoToken } = require('./problem')

/**
 * @typedef {import('./library').ClientAuth} ClientAuth
 * @typedef {'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none'} Method
 */

/** The ways of a client that has something to show. @type {readonly string[]} */
const METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']

/**
 * Chooses the way of a client with a secret or without: the settled one, unless the server does not
 * support it.
 * @param {{ secret?: string, method?: string }} client
 * @param {unknown} names - of the ways that the server supports, if it says so
 * @returns {Exclude<Method, 'private_key_jwt'>}
 */
function methodOf({ secret, method }, names) {
  const supported = Array.isArray(names) ? names : []
  const fits = (/** @type {string} */ each) => supported.length === 0 || supported.includes(each)
  const settled = /** @type {const} */ (['client_secret_basic', 'client_secret_post', 'none']).find(
    (each) => each === method,
  )
  if (settled !== undefined && fits(settled)) return settled
  if (secret === undefined) return 'none'
  if (fits('client_secret_basic')) return 'client_secret_basic'
  if (supported.includes('client_secret_post')) return 'client_secret_post'
  return supported.includes('none') ? 'none' : 'client_secret_post'
}

/**
 * @param {Exclude<Method, 'private_key_jwt'>} method
 * @param {string | undefined} secret
 * @param {{ isEncoded: boolean }} options
 *   - whether the header has id and secret encoded, as the RFC wants and the MCP SDK doesn't
 * @returns {Promise<ClientAuth>}
 */
async function bySecret(method, secret, { isEncoded }) {
  const oauth = await library()
  if (method === 'none') return oauth.None()
  if (secret === undefined) throw new NoToken('the client has no secret to show')
  return method === 'client_secret_post'
    ? oauth.ClientSecretPost(secret)
    : basic(secret, isEncoded ? formEncoded : (text) => text)
}

/**
 * Writes the header itself. The library also encodes hyphens and underscores, which need no
 * encoding, and many servers don't decode them.
 * @param {string} secret
 * @param {(text: string) => string} encode
 * @returns {ClientAuth}
 */
function basic(secret, encode) {
  return (_as, { client_id: id }, _body, headers) => {
    const pair = [id, secret].map(encode).join(':')
    headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`)
  }
}

/** @param {string} text */
function formEncoded(text) {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

module.exports = { METHODS, bySecret, methodOf }
