'use strict'

// The servers of mcporter's configuration, in the form that a pool of sessions takes. A stored
// token and the files behind npx are looked up when the server is called.

const { isMcporters } = require('../mcp/failure')
const { RETRY, signedReach } = require('../mcp/signed-server')
const { passedOn } = require('./config/env-file')
const { placesHere, variables } = require('./config/places')
const { isAllowed } = require('./config/tool-filter')
const { WatchedConfiguration } = require('./config/watch')
const { withoutNpx } = require('./npx-bypass')
const { accessToken, withToken } = require('./oauth-store')

/** Milliseconds before its end at which a stored token is looked up again. */
const EARLY = 60_000
/** Milliseconds for which calls go through mcporter after a token could not be had. */
const MCPORTER_RETRY = 30_000

/**
 * @typedef {import('./config').Configuration} Configuration
 * @typedef {import('./config/server').Server} Server
 * @typedef {import('./config/server').Http} Http
 * @typedef {import('./config/places').Places} Places
 * @typedef {Map<string, import('../oauth/client-credentials').ClientCredentials>} Sources
 * @typedef {import('../mcp/servers').Configured} Configured
 * @typedef {import('../mcp/servers').Listing} Listing
 * @typedef {import('../mcp/servers').Reach} Reach
 * @typedef {{ configPath?: string, cwd?: string, env?: Record<string, string | undefined>,
 *   npxBypass?: boolean }} Settings
 */

/** @param {Settings} settings @returns {import('../mcp/servers').Source} */
function mcporterServers({ configPath, cwd = process.cwd(), env, npxBypass = true }) {
  const places = () => placesHere({ configPath, cwd, env })
  const watched = new WatchedConfiguration({ places })
  /** @type {{ configuration: Configuration, listing: Listing } | undefined} */
  let listed
  /**
   * The sources of tokens since the latest change of the files, and those before it: a source stays
   * when only other entries change.
   * @type {{ now: Sources, before: Sources }}
   */
  const credentials = { now: new Map(), before: new Map() }

  /** Returns the same object until the files change. */
  async function list() {
    const configuration = await watched.get()
    if (listed?.configuration !== configuration)
      listed = { configuration, listing: listing(configuration) }
    return listed.listing
  }

  /** @param {Configuration} configuration @returns {Listing} */
  function listing({ servers, unusable, idleTimeout, ignored, missing, refusal }) {
    /** @type {Map<string, Configured>} */
    const all = new Map()
    Object.assign(credentials, { now: new Map(), before: credentials.now })
    for (const server of [...servers, ...unusable]) {
      if (!all.has(server.name)) all.set(server.name, configured(server, idleTimeout))
    }
    return { servers: all, ignored, missing, refusal }
  }

  /** @param {Server} server @param {number} [idleTimeout] @returns {Configured} */
  function configured(server, idleTimeout) {
    const { name, source, definition, needs, reason } = server
    const variables = definition?.fileVariables && passedOn(definition.fileVariables)
    const description = definition && {
      transport: definition.transport,
      description: definition.description,
      source,
    }
    const file = source.path
    const use = useOf(server.lifecycle, idleTimeout)
    return {
      ...{ name, file, description, variables, use, needs, reason },
      identity: () => JSON.stringify([server.key, needs, use]),
      allows: isAllowed.bind(null, server),
      reach: (refused) => reach(server, refused),
    }
  }

  /** @param {Server} server @param {string} [refused] @returns {Promise<Reach>} */
  async function reach(server, refused) {
    const source = credentialsOf(server)
    if (source !== undefined)
      return signedReach(source, /** @type {Http} */ (server.transport), refused)
    const found = await signedIn(server, places(), refused)
    const transport = /** @type {Server['transport']} */ (found.transport)
    return { ...found, transport: npxBypass ? await direct(transport, cwd) : transport }
  }

  /**
   * Returns the source of tokens of a server with `auth: 'client_credentials'`.
   * @param {Server} server
   */
  function credentialsOf({ key, definition, transport, needs }) {
    const { client } = definition?.oauth ?? {}
    if (client === undefined || transport?.kind !== 'http' || needs !== undefined) return undefined
    const { ClientCredentials } = require('../oauth/client-credentials')
    const id = JSON.stringify([key, client])
    const { now, before } = credentials
    const source =
      now.get(id) ??
      before.get(id) ??
      new ClientCredentials(transport.url, client, (name) => variables(places())(name))
    now.set(id, source)
    return source
  }

  return { list }
}

/**
 * Adds the token that mcporter has stored, where the server takes one.
 * @param {Server} server
 * @param {Places} places
 * @param {string} [refused]
 * @returns {Promise<Reach>}
 */
async function signedIn(server, places, refused) {
  const { definition, transport, needs, reason } = server
  const isSigned = needs === 'oauth' || needs === 'refresh'
  if (!isSigned || definition === undefined) return { transport, needs, reason, until: Infinity }
  const token = await accessToken(definition, places, { refused })
  if ('needs' in token) {
    const wait = isMcporters(token.needs) ? MCPORTER_RETRY : RETRY
    return { transport, ...token, until: Date.now() + wait }
  }
  const signed = withToken(server, token.accessToken)
  if (signed === undefined) return { transport, needs, reason, until: Infinity }
  const { accessToken: text, expiresAt = Infinity } = token
  const until = Math.max(expiresAt - EARLY, Date.now() + RETRY)
  return { transport: signed, accessToken: text, until }
}

/**
 * Replaces npx where its package is installed.
 * @param {Server['transport']} transport
 * @param {string} cwd
 */
async function direct(transport, cwd) {
  if (transport?.kind !== 'stdio') return transport
  // npx itself says what is wrong with files that can't be read.
  return (await withoutNpx(transport, { cwd }).catch(() => undefined)) ?? transport
}

/**
 * Returns the limits for a lifecycle. A server that lives on between calls has a state, which
 * concurrent calls would share and an early end would lose.
 * @param {import('./config/lifecycle').Lifecycle | undefined} lifecycle
 * @param {number} [idleTimeout]
 */
function useOf(lifecycle, idleTimeout = Infinity) {
  if (lifecycle === undefined) return {}
  if (lifecycle.mode === 'ephemeral') return { maxInFlight: 1, maxUses: 1, instances: 2 ** 32 - 1 }
  return { maxInFlight: 1, idleTimeout: lifecycle.idleTimeoutMs ?? idleTimeout }
}

module.exports = { mcporterServers }
