// An MCP server of the official SDK that takes tokens, and its authorization server
// (oidc-provider), at one address of this machine. Each refresh token is given away once.

import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'

const { default: Provider } = await quietly(() => import('oidc-provider'))

const ACCOUNT = 'somebody'
const SCOPE = 'mcp'

/** Marks an address that has nothing. */
export const NOTHING = { status: 404, body: {} }

/** The client that a person signed in with, unless a test says otherwise. */
export const CLIENT = {
  client_id: 'client-id_1',
  token_endpoint_auth_method: 'none',
  redirect_uris: ['http://127.0.0.1/'],
  grant_types: ['authorization_code', 'refresh_token'],
}

/** A client that needs no person. */
export const MACHINE = {
  client_id: 'machine-1',
  client_secret: 'a+b/c_d-e f:g%',
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  scope: SCOPE,
}

/**
 * @param {import('node:test').TestContext} t
 * @typedef {{ status?: number, body?: unknown, headers?: Record<string, string> }} Answer
 * @param {{ clients?: object[], lifetime?: number, resource?: string, tenant?: string,
 *   described?: string, answers?: Record<string, Answer> }} [options]
 *   - `lifetime`: of access tokens in s; `resource`: the path that tokens are for; `tenant`: the
 *   path of the issuer; `described`: the place of the MCP server's description; `answers`: the
 *   answers to give instead, by path, with `{url}` for the origin
 */
export async function startAuthorizationServer(
  t,
  {
    clients = [CLIENT, MACHINE],
    lifetime = 3600,
    resource = '/mcp',
    tenant = '/tenant',
    described = '/.well-known/oauth-protected-resource/mcp',
    answers = {},
  } = {},
) {
  /** @type {{ authorization?: string, body: Record<string, string>, path: string }[]} */
  const asked = []
  /** @type {string[]} */
  const paths = []
  /** @type {string[]} */
  const issued = []
  let calls = 0
  const server = createServer(async (request, response) => {
    const path = request.url ?? ''
    paths.push(path)
    const answer = answers[path]
    if (answer !== undefined) return reply(response, answer, url)
    if (path === '/mcp') return mcp(request, response)
    if (path === described) {
      const body = { resource: `${url}${resource}`, authorization_servers: [issuer] }
      return reply(response, { body }, url)
    }
    if (path === `${tenant}/token`) {
      const body = await text(request)
      const { authorization } = request.headers
      asked.push({ authorization, body: Object.fromEntries(new URLSearchParams(body)), path })
      // The package takes a body that was read already.
      Object.assign(request, { body })
    }
    // The issuer's path comes first, or last in a well-known place.
    const isOwn = path.startsWith(`${tenant}/`)
    if (!isOwn && !path.endsWith(tenant)) return reply(response, NOTHING, url)
    const inner = isOwn ? path.slice(tenant.length) : path.slice(0, -tenant.length)
    Object.assign(request, { originalUrl: `${tenant}${inner}`, baseUrl: tenant, url: inner })
    handle(request, response)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  t.after(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const url = `http://127.0.0.1:${port}`
  const issuer = url + tenant
  const provider = await quietly(() => providerOf(issuer, `${url}${resource}`, clients, lifetime))
  const handle = provider.callback()
  for (const kind of ['access_token', 'client_credentials'])
    provider.on(`${kind}.saved`, (token) => issued.push(token.jti))

  /** Returns the kinds of tokens that the MCP server takes. @param {string} value */
  async function findToken(value) {
    return (
      (await provider.ClientCredentials.find(value)) ?? (await provider.AccessToken.find(value))
    )
  }

  /** @type {import('node:http').RequestListener} */
  async function mcp(request, response) {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    const found = token && (await findToken(token))
    if (!found || found.isExpired || found.aud !== `${url}${resource}`) {
      const challenge = `Bearer resource_metadata="${url}${described}"`
      const headers = { 'www-authenticate': challenge }
      return reply(response, { status: 401, headers, body: { error: 'invalid_token' } }, url)
    }
    const program = new McpServer({ name: 'signed', version: '1.0.0' })
    program.registerTool('whoami', {}, () => ({
      content: [{ type: 'text', text: who() }],
    }))
    function who() {
      calls++
      return `${found.clientId} ${found.scope ?? ''}`.trim()
    }
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined })
    response.on('close', () => program.close())
    await program.connect(transport)
    await transport.handleRequest(request, response)
  }

  /**
   * Signs somebody in as a browser would, and returns the tokens that mcporter would store.
   * @param {string} [clientId]
   */
  async function signIn(clientId = CLIENT.client_id) {
    const client = await provider.Client.find(clientId)
    const grant = new provider.Grant({ accountId: ACCOUNT, clientId })
    grant.addResourceScope(`${url}${resource}`, SCOPE)
    const grantId = await grant.save()
    const claims = { accountId: ACCOUNT, client, grantId, gty: 'authorization_code', scope: SCOPE }
    const refreshToken = new provider.RefreshToken({ ...claims, resource: `${url}${resource}` })
    const accessToken = new provider.AccessToken(claims)
    accessToken.resourceServer = new provider.ResourceServer(`${url}${resource}`, {
      ...resourceServer(`${url}${resource}`, lifetime),
    })
    return {
      access_token: await accessToken.save(),
      token_type: 'Bearer',
      refresh_token: await refreshToken.save(),
      scope: SCOPE,
    }
  }

  /** Makes a token useless before its end. @param {string} value */
  async function revoke(value) {
    await (await findToken(value))?.destroy()
  }

  return {
    ...{ url, issuer, mcpUrl: `${url}/mcp`, asked, paths, answers, signIn, revoke, findToken },
    /** Returns all access tokens that were given away. */
    issued: () => issued,
    /** Returns how many calls of the tool were executed. */
    calls: () => calls,
  }
}

/**
 * Leaves out the package's warnings that it is not set up for production.
 * @template T
 * @param {() => T | Promise<T>} work
 */
async function quietly(work) {
  const { warn, info } = console
  Object.assign(console, { warn() {}, info() {} })
  try {
    return await work()
  } finally {
    Object.assign(console, { warn, info })
  }
}

/**
 * @param {string} issuer
 * @param {string} resource
 * @param {object[]} clients
 * @param {number} lifetime
 */
function providerOf(issuer, resource, clients, lifetime) {
  return new Provider(issuer, {
    clients,
    scopes: [SCOPE],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'] },
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    cookies: { keys: ['key'] },
    ttl: { AccessToken: lifetime, ClientCredentials: lifetime, Grant: 3600, RefreshToken: 3600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        getResourceServerInfo: (_, name) => resourceServer(name, lifetime),
      },
    },
  })
}

/** @param {string} audience @param {number} accessTokenTTL */
function resourceServer(audience, accessTokenTTL) {
  return { scope: SCOPE, audience, accessTokenTTL, accessTokenFormat: 'opaque' }
}

/** @param {import('node:http').ServerResponse} response */
function reply(response, { status = 200, body, headers = {} }, url) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  const written = typeof body === 'string' ? body : JSON.stringify(body)
  response.end(written.replaceAll('{url}', url))
}
