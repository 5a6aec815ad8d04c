// The client under test: a pool with one server, at the address of the last argument. It lists the
// tools and calls each of them, with the arguments that the suite names for its scenario. To a
// server that wants a token it signs in as a client, because procward asks no person.

import { createHash } from 'node:crypto'
import procward from '../../../index.js'

const [url] = process.argv.slice(-1)
const {
  MCP_CONFORMANCE_SCENARIO: scenario = '',
  MCP_CONFORMANCE_PROTOCOL_VERSION: version,
  MCP_CONFORMANCE_CONTEXT: context = '{}',
} = process.env
/** The handshake of 2025-11-25 agrees on earlier versions, too. */
const protocol = version === undefined || version === '2026-07-28' ? version : '2025-11-25'

const pool = new procward.McpPool({
  servers: { it: { url, protocol, ...(await signIn()) } },
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
  if (scenario.startsWith('sep-2640-')) await useSkills()
  else await useTools()
  if (scenario === 'http-standard-headers') await readAll()
} finally {
  await pool.close()
}

async function useTools() {
  const tools = await pool.listTools('it')
  const calls = JSON.parse(context).toolCalls ?? tools.map((tool) => callOf(tool, tools))
  // At once, so that an answer to one call could be mistaken for one to another.
  await Promise.all(calls.map((call) => pool.callTool('it', call.name, call.arguments)))
}

/** Lists the skills, and loads each one as a host has to: no file is used that is another one. */
async function useSkills() {
  const { skills } = await pool.listSkills('it')
  if (scenario === 'sep-2640-client-no-prefetch') return
  for (const { uri: main, frontmatter, resources } of skills)
    for (const { uri, size, digest } of resources) {
      const { contents } = await pool.readResource('it', uri)
      const { text } = contents[0]
      const found = `sha256:${createHash('sha256').update(text).digest('hex')}`
      if (Buffer.byteLength(text) !== size || found !== digest) throw new Error('another file')
      const lines = Object.entries(frontmatter).map(([name, value]) => `${name}: ${value}`)
      if (uri === main && text.split('---\n')[1]?.trim() !== lines.join('\n'))
        throw new Error('another frontmatter')
    }
}

/**
 * Returns the settings with which the pool gets a token. The authorization server is on this
 * machine, so the configuration has to name it.
 */
async function signIn() {
  if (!scenario.startsWith('auth/')) return {}
  const { origin, pathname } = new URL(url)
  const place = '/.well-known/oauth-protected-resource'
  const found = await Promise.all(
    [place + pathname, place].map((path) => fetch(new URL(path, origin)).catch(() => undefined)),
  )
  const described = await found.find((response) => response?.ok)?.json()
  const {
    client_id: oauthClientId = 'conformance',
    client_secret: oauthClientSecret = 'none',
    private_key_pem: oauthPrivateKey,
  } = JSON.parse(context)
  const proof = oauthPrivateKey === undefined ? { oauthClientSecret } : { oauthPrivateKey }
  const oauthIssuer = described?.authorization_servers?.[0] ?? origin
  return { auth: 'client_credentials', oauthClientId, oauthIssuer, ...proof }
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
