'use strict'

// Refreshes a token at the authorization server that gave it, as the client to which it was given.

const { safeAddress } = require('../../oauth/address')
const { bySecret, methodOf } = require('../../oauth/authentication')
const { discover, isSameIssuer } = require('../../oauth/discovery')
const { requestToken } = require('../../oauth/grant')
const { NoToken } = require('../../oauth/problem')
const { variables } = require('../config/places')

/**
 * @typedef {import('../config/definition').Definition} Definition
 * @typedef {import('./vault').Home} Home
 * @typedef {import('./vault').Stored} Stored
 * @typedef {import('./vault').Tokens} Tokens
 */

/**
 * @param {Definition} definition
 * @param {Home} home
 * @param {Stored & { refreshToken: string }} stored
 * @param {AbortSignal} signal
 * @returns {Promise<Tokens>} with the old refresh token where there is no new one
 */
async function refresh(definition, home, { tokens, client, refreshToken }, signal) {
  const { id, secret, method, isEncoded } = clientOf(definition, client, home)
  const { metadata, resource } = await authorityOf(definition, { tokens, client }, signal)
  if (!id) throw new NoToken('its configuration has no id of the client')
  const way = methodOf({ secret, method }, metadata.token_endpoint_auth_methods_supported)
  const { expires_in, ...granted } = await requestToken({
    metadata,
    clientId: id,
    authentication: await bySecret(way, secret, { isEncoded }),
    grant: 'refresh_token',
    parameters: { refresh_token: refreshToken, resource },
    signal,
  })
  const lifetime = expires_in !== undefined && {
    expires_in,
    expires_at: Math.floor(Date.now() / 1000) + expires_in,
  }
  const issuer = tokens.issuer !== undefined && { issuer: tokens.issuer }
  return { refresh_token: refreshToken, ...granted, ...lifetime, ...issuer }
}

/**
 * Returns the authorization server that gave the stored token.
 * @param {Definition} definition
 * @param {Pick<Stored, 'tokens' | 'client'>} stored
 * @param {AbortSignal} signal
 * @returns {Promise<Pick<import('../../oauth/discovery').Authority, 'metadata' | 'resource'>>}
 */
async function authorityOf({ auth, oauth, transport }, { tokens, client }, signal) {
  if (auth === 'refreshable_bearer') {
    const address = oauth.refresh?.tokenEndpoint ?? oauth.refresh?.token_endpoint
    if (!address || !URL.canParse(address))
      throw new NoToken('its configuration has no refresh.tokenEndpoint')
    const url = safeAddress(address, 'the token endpoint', [new URL(address).origin])
    return { metadata: { issuer: url.origin, token_endpoint: url.href } }
  }
  if (transport.kind !== 'http') throw new NoToken('OAuth is for servers with a URL')
  const authority = await discover(transport.url, { signal, issuer: oauth.issuer })
  const issuer = tokens.issuer ?? client?.issuer
  if (typeof issuer === 'string' && !isSameIssuer(issuer, authority.metadata.issuer))
    throw new NoToken(
      'its authorization server is another one than the stored token has',
      'sign-in',
    )
  return authority
}

/**
 * @typedef {{ id?: string, secret?: string, method?: string, isEncoded: boolean }} Client
 *   - `isEncoded`: whether its id and secret are encoded in a header, see authentication.js
 */

/**
 * @param {Definition} definition
 * @param {Record<string, any> | undefined} stored
 * @param {Home} home
 * @returns {Client}
 */
function clientOf({ auth, oauth }, stored, home) {
  const { refresh: settings = {}, clientId, clientSecret, clientSecretEnv } = oauth
  const { tokenEndpointAuthMethod: method } = oauth
  const variable = variables(home)
  /** @param {string | undefined} name @param {string | undefined} otherwise */
  const from = (name, otherwise) => {
    if (!name) return otherwise
    const value = variable(name)
    if (value?.trim()) return value
    throw new NoToken(`the environment variable ${name} must be set`)
  }
  if (auth === 'refreshable_bearer') {
    const way =
      settings.clientAuthMethod ?? settings.client_auth_method ?? method ?? 'client_secret_basic'
    const secretName = settings.clientSecretEnv ?? settings.client_secret_env ?? clientSecretEnv
    const secret = way === 'none' ? undefined : from(secretName, clientSecret)
    const id = from(settings.clientIdEnv ?? settings.client_id_env, clientId)
    return { id, secret, method: way, isEncoded: true }
  }
  if (clientId) {
    const secret = from(clientSecretEnv, clientSecret)
    return { id: clientId, secret, method, isEncoded: false }
  }
  if (typeof stored?.client_id !== 'string' || stored.client_id === '')
    throw new NoToken('no client is stored to refresh the token as', 'sign-in')
  const { client_id: id, client_secret: secret, token_endpoint_auth_method: way } = stored
  return { id, secret, method: way, isEncoded: false }
}

module.exports = { refresh }
