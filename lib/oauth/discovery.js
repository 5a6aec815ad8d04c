'use strict'

// Finds a server's authorization server by RFC 9728, and its metadata by RFC 8414 or OpenID
// Connect. Servers older than these have the token endpoint at a fixed path.

const { addressProblem, safeAddress } = require('./address')
const { getMetadata, jsonOf } = require('./http')
const { library } = require('./library')
const { NoToken } = require('./problem')

/**
 * @typedef {object} Authority
 * @property {import('./library').AuthorizationServer} metadata - with a safe token endpoint
 * @property {string[]} origins - those that the configuration names
 * @property {string} [resource] - what the token is for, by the server's own word
 */

/**
 * @param {string} serverUrl
 * @param {{ signal: AbortSignal, issuer?: string }} options
 *   - `issuer`: the authorization server that the configuration names
 * @returns {Promise<Authority>}
 * @throws {NoToken}
 */
async function discover(serverUrl, { signal, issuer: given }) {
  const server = new URL(serverUrl)
  const origins = [server.origin, ...(given === undefined ? [] : [new URL(given).origin])]
  if (given === undefined) safeAddress(server.href, 'the server', origins)
  const isSafe = addressProblem(server, origins) === undefined
  const described = isSafe ? await protectedResource(server, signal) : undefined
  const named = given ?? described?.authorization_servers?.[0] ?? new URL('/', server).href
  const issuer = safeAddress(named, 'the authorization server', origins)
  const metadata = await authorizationServer(issuer, signal)
  const endpoint = metadata.token_endpoint ?? new URL('/token', issuer).href
  safeAddress(endpoint, 'the token endpoint', origins)
  return {
    metadata: { ...metadata, token_endpoint: endpoint },
    origins,
    resource: described?.resource,
  }
}

/**
 * Returns the server's description of itself, from a well-known place or the one that it names.
 * @param {URL} server
 * @param {AbortSignal} signal
 * @returns {Promise<import('./library').ResourceServer | undefined>}
 */
async function protectedResource(server, signal) {
  const place = '/.well-known/oauth-protected-resource'
  const paths = server.pathname === '/' ? [place] : [place + withoutSlash(server.pathname), place]
  for (const path of paths) {
    const url = new URL(path, server)
    // Only the first place is for this exact address.
    if (path !== place) url.search = server.search
    const response = await getMetadata(url, signal)
    if (response !== undefined) return ofServer(response, server)
  }
  const named = await namedPlace(server, signal)
  const response = named && (await getMetadata(named, signal))
  return response && ofServer(response, server)
}

/**
 * Returns the place that the server names when it refuses a request, if it is the server's own.
 * @param {URL} server
 * @param {AbortSignal} signal
 */
async function namedPlace(server, signal) {
  const headers = { accept: 'text/event-stream' }
  const response = await fetch(server, { signal, redirect: 'manual', headers })
  await response.body?.cancel()
  const challenge = response.headers.get('www-authenticate') ?? ''
  const place = /\bresource_metadata="([^"]{1,2000})"/i.exec(challenge)?.[1]
  if (response.status !== 401 || place === undefined || !URL.canParse(place)) return undefined
  const url = new URL(place)
  return url.origin === server.origin ? url : undefined
}

/**
 * Checks a description of a protected resource.
 * @param {Response} response
 * @param {URL} server
 */
async function ofServer(response, server) {
  const { resource } = await jsonOf(response)
  if (!isFor(resource, server))
    throw new NoToken('the protected resource that the server describes is another one', 'none')
  const { processResourceDiscoveryResponse } = await library()
  return processResourceDiscoveryResponse(new URL(resource), response)
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

/**
 * @param {URL} issuer
 * @param {AbortSignal} signal
 * @returns {Promise<import('./library').AuthorizationServer>}
 */
async function authorizationServer(issuer, signal) {
  const path = withoutSlash(issuer.pathname)
  // The library asks for the first and the last of these places only.
  const places = [
    `/.well-known/oauth-authorization-server${path}`,
    `/.well-known/openid-configuration${path}`,
  ]
  if (path !== '') places.push(`${path}/.well-known/openid-configuration`)
  for (const place of places) {
    const response = await getMetadata(new URL(place, issuer), signal)
    if (response === undefined) continue
    const { issuer: name } = await jsonOf(response)
    if (typeof name !== 'string' || !isSameIssuer(name, issuer.href))
      throw new NoToken('the authorization server calls itself by another name', 'none')
    const { processDiscoveryResponse } = await library()
    return processDiscoveryResponse(new URL(name), response)
  }
  return { issuer: issuer.href }
}

/** @param {string} one @param {string} other */
function isSameIssuer(one, other) {
  return withoutSlash(one) === withoutSlash(other)
}

/** @param {string} path */
function withoutSlash(path) {
  return path.replace(/\/$/, '')
}

module.exports = { discover, isSameIssuer }
