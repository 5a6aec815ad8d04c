// The client under test: a pool with one server, at the address of the last argument. It lists the
// tools and calls each of them, with the arguments that the suite names for its scenario.

import procward from '../../../index.js'

const [url] = process.argv.slice(-1)
const {
  MCP_CONFORMANCE_SCENARIO: scenario,
  MCP_CONFORMANCE_PROTOCOL_VERSION: version,
  MCP_CONFORMANCE_CONTEXT: context = '{}',
} = process.env
/** The handshake of 2025-11-25 agrees on earlier versions, too. */
const protocol = version === undefined || version === '2026-07-28' ? version : '2025-11-25'

const pool = new procward.McpPool({
  servers: { it: { url, protocol } },
  handlers: {
    elicitation: ({ requestedSchema }) => ({ action: 'accept', content: filled(requestedSchema) }),
    sampling: () => ({
      role: 'assistant',
      content: { type: 'text', text: 'an answer' },
      model: 'none',
    }),
    roots: () => ({ roots: [] }),
  },
})
try {
  const tools = await pool.listTools('it')
  const calls = JSON.parse(context).toolCalls ?? tools.map((tool) => callOf(tool, tools))
  // At once, so that an answer to one call could be mistaken for one to another.
  await Promise.all(calls.map((call) => pool.callTool('it', call.name, call.arguments)))
  if (scenario === 'http-standard-headers') await readAll()
} finally {
  await pool.close()
}

/** Reads all that is no tool. Few servers of the suite have any. */
async function readAll() {
  const { resources } = await pool.listResources('it')
  for (const { uri } of resources) await pool.readResource('it', uri)
  const { prompts } = await pool.listPrompts('it')
  for (const { name } of prompts) await pool.getPrompt('it', name)
}

/** Fills a form as a person would who changes no default. @param {any} schema */
function filled({ properties }) {
  return Object.fromEntries(
    Object.entries(properties)
      .map(([name, property]) => [name, defaultOf(property)])
      .filter(([, value]) => value !== undefined),
  )
}

/** @param {any} property */
function defaultOf({ type, default: value }) {
  return value ?? (type === 'boolean' ? true : undefined)
}

/** @param {any} tool @param {any[]} tools */
function callOf({ name, inputSchema }, tools) {
  const args =
    scenario === 'json-schema-2020-12-preservation'
      ? { schema: tools[0].inputSchema }
      : Object.fromEntries(
          (inputSchema.required ?? []).map((key) => [key, argument(key, inputSchema)]),
        )
  return { name, arguments: args }
}

/** @param {string} key @param {any} schema */
function argument(key, { properties }) {
  return { string: 'text', number: 5, integer: 5, boolean: true }[properties[key]?.type] ?? {}
}
