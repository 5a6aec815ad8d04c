// Bearer tokens that are refreshed by the configuration's own settings.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import store from '../lib/mcporter/oauth-store.js'
import { CLIENT, startAuthorizationServer } from './support/authorization-server.mjs'
import { OLD, PAST, signedIn } from './support/oauth-homes.mjs'

describe('a bearer token that is refreshed', () => {
  const entry = (authority) => ({
    auth: 'refreshable_bearer',
    refresh: {
      tokenEndpoint: `${authority.issuer}/token`,
      clientIdEnv: 'ID',
      client_secret_env: 'SECRET',
      accessTokenEnv: 'TOKEN',
    },
  })
  const web = {
    ...CLIENT,
    client_id: 'i:d',
    client_secret: 's 1+2',
    token_endpoint_auth_method: 'client_secret_basic',
  }
  const env = { ID: 'i:d', SECRET: 's 1+2' }

  /** A server with such a token. */
  async function bearer(t, { reach, variables = env }) {
    const authority = await startAuthorizationServer(t, { clients: [web] })
    const tokens = { ...(await authority.signIn('i:d')), ...PAST }
    const who = await signedIn(
      { ...reach(authority), ...entry(authority) },
      { tokens, env: variables },
    )
    return { authority, who }
  }

  test('for a URL', async (t) => {
    const reach = ({ mcpUrl }) => ({ url: mcpUrl, headers: { 'X-A': 'a' } })
    const { authority, who } = await bearer(t, { reach })
    assert.equal(who.server.needs, 'refresh')
    const { accessToken } = await who.token()
    const basic = `Basic ${Buffer.from('i%3Ad:s+1%2B2').toString('base64')}`
    assert.deepEqual(
      authority.asked.map(({ authorization, body }) => [authorization, body.client_id]),
      [[basic, undefined]],
    )
    const { headers } = store.withToken(who.server, accessToken)
    assert.deepEqual(headers, { 'X-A': 'a', Authorization: `Bearer ${accessToken}` })
  })

  test('for a command', async (t) => {
    const reach = () => ({ command: ['node', 'a.js'], env: { A: '1' } })
    const { who } = await bearer(t, { reach })
    assert.equal(who.server.needs, 'refresh')
    const { accessToken } = await who.token()
    const { kind, ...transport } = store.withToken(who.server, accessToken)
    assert.deepEqual([kind, transport.env.A, transport.env.TOKEN], ['stdio', '1', accessToken])
  })

  test('only with the variables that it needs', async (t) => {
    const reach = ({ mcpUrl }) => ({ url: mcpUrl })
    const { authority, who } = await bearer(t, { reach, variables: { ID: 'i:d' } })
    assert.deepEqual(await who.token(), {
      needs: 'refresh',
      reason: 'the environment variable SECRET must be set',
    })
    assert.equal(authority.asked.length, 0)
  })

  test('only if one is stored', async () => {
    const entry = { command: 'node', auth: 'refreshable_bearer' }
    const answer = await (await signedIn(entry, { name: 'it is' })).token()
    assert.deepEqual([answer.needs, answer.command], ['sign-in', 'mcporter vault set "it is"'])
  })

  test('only with an address for the refresh', async () => {
    const tokens = { ...OLD, ...PAST }
    const who = await signedIn({ command: 'node', auth: 'refreshable_bearer' }, { tokens })
    assert.match((await who.token()).reason, /no refresh\.tokenEndpoint/)
    assert.equal(store.withToken(who.server, 'x'), undefined)
  })
})
