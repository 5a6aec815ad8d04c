'use strict'

// Authentication by a signed assertion (`private_key_jwt`, RFC 7523).

const { createPrivateKey, webcrypto } = require('node:crypto')
const { library } = require('./library')
const { NoToken } = require('./problem')

/** The algorithms, best known first, and the key of Web Crypto that each takes. */
const ALGORITHMS = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  RS384: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384' },
  RS512: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  PS384: { name: 'RSA-PSS', hash: 'SHA-384' },
  PS512: { name: 'RSA-PSS', hash: 'SHA-512' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
  ES512: { name: 'ECDSA', namedCurve: 'P-521' },
  EdDSA: { name: 'Ed25519' },
  Ed25519: { name: 'Ed25519' },
}

/** @typedef {keyof typeof ALGORITHMS} Algorithm */

const NAMES = /** @type {Algorithm[]} */ (Object.keys(ALGORITHMS))

/** The algorithms of each curve. @type {Record<string, Algorithm[]>} */
const OF_CURVE = { prime256v1: ['ES256'], secp384r1: ['ES384'], secp521r1: ['ES512'] }

/**
 * @param {string} pem
 * @param {{ alg?: Algorithm, keyId?: string }} settings
 * @param {unknown} supported - names of algorithms, if the server says so
 * @returns {Promise<import('./library').ClientAuth>}
 * @throws {NoToken}
 */
async function byKey(pem, { alg: wanted, keyId }, supported) {
  const key = keyOf(pem)
  const alg = algorithmOf(key, wanted, supported)
  const { modifyAssertion, PrivateKeyJwt } = await library()
  const der = key.export({ format: 'der', type: 'pkcs8' })
  const usable = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHMS[alg], false, ['sign'])
  return PrivateKeyJwt(
    { key: /** @type {any} */ (usable), ...(keyId !== undefined && { kid: keyId }) },
    // The library names Ed25519 as few servers do.
    { [modifyAssertion]: (/** @type {object} */ header) => Object.assign(header, { alg }) },
  )
}

/** @param {string} pem */
function keyOf(pem) {
  try {
    return createPrivateKey(pem)
  } catch {
    // The error of OpenSSL says nothing that helps.
    throw new NoToken('the private key must be a PEM text without a passphrase', 'none')
  }
}

/**
 * @param {import('node:crypto').KeyObject} key
 * @param {Algorithm | undefined} wanted
 * @param {unknown} supported
 * @returns {Algorithm}
 */
function algorithmOf(key, wanted, supported) {
  const possible = algorithmsOf(key)
  if (possible.length === 0)
    throw new NoToken('the private key must be an RSA, EC or Ed25519 key', 'none')
  if (wanted !== undefined) {
    if (possible.includes(wanted)) return wanted
    throw new NoToken(`the private key must fit ${wanted}; its kind fits ${possible[0]}`, 'none')
  }
  const names = Array.isArray(supported) ? supported : possible
  return possible.find((each) => names.includes(each)) ?? possible[0]
}

/** @param {import('node:crypto').KeyObject} key @returns {Algorithm[]} */
function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }) {
  switch (asymmetricKeyType) {
    case 'rsa':
      return NAMES.filter((name) => /^[RP]S/.test(name))
    case 'ec':
      return OF_CURVE[asymmetricKeyDetails?.namedCurve ?? ''] ?? []
    case 'ed25519':
      return ['EdDSA', 'Ed25519']
    default:
      return []
  }
}

module.exports = { ALGORITHMS: NAMES, byKey }
