'use strict'

// Reads and refreshes the tokens that `mcporter auth` has stored. Signing in is left to mcporter.

const fs = require('node:fs/promises')
const { signInCommand } = require('../mcp/failure')
const { withBearer } = require('../mcp/signed-server')
const { NoToken, reasonOf } = require('../oauth/problem')
const { pathOf } = require('./config/places')
const { withLock } = require('./oauth/lock')
const { refresh } = require('./oauth/refresh')
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
/**
 * @typedef {{ needs: 'oauth' | 'refresh' | 'sign-in' | 'token', reason: string, command?: string }}
 *   Needs
 *   - `oauth`, `refresh`: mcporter may get a token; `sign-in`: a person has to; `token`: none may
 */

/** A token that ends within this many seconds is refreshed, as mcporter does. */
const SKEW = 60
/** Timeout of a refresh in ms, less than other processes wait for the lock. */
const REFRESH_TIMEOUT = 15_000
const FAILED = 'could not be refreshed'
/** Running refreshes, shared by concurrent calls. @type {Map<string, Promise<Token>>} */
const running = new Map()
/**
 * The refresh token of each server that was refused for good. Servers take another use of it for a
 * theft. @type {Map<string, string>}
 */
const refusedForGood = new Map()

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
      running.get(key) ??
      refreshed(definition, home, key, refused).finally(() => running.delete(key))
    running.set(key, task)
    return await task.catch((error) => stillGood(error, stored.tokens, refused))
  } catch (error) {
    return needsOf(definition, error)
  }
}

/**
 * Returns the transport with an access token.
 * @param {import('./config/server').Server} server
 * @param {string} accessToken
 * @returns {import('./config/server').Stdio | import('./config/server').Http | undefined}
 */
function withToken({ transport, definition }, accessToken) {
  if (transport?.kind === 'http') return withBearer(transport, accessToken)
  const variable =
    definition?.oauth.refresh?.accessTokenEnv ?? definition?.oauth.refresh?.access_token_env
  return (
    transport && variable && { ...transport, env: { ...transport.env, [variable]: accessToken } }
  )
}

/**
 * @param {Definition} definition
 * @param {Home} home
 * @param {string} key - of the server
 * @param {string | undefined} refused
 * @returns {Promise<Token>}
 */
async function refreshed(definition, home, key, refused) {
  const vault = await vaultFile(home)
  await fs.mkdir(pathOf(home).dirname(vault), { recursive: true, mode: 0o700 })
  return withLock(
    vault,
    async () => {
      // Another process may have refreshed the token during the wait for the lock.
      const stored = await readStored(definition, home)
      const { tokens, folder } = stored
      if (!mustRefresh(definition, tokens, refused)) return token(tokens)
      const { refresh_token: refreshToken } = tokens
      if (!refreshToken)
        throw new NoToken(
          'the stored token has expired, and none to refresh it with is stored',
          'sign-in',
        )
      if (refusedForGood.get(key) === refreshToken)
        throw new NoToken('the authorization server has refused to refresh the token', 'sign-in')
      const signal = AbortSignal.timeout(REFRESH_TIMEOUT)
      const fresh = await refresh(definition, home, { ...stored, refreshToken }, signal).catch(
        (error) => {
          if (error.remedy === 'sign-in') refusedForGood.set(key, refreshToken)
          throw notLeftToMcporter(definition, error)
        },
      )
      refusedForGood.delete(key)
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

/**
 * Keeps a failed refresh from a process of mcporter where metadata leads to the token endpoint: the
 * server could fail here on purpose, and then lead mcporter to any address.
 * @param {Definition} definition
 * @param {any} error
 */
function notLeftToMcporter({ auth }, error) {
  if (auth === 'refreshable_bearer' || error.remedy === 'sign-in') return error
  return new NoToken(reasonOf(error, FAILED), 'none')
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

/** @param {Definition} definition @param {any} error @returns {Needs} */
function needsOf({ name, auth }, error) {
  const reason = reasonOf(error, FAILED)
  switch (error.remedy) {
    case 'sign-in': {
      const command = signInCommand(name, auth)
      return { needs: 'sign-in', reason: `${reason}; sign in with: ${command}`, command }
    }
    case 'none':
      return { needs: 'token', reason }
    default:
      return { needs: auth === 'refreshable_bearer' ? 'refresh' : 'oauth', reason }
  }
}

module.exports = { accessToken, withToken }
