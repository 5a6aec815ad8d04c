'use strict'

// Finds a server's token endpoint: its authorization server by RFC 9728, that server's endpoint by
// RFC 8414 or OpenID Connect. Servers older than these have the endpoint at a fixed path.

const { getMetadata } = require('./http')
const { NoToken } = require('./problem')

/**
 * @typedef {object} TokenEndpoint
 * @property {URL} url
 * @property {string[]} methods - of client authentication; empty when the server names none
 * @property {string} [resource] - what the token is for, by the server's own word
 */

/**
 * @param {string} serverUrl
 * @param {AbortSignal} signal
 * @returns {Promise<TokenEndpoint>}
 * @throws {NoToken}
 */
async function discover(serverUrl, signal) {
  const server = new URL(serverUrl)
  const resource = await protectedResource(server, signal)
  const named = resource?.authorization_servers?.[0]
  const issuer =
    typeof named === 'string' && URL.canParse(named) ? new URL(named) : new URL('/', server.href)
  const metadata = await authorizationServer(issuer, signal)
  const endpoint = metadata?.token_endpoint ?? '/token'
  if (!URL.canParse(endpoint, issuer.href))
    throw new NoToken('the authorization server has no token endpoint')
  const url = new URL(endpoint, issuer)
  const methods = metadata?.token_endpoint_auth_methods_supported
  return { url, methods: Array.isArray(methods) ? methods : [], resource: resource?.resource }
}

/** @param {URL} server @param {AbortSignal} signal */
async function protectedResource(server, signal) {
  const place = '/.well-known/oauth-protected-resource'
  const paths = server.pathname === '/' ? [place] : [place + withoutSlash(server.pathname), place]
  for (const path of paths) {
    const url = new URL(path, server)
    // Only the first place is for this exact address.
    if (path !== place) url.search = server.search
    const found = await getMetadata(url, signal)
    if (found === undefined) continue
    if (isFor(found.resource, server)) return found
    throw new NoToken('the protected resource that the server describes is another one')
  }
  return undefined
}

/**
 * Returns whether a token for that resource is valid for this server.
 * @param {unknown} resource
 * @param {URL} server
 */
function isFor(resource, server) {
  if (typeof resource !== 'string' || !URL.canParse(resource)) return false
  const { origin, pathname } = new URL(resource)
  return (
    origin === server.origin &&
    `${withoutSlash(server.pathname)}/`.startsWith(`${withoutSlash(pathname)}/`)
  )
}

/** @param {URL} issuer @param {AbortSignal} signal */
async function authorizationServer(issuer, signal) {
  const path = withoutSlash(issuer.pathname)
  const places = [
    `/.well-known/oauth-authorization-server${path}`,
    `/.well-known/openid-configuration${path}`,
  ]
  if (path !== '') places.push(`${path}/.well-known/openid-configuration`)
  for (const place of places) {
    const found = await getMetadata(new URL(place, issuer), signal)
    if (found === undefined) continue
    if (withoutSlash(String(found.issuer)) === withoutSlash(issuer.href)) return found
    throw new NoToken('the authorization server calls itself by another name')
  }
  return undefined
}

/** @param {string} path */
function withoutSlash(path) {
  return path.replace(/\/$/, '')
}

module.exports = { discover }
