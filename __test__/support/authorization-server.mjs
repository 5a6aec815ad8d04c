// An MCP server's authorization server on this machine: it gives each refresh token away once, and
// notes what it is asked.

import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

/**
 * @param {import('node:test').TestContext} t
 * @param {{ resource?: object | false, metadata?: object | false, answer?: object, status?: number,
 *   delay?: Promise<void> }} [options]
 * what it says otherwise, with `{url}` for its own; `false` for nothing
 */
export async function startAuthorizationServer(
  t,
  { resource, metadata, answer, status = 200, delay } = {},
) {
  /** @type {{ authorization?: string, body: Record<string, string>, path?: string }[]} */
  const asked = []
  const state = { refreshToken: 'refresh-0', issued: 0 }
  const server = createServer(async (request, response) => {
    const reply = (value, code = 200) => {
      response.writeHead(code, { 'content-type': 'application/json' })
      response.end(JSON.stringify(value).replaceAll('{url}', url))
    }
    if (request.url === '/.well-known/oauth-protected-resource/mcp' && resource !== false) {
      return reply({
        resource: `${url}/mcp`,
        authorization_servers: [`${url}/tenant`],
        ...resource,
      })
    }
    if (request.url === '/.well-known/oauth-authorization-server/tenant' && metadata !== false) {
      return reply({ issuer: `${url}/tenant`, token_endpoint: `${url}/tenant/token`, ...metadata })
    }
    if (request.method !== 'POST' || !/\/token$/.test(request.url ?? '')) return reply({}, 404)
    const body = Object.fromEntries(new URLSearchParams(await text(request)))
    asked.push({ authorization: request.headers.authorization, body, path: request.url })
    await delay
    if (status !== 200) return reply(answer ?? {}, status)
    if (body.refresh_token !== state.refreshToken) return reply({ error: 'invalid_grant' }, 400)
    state.issued++
    state.refreshToken = `refresh-${state.issued}`
    reply(
      answer ?? {
        access_token: `access-${state.issued}`,
        token_type: 'Bearer',
        refresh_token: state.refreshToken,
        expires_in: 3600,
      },
    )
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`
  return { url, asked }
}
