'use strict'

// The names of the settings of a client that needs no person, see settings.js. All are texts, and
// mcporter knows those of them that it has itself by the same names.

const SETTINGS = [
  'oauthClientId',
  'oauthClientSecret',
  'oauthClientSecretEnv',
  'oauthClientSecretFile',
  'oauthPrivateKey',
  'oauthPrivateKeyEnv',
  'oauthPrivateKeyFile',
  'oauthPrivateKeyId',
  'oauthTokenEndpointAuthMethod',
  'oauthTokenEndpointAuthSigningAlg',
  'oauthScope',
  'oauthIssuer',
]

module.exports = { SETTINGS }
