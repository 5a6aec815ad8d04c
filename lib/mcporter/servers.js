'use strict'

// The servers of mcporter's configuration, as a pool of sessions takes them.

const { placesHere } = require('./config/places')
const { WatchedConfiguration } = require('./config/watch')

/**
 * @param {{ configPath?: string, cwd?: string, env?: Record<string, string | undefined> }} settings
 * @returns {import('../mcp/servers').Source}
 */
function mcporterServers({ configPath, cwd = process.cwd(), env }) {
  const watched = new WatchedConfiguration({ places: () => placesHere({ configPath, cwd, env }) })
  /** @type {import('./config').Configuration | undefined} */
  let last
  /** @type {Map<string, import('../mcp/servers').Configured>} */
  let servers = new Map()
  return {
    async servers() {
      const configuration = await watched.get()
      if (configuration !== last) {
        servers = new Map(configuration.servers.map((server) => [server.name, configured(server, configuration)]))
        last = configuration
      }
      return servers
    },
  }
}

/** @param {import('./config/server').Server} server @param {import('./config').Configuration} configuration @returns {import('../mcp/servers').Configured} */
function configured(server, { idleTimeout }) {
  const { name, transport, needs, allowedTools, blockedTools } = server
  const use = useOf(server.lifecycle, idleTimeout)
  const allows = (/** @type {string} */ tool) =>
    (allowedTools === undefined || allowedTools.includes(tool)) && !blockedTools?.includes(tool)
  return { name, transport, use, needs, allows }
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
