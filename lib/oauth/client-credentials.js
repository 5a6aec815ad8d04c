'use strict'

// Tokens for a server that needs no person: the client shows its own secret or key, and the token
// stays in memory.

const { bySecret, methodOf } = require('./authentication')
const { discover } = require('./discovery')
const { requestToken } = require('./grant')
const { NoToken, reasonOf } = require('./problem')
const { byKey } = require('./private-key')
const { readSecret } = require('./secret')

/** Timeout of all requests for one token together, in ms. */
const TIMEOUT = 15_000
/** A token is replaced this long before its end in ms, but not in the first half of its life. */
const EARLY = 60_000

/** @typedef {import('./settings').ClientSettings} ClientSettings */
/**
 * @typedef {object} Token
 * @property {string} accessToken
 * @property {number} until - epoch ms at which the next token is due
 * @property {number} end - epoch ms at which the token ends
 */

class ClientCredentials {
  #url
  #settings
  #variable
  /** @type {Token | undefined} */
  #token
  /** The running request, shared by all callers. @type {Promise<Token> | undefined} */
  #running

  /**
   * @param {string} url - of the server
   * @param {ClientSettings} settings
   * @param {(name: string) => string | undefined} variable - looks up an environment variable
   */
  constructor(url, settings, variable) {
    this.#url = url
    this.#settings = settings
    this.#variable = variable
  }

  /**
   * Returns the token in memory, or a new one where the token is due or was refused.
   * @param {string} [refused] - the access token that the server has just refused
   * @returns {Promise<Token>}
   * @throws {NoToken}
   */
  async token(refused) {
    if (this.#token?.accessToken === refused) this.#token = undefined
    if (this.#token !== undefined && this.#token.until > Date.now()) return this.#token
    this.#running ??= this.#request().finally(() => {
      this.#running = undefined
    })
    try {
      this.#token = await this.#running
      return this.#token
    } catch (error) {
      // A token that could not be replaced in advance is used to its end.
      if (this.#token !== undefined && this.#token.end > Date.now()) return this.#token
      throw new NoToken(reasonOf(error), 'none')
    }
  }

  /** @returns {Promise<Token>} */
  async #request() {
    const signal = AbortSignal.timeout(TIMEOUT)
    const { clientId, scope, issuer } = this.#settings
    const { metadata, resource } = await discover(this.#url, { signal, issuer })
    const granted = await requestToken({
      metadata,
      clientId,
      authentication: await this.#authentication(metadata),
      grant: 'client_credentials',
      parameters: { scope, resource },
      signal,
    })
    return tokenOf(granted)
  }

  /** @param {import('./grant').AuthorizationServer} metadata */
  async #authentication(metadata) {
    const { secret: given, key, method } = this.#settings
    if (key !== undefined) {
      const pem = await readSecret(key, 'the private key', this.#variable)
      return byKey(pem, this.#settings, metadata.token_endpoint_auth_signing_alg_values_supported)
    }
    const secret = given && (await readSecret(given, "the client's secret", this.#variable))
    const way = methodOf({ secret, method }, metadata.token_endpoint_auth_methods_supported)
    return bySecret(way, secret, { isEncoded: true })
  }
}

/** @param {import('./grant').Granted} granted @returns {Token} */
function tokenOf({ access_token: accessToken, expires_in }) {
  if (expires_in === undefined) return { accessToken, until: Infinity, end: Infinity }
  const lifetime = expires_in * 1000
  const now = Date.now()
  return {
    accessToken,
    until: now + lifetime - Math.min(EARLY, lifetime / 2),
    end: now + lifetime,
  }
}

module.exports = { ClientCredentials }
