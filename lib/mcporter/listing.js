'use strict'

// The listing that `mcporter list SERVER --json` (0.9) prints of a server that answered, without
// mcporter.

const { optionsOf } = require('./tool-options')

/**
 * @param {{ name: string, description?: import('../mcp/servers').Description }} server
 * @param {any[]} tools - as the server lists them
 * @param {number} durationMs
 */
function listing({ name, description: known }, tools, durationMs) {
  const about = {
    description: known?.description,
    transport: known && summary(known.transport),
    source: known?.source,
  }
  // JSON leaves out what there is none of, as mcporter's output does.
  return JSON.parse(
    JSON.stringify({
      mode: 'server',
      name,
      status: 'ok',
      durationMs,
      ...about,
      tools: tools.map(describedTool),
    }),
  )
}

/** @param {any} tool */
function describedTool({ name, description, inputSchema, outputSchema }) {
  return { name, description, inputSchema, outputSchema, options: optionsOf(inputSchema) }
}

/** @param {import('../mcp/servers').Description['transport']} transport */
function summary(transport) {
  if (transport.kind === 'http') return `HTTP ${transport.url}`
  return `STDIO ${[transport.command, ...transport.args].join(' ').trim()}`
}

module.exports = { listing }
