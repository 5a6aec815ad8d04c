'use strict'

// The servers of mcporter's configuration, as a pool of sessions takes them.

const { placesHere } = require('./config/places')
const { isAllowed } = require('./config/tool-filter')
const { WatchedConfiguration } = require('./config/watch')
const { withoutNpx } = require('./npx-bypass')
const { accessToken, withToken } = require('./oauth-store')

/** How long before a stored token ends it is looked up again, in ms. */
const EARLY = 60_000

/**
 * @typedef {import('./config').Configuration} Configuration
 * @typedef {import('./config/server').Server} Server
 * @typedef {import('./config/places').Places} Places
 * @typedef {import('../mcp/servers').Configured} Configured
 * @typedef {{ configPath?: string, cwd?: string, env?: Record<string, string | undefined>, npxBypass?: boolean }} Settings
 */

/** @param {Settings} settings @returns {import('../mcp/servers').Source} */
function mcporterServers({ configPath, cwd = process.cwd(), env, npxBypass = true }) {
  const places = () => placesHere({ configPath, cwd, env })
  const watched = new WatchedConfiguration({ places })
  /** @type {{ configuration: Configuration, until: number, servers: Promise<Map<string, Configured>> } | undefined} */
  let made

  async function servers() {
    const configuration = await watched.get()
    if (made?.configuration !== configuration || Date.now() > made.until) {
      const making = { configuration, until: Infinity, servers: make(configuration) }
      made = making
      making.servers.catch(() => {
        if (made === making) made = undefined
      })
    }
    return made.servers
  }

  /** @param {Configuration} configuration */
  async function make(configuration) {
    const here = places()
    let until = Infinity
    const all = await Promise.all(
      configuration.servers.map(async (server) => {
        const { expiresAt = Infinity, ...signed } = await signedIn(server, here)
        until = Math.min(until, expiresAt - EARLY)
        const transport = npxBypass ? await direct(signed.transport, cwd) : signed.transport
        const use = useOf(server.lifecycle, configuration.idleTimeout)
        return { name: server.name, use, needs: signed.needs, transport, allows: isAllowed.bind(null, server) }
      }),
    )
    if (made?.configuration === configuration) made.until = until
    return new Map(all.map((server) => [server.name, server]))
  }

  return { servers }
}

/** With the token that mcporter has stored, where it takes one. @param {Server} server @param {Places} places */
async function signedIn({ needs, ...server }, places) {
  const { transport, definition } = server
  const isSigned = needs === 'oauth' || needs === 'refresh'
  if (!isSigned || definition === undefined) return { transport, needs }
  const token = await accessToken(definition, places)
  if ('needs' in token) return { transport, needs: token.needs }
  const signed = withToken(server, token.accessToken)
  return signed === undefined ? { transport, needs } : { transport: signed, expiresAt: token.expiresAt }
}

/** Without npx, where its package is here already. @param {Server['transport']} transport @param {string} cwd */
async function direct(transport, cwd) {
  if (transport?.kind !== 'stdio') return transport
  return (await withoutNpx(transport, { cwd })) ?? transport
}

/**
 * Who is to live on between calls has a state, which two calls at once would share and an early end would lose.
 * @param {import('./config/lifecycle').Lifecycle | undefined} lifecycle @param {number} [idleTimeout]
 */
function useOf(lifecycle, idleTimeout = Infinity) {
  if (lifecycle === undefined) return {}
  if (lifecycle.mode === 'ephemeral') return { maxInFlight: 1, maxUses: 1, instances: 2 ** 32 - 1 }
  return { maxInFlight: 1, idleTimeout: lifecycle.idleTimeoutMs ?? idleTimeout }
}

module.exports = { mcporterServers }
