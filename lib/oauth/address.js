'use strict'

// Addresses that OAuth may contact. The metadata of a server names further addresses, and a token
// or a secret goes to some of them.

const { mayBeLoopback } = require('../loopback')
const { NoToken } = require('./problem')

/**
 * Says why an address must not be contacted; `undefined` if it may be. An address needs https. On
 * this machine it needs the origin of an address that the configuration names.
 * @param {URL} url
 * @param {readonly string[]} origins - those that the configuration names
 */
function addressProblem(url, origins) {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'it has no https address'
  if (url.username !== '' || url.password !== '') return 'its address has a user or a password'
  if (mayBeLoopback(url.hostname))
    return origins.includes(url.origin) ? undefined : 'it is another service on this machine'
  return url.protocol === 'https:' ? undefined : 'it has no https address'
}

/**
 * Returns an address that may be contacted.
 * @param {unknown} text
 * @param {string} what - the name of the address
 * @param {readonly string[]} origins
 * @throws {NoToken}
 */
function safeAddress(text, what, origins) {
  if (typeof text !== 'string' || !URL.canParse(text))
    throw new NoToken(`${what} is no address`, 'none')
  const url = new URL(text)
  const problem = addressProblem(url, origins)
  if (problem !== undefined) throw new NoToken(`${what} is not safe: ${problem}`, 'none')
  return url
}

module.exports = { addressProblem, safeAddress }
