'use strict'

const { SessionPool } = require('./mcp/pool')

/** The public pool: its servers are those given in code and those of mcporter's configuration. */
class McpPool extends SessionPool {
  /** @param {Record<string, any>} [options] */
  constructor(options) {
    super(options, configured(options ?? {}))
  }
}

/**
 * Returns mcporter's servers, unless all servers are given in code.
 * @param {Record<string, any>} options
 */
function configured({ configPath, servers }) {
  if (configPath === undefined && servers !== undefined) return undefined
  return require('./mcporter/servers').mcporterServers({ configPath })
}

module.exports = { McpPool }
