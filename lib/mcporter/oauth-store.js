'use strict'

// Reads and refreshes the tokens that `mcporter auth` has stored. Signing in is left to mcporter.

const fs = require('node:fs/promises')
const { pathOf, variables } = require('./config/places')
const { discover } = require('./oauth/discovery')
const { refresh } = require('./oauth/grant')
const { withLock } = require('./oauth/lock')
const { NoToken } = require('./oauth/problem')
const { readStored, vaultFile, writeTokens } = require('./oauth/vault')

/**
 * @typedef {import('./config/definition').Definition} Definition
 * @typedef {import('./oauth/vault').Home} Home
 * @typedef {import('./oauth/vault').Stored} Stored
 * @typedef {import('./oauth/vault').Tokens} Tokens
 */

/**
 * @typedef {{ accessToken: string, expiresAt?: number, unsaved?: string }} Token
 *   - `expiresAt` in ms since 1970; `unsaved`: the reason for which it could not be stored
 */
/** @typedef {{ needs: 'oauth' | 'refresh', reason: string }} Needs */

/** A token that ends within this many seconds is refreshed, as mcporter does. */
const SKEW = 60
/** Timeout of a refresh in ms, less than other processes wait for the lock. */
const REFRESH_TIMEOUT = 15_000
/** Running refreshes, shared by concurrent calls. @type {Map<string, Promise<Token>>} */
const running = new Map()

/**
 * Returns the access token of a server with `needs: 'oauth'` or `'refresh'`, or the reason for
 * which its calls must go through mcporter.
 * @param {Definition} definition
 * @param {Home} home
 * @param {{ refused?: string }} [options] - the access token that the server has just refused
 * @returns {Promise<Token | Needs>}
 */
async function accessToken(definition, home, { refused } = {}) {
  try {
    const stored = await readStored(definition, home)
    if (!mustRefresh(definition, stored.tokens, refused)) return token(stored.tokens)
    const key = JSON.stringify([definition.name, definition.transport, home.home])
    const task =
      running.get(key) ?? refreshed(definition, home, refused).finally(() => running.delete(key))
    running.set(key, task)
    return await task.catch((error) => stillGood(error, stored.tokens, refused))
  } catch (error) {
    const needs = definition.auth === 'refreshable_bearer' ? 'refresh' : 'oauth'
    return { needs, reason: reasonOf(error) }
  }
}

/**
 * Returns the transport with an access token.
 * @param {import('./config/server').Server} server
 * @param {string} accessToken
 * @returns {import('./config/server').Stdio | import('./config/server').Http | undefined}
 */
function withToken({ transport, definition }, accessToken) {
  if (transport?.kind === 'http') {
    const others = Object.entries(transport.headers).filter(
      ([name]) => name.toLowerCase() !== 'authorization',
    )
    return {
      ...transport,
      headers: { ...Object.fromEntries(others), Authorization: `Bearer ${accessToken}` },
    }
  }
  const variable =
    definition?.oauth.refresh?.accessTokenEnv ?? definition?.oauth.refresh?.access_token_env
  return (
    transport && variable && { ...transport, env: { ...transport.env, [variable]: accessToken } }
  )
}

/**
 * @param {Definition} definition
 * @param {Home} home
 * @param {string | undefined} refused
 * @returns {Promise<Token>}
 */
async function refreshed(definition, home, refused) {
  const vault = await vaultFile(home)
  await fs.mkdir(pathOf(home).dirname(vault), { recursive: true, mode: 0o700 })
  return withLock(
    vault,
    async () => {
      // Another process may have refreshed the token during the wait for the lock.
      const { tokens, client, folder } = await readStored(definition, home)
      if (!mustRefresh(definition, tokens, refused)) return token(tokens)
      if (!tokens.refresh_token)
        throw new NoToken('the stored token has expired, and none to refresh it with is stored')
      const signal = AbortSignal.timeout(REFRESH_TIMEOUT)
      const endpoint = await endpointOf(definition, signal)
      const fresh = await refresh(
        endpoint,
        clientOf(definition, client, home),
        tokens.refresh_token,
        signal,
      )
      // The old token is spent, so the new one is used even when it cannot be stored.
      const failure = await writeTokens(definition, folder, fresh, home).catch((error) => error)
      return {
        ...token(fresh),
        ...(failure && { unsaved: reasonOf(failure, 'could not be stored') }),
      }
    },
    REFRESH_TIMEOUT,
  )
}

/** @param {Definition} definition @param {AbortSignal} signal */
async function endpointOf({ auth, oauth, transport }, signal) {
  if (auth !== 'refreshable_bearer') {
    if (transport.kind === 'http') return discover(transport.url, signal)
    throw new NoToken('OAuth is for servers with a URL')
  }
  const url = oauth.refresh?.tokenEndpoint ?? oauth.refresh?.token_endpoint
  if (!url || !URL.canParse(url))
    throw new NoToken('its configuration has no refresh.tokenEndpoint')
  return { url: new URL(url), methods: [] }
}

/**
 * @param {Definition} definition
 * @param {Record<string, any> | undefined} stored
 * @param {Home} home
 * @returns {import('./oauth/grant').Client}
 */
function clientOf({ auth, oauth }, stored, home) {
  const {
    refresh: settings = {},
    clientId,
    clientSecret,
    clientSecretEnv,
    tokenEndpointAuthMethod,
  } = oauth
  const variable = variables(home)
  /** @param {string | undefined} name @param {string | undefined} otherwise */
  const from = (name, otherwise) => {
    if (!name) return otherwise
    const value = variable(name)
    if (value?.trim()) return value
    throw new NoToken(`the environment variable ${name} must be set`)
  }
  if (auth === 'refreshable_bearer') {
    const method =
      settings.clientAuthMethod ??
      settings.client_auth_method ??
      tokenEndpointAuthMethod ??
      'client_secret_basic'
    const secretName = settings.clientSecretEnv ?? settings.client_secret_env ?? clientSecretEnv
    const secret = method === 'none' ? undefined : from(secretName, clientSecret)
    return {
      id: from(settings.clientIdEnv ?? settings.client_id_env, clientId),
      secret,
      method,
      isEncoded: true,
    }
  }
  if (clientId) {
    const secret = from(clientSecretEnv, clientSecret)
    return { id: clientId, secret, method: tokenEndpointAuthMethod, isEncoded: false }
  }
  if (typeof stored?.client_id !== 'string')
    throw new NoToken('no client is stored to refresh the token as')
  const { client_id: id, client_secret: secret, token_endpoint_auth_method: method } = stored
  return { id, secret, method, isEncoded: false }
}

/** @param {Definition} definition @param {Tokens} tokens @param {string | undefined} refused */
function mustRefresh({ oauth }, tokens, refused) {
  if (tokens.access_token === refused) return true
  const expires = expiry(tokens)
  const skew = oauth.refresh?.refreshSkewSeconds ?? oauth.refresh?.refresh_skew_seconds ?? SKEW
  if (expires !== undefined) return expires <= Date.now() / 1000 + skew
  // An mcporter that stores no expiry wrote this token, so it may have expired.
  return typeof tokens.expires_in === 'number' && typeof tokens.refresh_token === 'string'
}

/**
 * Returns a token that could not be refreshed in advance, while it is still valid.
 * @param {unknown} error
 * @param {Tokens} tokens
 * @param {string | undefined} refused
 * @returns {Token}
 */
function stillGood(error, tokens, refused) {
  const expires = expiry(tokens)
  if (tokens.access_token !== refused && expires !== undefined && expires > Date.now() / 1000)
    return token(tokens)
  throw error
}

/** @param {any} tokens @returns {number | undefined} */
function expiry({ expires_at, expiresAt }) {
  return [expires_at, expiresAt].find((each) => Number.isFinite(each))
}

/** @param {Tokens} tokens @returns {Token} */
function token(tokens) {
  const expires = expiry(tokens)
  return {
    accessToken: tokens.access_token,
    ...(expires !== undefined && { expiresAt: expires * 1000 }),
  }
}

/** @param {any} error */
function reasonOf(error, what = 'could not be refreshed') {
  if (error instanceof NoToken) return error.message
  if (error.name === 'TimeoutError') return 'the authorization server did not answer in time'
  const code = error.code ?? error.cause?.code
  return `the token ${what}${code === undefined ? '' : `: ${code}`}`
}

module.exports = { accessToken, withToken }
