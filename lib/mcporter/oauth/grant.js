'use strict'

// The refresh token grant of OAuth 2 (RFC 6749, section 6).

const { readObject } = require('./http')
const { NoToken } = require('./problem')

/** @typedef {'client_secret_basic' | 'client_secret_post' | 'none'} Method */

/**
 * @typedef {object} Client
 * @property {string} [id]
 * @property {string} [secret]
 * @property {string} [method] - of client authentication, if it is settled
 * @property {boolean} isEncoded
 *   - whether in the header its id and secret are encoded, as the RFC wants and the MCP SDK doesn't
 */

/**
 * @param {{ url: URL, methods: string[], resource?: string }} endpoint
 * @param {Client} client
 * @param {string} refreshToken
 * @param {AbortSignal} signal
 * @returns {Promise<import('./vault').Tokens>} with the old refresh token where there is no new one
 * @throws {NoToken}
 */
async function refresh({ url, methods, resource }, client, refreshToken, signal) {
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal)) {
    throw new NoToken('the token endpoint is not safe: it has no https address')
  }
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken })
  if (resource !== undefined) body.set('resource', resource)
  const headers = new Headers({ accept: 'application/json' })
  identify(client, methodOf(client, methods), headers, body)
  // A redirect would carry the tokens elsewhere.
  const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' })
  if (!response.ok) {
    const { error } = await readObject(response).catch(() => ({ error: undefined }))
    const said = typeof error === 'string' && /^[\w.-]{1,50}$/.test(error) ? ` (${error})` : ''
    throw new NoToken(
      `the authorization server refused to refresh the token with status ${response.status}${said}`,
    )
  }
  return tokensOf(await readObject(response), refreshToken)
}

/**
 * @param {Record<string, any>} answer
 * @param {string} refreshToken
 * @returns {import('./vault').Tokens}
 */
function tokensOf(answer, refreshToken) {
  const { access_token, token_type, refresh_token, expires_in, scope, id_token } = answer
  if (typeof access_token !== 'string' || access_token.trim() === '') {
    throw new NoToken('the authorization server answered without an access token')
  }
  const seconds = Number.parseFloat(expires_in)
  const lifetime = Number.isFinite(seconds)
    ? { expires_in: seconds, expires_at: Math.floor(Date.now() / 1000) + seconds }
    : {}
  return {
    access_token,
    token_type: typeof token_type === 'string' && token_type !== '' ? token_type : 'Bearer',
    refresh_token:
      typeof refresh_token === 'string' && refresh_token !== '' ? refresh_token : refreshToken,
    ...(typeof scope === 'string' && { scope }),
    ...(typeof id_token === 'string' && { id_token }),
    ...lifetime,
  }
}

/** @param {Client} client @param {string[]} supported @returns {Method} */
function methodOf({ secret, method }, supported) {
  const hasSecret = secret !== undefined
  const fits = (/** @type {Method} */ each) => supported.length === 0 || supported.includes(each)
  const settled = /** @type {const} */ (['client_secret_basic', 'client_secret_post', 'none']).find(
    (each) => each === method,
  )
  if (settled !== undefined && fits(settled)) return settled
  if (hasSecret && fits('client_secret_basic')) return 'client_secret_basic'
  if (hasSecret && supported.includes('client_secret_post')) return 'client_secret_post'
  if (!hasSecret || supported.includes('none')) return 'none'
  return 'client_secret_post'
}

/**
 * @param {Client} client
 * @param {Method} method
 * @param {Headers} headers
 * @param {URLSearchParams} body
 */
function identify({ id, secret, isEncoded }, method, headers, body) {
  if (method === 'client_secret_basic') {
    if (id === undefined || secret === undefined)
      throw new NoToken('the client has no id or no secret to show')
    const pair = [id, secret].map((each) => (isEncoded ? formEncoded(each) : each)).join(':')
    headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`)
    return
  }
  if (id !== undefined) body.set('client_id', id)
  if (method === 'client_secret_post' && secret !== undefined) body.set('client_secret', secret)
}

/** @param {string} text */
function formEncoded(text) {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

module.exports = { refresh }
