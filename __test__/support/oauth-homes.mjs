// Homes with what mcporter has stored for a server, and the server that issues its tokens.

import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import configuration from '../../lib/mcporter/config/index.js'
import vault from '../../lib/mcporter/oauth/vault.js'
import store from '../../lib/mcporter/oauth-store.js'
import { temporaryFolder } from '../fixtures/mcp-servers.mjs'
import { CLIENT, startAuthorizationServer } from './authorization-server.mjs'
import { makeHome } from './homes.mjs'
import { folder as mcporter } from './mcporter.mjs'
import { memoryFiles } from './memory-files.mjs'

const parent = temporaryFolder()
export const seconds = () => Math.floor(Date.now() / 1000)
export const OLD = { access_token: 'access-0', token_type: 'Bearer', refresh_token: 'refresh-0' }
export const PAST = { expires_in: 60, expires_at: 1000 }
export const server = { auth: 'oauth' }
export const METADATA = '/.well-known/oauth-authorization-server/tenant'
export const RESOURCE = '/.well-known/oauth-protected-resource/mcp'

/** A server of this configuration, and a home with what mcporter has stored for it. */
export async function signedIn(
  entry,
  { tokens, client = CLIENT, env = {}, files = {}, name = 'it' } = {},
) {
  const { home, here } = makeHome(parent, files)
  const given = {
    HOME: home,
    ...Object.fromEntries(Object.entries(env).map(([key, value]) => [key, here(value)])),
  }
  const config = {
    '/app/config/mcporter.json': {
      imports: [],
      mcpServers: { [name]: JSON.parse(here(JSON.stringify(entry))) },
    },
  }
  const places = {
    env: given,
    home,
    cwd: '/app',
    platform: process.platform,
    files: memoryFiles(config),
  }
  const { servers } = await configuration.readConfiguration(places)
  const [{ definition }] = servers
  const file = await vault.vaultFile(places)
  if (tokens) {
    const stored = {
      serverName: name,
      serverUrl: entry.url,
      updatedAt: new Date().toISOString(),
      tokens,
      clientInfo: client,
    }
    mkdirSync(dirname(file), { recursive: true })
    const other = {
      serverName: 'other',
      updatedAt: 'x',
      tokens: { access_token: 'o' },
      future: [1],
    }
    writeFileSync(
      file,
      JSON.stringify({
        version: 1,
        entries: { [vault.vaultKey(definition)]: stored, other },
        more: 1,
      }),
    )
  }
  return {
    ...{ definition, places, home, file, server: servers[0] },
    token: (options) => store.accessToken(definition, places, options),
    stored: () => JSON.parse(readFileSync(file, 'utf8')).entries[vault.vaultKey(definition)],
  }
}

/** A server with an expired token, and its authorization server. */
export async function expired(t, { stored = PAST, client = CLIENT, entry, env, ...options } = {}) {
  const authority = await startAuthorizationServer(t, options)
  const clientId = options.clients?.[0].client_id
  const old = { ...(await authority.signIn(clientId)), ...stored }
  const tokens = JSON.parse(JSON.stringify(old).replaceAll('{url}', authority.url))
  const who = await signedIn(
    { url: authority.mcpUrl, ...server, ...entry },
    { tokens, client, env },
  )
  return { authority, who, old }
}

/** What the real mcporter makes of its store. @param {{ home: string, definition: any }} who */
export function mcporterTokens({ home, definition }, job = {}, env = {}) {
  const script = fileURLToPath(new URL('../fixtures/mcporter-tokens.mjs', import.meta.url))
  const { name, transport, oauth, auth } = definition
  const asked = {
    server: { name, auth, url: transport.url, tokenCacheDir: oauth.tokenCacheDir },
    ...job,
  }
  return new Promise((resolve, reject) => {
    const place = {
      env: { PATH: process.env.PATH, HOME: home, USERPROFILE: home, ...env },
      timeout: 60_000,
    }
    const child = execFile(process.execPath, [script, mcporter], place, (error, stdout) =>
      error ? reject(error) : resolve(JSON.parse(stdout)),
    )
    child.stdin?.end(JSON.stringify(asked))
  })
}
