'use strict'

// A server that is given in code with `auth: 'client_credentials'`, as a configuration gives one.

const config = require('../config')
const { transportOf } = require('./server-options')

/** Milliseconds after a failure until a token is asked for again. */
const RETRY = 1000

/**
 * @param {string} name
 * @param {Record<string, any>} options - checked
 * @returns {import('./servers').Configured}
 */
function signedServer(name, options) {
  const transport = /** @type {import('./server-options').Http} */ (transportOf(options))
  // Loaded on use, because few servers need it.
  const { ClientCredentials } = require('../oauth/client-credentials')
  const { clientSettings } = require('../oauth/settings')
  const source = new ClientCredentials(transport.url, clientSettings(options), config.variable)
  return {
    name,
    use: {},
    description: { transport: { kind: 'http', url: transport.url } },
    identity: () => '',
    allows: () => true,
    reach: (refused) => signedReach(source, transport, refused),
  }
}

/**
 * Returns the transport with a token in memory, or the reason for which there is none.
 * @param {import('../oauth/client-credentials').ClientCredentials} source
 * @param {import('./server-options').Http} transport
 * @param {string} [refused]
 * @returns {Promise<import('./servers').Reach>}
 */
async function signedReach(source, transport, refused) {
  try {
    const { accessToken, until } = await source.token(refused)
    return { transport: withBearer(transport, accessToken), accessToken, until }
  } catch (error) {
    const { message } = /** @type {Error} */ (error)
    return { needs: 'token', reason: message, until: Date.now() + RETRY }
  }
}

/**
 * @param {import('./server-options').Http} transport
 * @param {string} accessToken
 */
function withBearer(transport, accessToken) {
  const others = Object.entries(transport.headers).filter(
    ([name]) => name.toLowerCase() !== 'authorization',
  )
  const headers = { ...Object.fromEntries(others), Authorization: `Bearer ${accessToken}` }
  return { ...transport, headers }
}

module.exports = { RETRY, signedReach, signedServer, withBearer }
