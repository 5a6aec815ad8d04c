'use strict'

// The settings of a client that needs no person (`auth: 'client_credentials'`), named as mcporter
// names its own. Rules that concern more than one setting are here.

const { METHODS } = require('./authentication')
const { ALGORITHMS } = require('./private-key')

/**
 * @typedef {object} ClientSettings
 * @property {string} clientId
 * @property {import('./secret').Secret} [secret]
 * @property {import('./secret').Secret} [key]
 * @property {string} [keyId]
 * @property {import('./authentication').Method} [method]
 * @property {import('./private-key').Algorithm} [alg]
 * @property {string} [scope]
 * @property {string} [issuer]
 */

/**
 * Says what is wrong with settings together, beginning with the name of one; `undefined` for
 * nothing. No value is shown.
 * @param {Record<string, any>} given
 */
function settingsProblem(given) {
  const { oauthTokenEndpointAuthMethod: method, oauthTokenEndpointAuthSigningAlg: alg } = given
  const hasSecret = isGiven(secretOf(given, 'oauthClientSecret'))
  const hasKey = isGiven(secretOf(given, 'oauthPrivateKey'))
  if (!given.oauthClientId) return 'oauthClientId must be set'
  if (hasSecret === hasKey)
    return `${hasKey ? 'only one of ' : ''}oauthClientSecret or oauthPrivateKey must be set`
  if (method !== undefined && !METHODS.includes(method))
    return `oauthTokenEndpointAuthMethod must be one of ${METHODS.join(', ')}`
  if (method !== undefined && (method === 'private_key_jwt') !== hasKey)
    return `oauthTokenEndpointAuthMethod must fit ${hasKey ? 'a private key' : 'a secret'}`
  if (alg !== undefined && !ALGORITHMS.includes(alg))
    return `oauthTokenEndpointAuthSigningAlg must be one of ${ALGORITHMS.join(', ')}`
  return undefined
}

/**
 * Picks the settings of a client.
 * @param {Record<string, any>} given - without a `settingsProblem`
 * @returns {ClientSettings}
 */
function clientSettings(given) {
  return {
    clientId: given.oauthClientId,
    secret: present(secretOf(given, 'oauthClientSecret')),
    key: present(secretOf(given, 'oauthPrivateKey')),
    keyId: given.oauthPrivateKeyId,
    method: given.oauthTokenEndpointAuthMethod,
    alg: given.oauthTokenEndpointAuthSigningAlg,
    scope: given.oauthScope,
    issuer: given.oauthIssuer,
  }
}

/** @param {Record<string, any>} given @param {string} name @returns {import('./secret').Secret} */
function secretOf(given, name) {
  return {
    env: given[`${name}Env`] || undefined,
    file: given[`${name}File`] || undefined,
    value: given[name] || undefined,
  }
}

/** @param {import('./secret').Secret} secret */
function isGiven({ env, file, value }) {
  return [env, file, value].some((each) => each !== undefined)
}

/** @param {import('./secret').Secret} secret */
function present(secret) {
  return isGiven(secret) ? secret : undefined
}

module.exports = { clientSettings, settingsProblem }
