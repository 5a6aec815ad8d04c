'use strict'

// Requests to a token endpoint, by the library. The answer to a refresh has to be used, because the
// old refresh token is spent by then: members without a use here are taken out before the check.

const { boundedFetch, jsonOf } = require('./http')
const { library } = require('./library')
const { NoToken } = require('./problem')

/**
 * @typedef {import('./library').ClientAuth} ClientAuth
 * @typedef {import('./library').AuthorizationServer} AuthorizationServer
 */

/**
 * @typedef {object} Request
 * @property {AuthorizationServer} metadata
 * @property {string} clientId
 * @property {ClientAuth} authentication
 * @property {'refresh_token' | 'client_credentials'} grant
 * @property {Record<string, string | undefined>} parameters
 * @property {AbortSignal} signal
 */

/**
 * The token of an answer.
 * @typedef {object} Granted
 * @property {string} access_token
 * @property {string} token_type
 * @property {string} [refresh_token]
 * @property {number} [expires_in] - s
 * @property {string} [scope]
 * @property {string} [id_token]
 */

/** The grants in words, for messages. */
const AIMS = { refresh_token: 'refresh the token', client_credentials: 'give a token' }

/** Types of tokens that servers name beside `Bearer` and take as such. */
const TAKEN_AS_BEARER = Object.assign(Object.create(null), { user() {}, bot() {} })

/** A token that can stand in a header. */
const SENDABLE = /^[\x21-\x7e]{1,65536}$/

/** The errors after which the same refresh token never works again. */
const FINAL = ['invalid_grant', 'invalid_client', 'unauthorized_client']

/**
 * @param {Request} request
 * @returns {Promise<Granted>}
 * @throws {NoToken}
 */
async function requestToken({ metadata, clientId, authentication, grant, parameters, signal }) {
  const oauth = await library()
  const client = { client_id: clientId }
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
  /** @type {string | undefined} */
  let idToken
  const response = await oauth.genericTokenEndpointRequest(
    metadata,
    client,
    authentication,
    grant,
    Object.fromEntries(/** @type {[string, string][]} */ (given)),
    {
      signal,
      // The addresses have been checked.
      [oauth.allowInsecureRequests]: true,
      [oauth.customFetch]: async (url, init) => {
        const { answer, id } = await withoutNeedless(await boundedFetch(url, init))
        idToken = id
        return answer
      },
    },
  )
  try {
    const { access_token, token_type, refresh_token, expires_in, scope } =
      await oauth.processGenericTokenEndpointResponse(metadata, client, response, {
        recognizedTokenTypes: TAKEN_AS_BEARER,
      })
    if (!SENDABLE.test(access_token)) throw new NoToken('the token cannot be sent in a header')
    const members = { refresh_token, expires_in, scope, id_token: idToken }
    const present = Object.entries(members).filter(([, value]) => value !== undefined)
    return { access_token, token_type, ...Object.fromEntries(present) }
  } catch (error) {
    throw refusal(oauth, error, response, grant)
  }
}

/**
 * Leaves only the members of a successful answer that are needed, and of these only those with a
 * value: some servers write `null` for nothing.
 * @param {Response} response
 */
async function withoutNeedless(response) {
  const all = response.status === 200 ? await jsonOf(response) : undefined
  if (typeof all !== 'object' || all === null || Array.isArray(all)) return { answer: response }
  const { access_token, token_type, refresh_token, expires_in, scope, id_token } = all
  const text = (/** @type {unknown} */ value) =>
    typeof value === 'string' && value !== '' ? value : undefined
  const seconds = Number.parseFloat(expires_in)
  const answer = Response.json({
    access_token,
    token_type,
    refresh_token: text(refresh_token),
    expires_in: seconds >= 0 && seconds < Infinity ? seconds : undefined,
    scope: text(scope),
  })
  return { answer, id: text(id_token) }
}

/**
 * Says why there is no token, in words that the authorization server cannot choose.
 * @param {import('./library').Library} oauth
 * @param {any} error
 * @param {Response} response
 * @param {Request['grant']} grant
 */
function refusal(oauth, error, { status }, grant) {
  if (error instanceof NoToken) return error
  const code =
    error instanceof oauth.ResponseBodyError
      ? error.error
      : error instanceof oauth.WWWAuthenticateChallengeError
        ? error.cause[0]?.parameters.error
        : undefined
  if (status === 200) return new NoToken('the authorization server answered without a usable token')
  const shown = typeof code === 'string' && /^[\w.-]{1,50}$/.test(code) ? ` (${code})` : ''
  return new NoToken(
    `the authorization server refused to ${AIMS[grant]} with status ${status}${shown}`,
    FINAL.includes(code ?? '') ? 'sign-in' : 'mcporter',
  )
}

module.exports = { requestToken }
