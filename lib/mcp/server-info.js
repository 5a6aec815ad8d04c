'use strict'

// The outcome of the handshake with a server.

const { objectAnswer } = require('./answers')
const { isObject } = require('../validate')

/** The version of servers without a handshake, which name everything with each request. */
const WITHOUT_HANDSHAKE = '2026-07-28'
const IN_META = 'io.modelcontextprotocol/serverInfo'

/**
 * Returns what a server says of itself. A member of a wrong type is left out.
 * @param {{ protocolVersion?: string, result?: any }} handshake
 * @returns {import('../../index').McpServerInfo}
 */
function serverInfo({ protocolVersion, result }) {
  const { serverInfo, instructions, capabilities, _meta } = objectAnswer('initialize', result)
  const { name, version } = serverInfo ?? _meta?.[IN_META] ?? {}
  return /** @type {any} */ ({
    name: textOf(name),
    version: textOf(version),
    instructions: textOf(instructions),
    protocolVersion,
    capabilities: isObject(capabilities) ? capabilities : {},
  })
}

/** @param {{ protocolVersion: string }} info */
function hasHandshake({ protocolVersion }) {
  return protocolVersion !== WITHOUT_HANDSHAKE
}

/** @param {unknown} value */
function textOf(value) {
  return typeof value === 'string' ? value : undefined
}

module.exports = { hasHandshake, serverInfo }
