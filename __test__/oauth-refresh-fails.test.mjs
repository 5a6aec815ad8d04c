// Refreshes that fail: what is said, and that the store stays as it is.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import { CLIENT } from './support/authorization-server.mjs'
import {
  expired,
  METADATA,
  mcporterTokens,
  OLD,
  PAST,
  RESOURCE,
  server,
  signedIn,
} from './support/oauth-homes.mjs'

describe('a refresh that fails', () => {
  const at = (path, body, status = 200) => ({ [path]: { body, status } })
  const token = (body, status) => at('/tenant/token', body, status)
  const metadata = (more) =>
    at(METADATA, { issuer: '{url}/tenant', token_endpoint: '{url}/tenant/token', ...more })

  for (const [name, needs, options, reason] of [
    [
      'with an error',
      'token',
      { answers: token({ error: 'server_error', error_description: 'secret' }, 400) },
      /with status 400 \(server_error\)$/,
    ],
    [
      'with an odd error',
      'token',
      { answers: token({ error: { secret: 1 } }, 401) },
      /with status 401$/,
    ],
    [
      'with a redirect',
      'token',
      { answers: { '/tenant/token': { status: 307, headers: { location: '/token' }, body: {} } } },
      /with status 307$/,
    ],
    [
      'without a token',
      'token',
      { answers: token({ token_type: 'Bearer', secret: 'x' }) },
      /without a usable token$/,
    ],
    [
      'with a token that breaks a header',
      'token',
      { answers: token({ token_type: 'Bearer', access_token: 'a\r\nX: secret' }) },
      /cannot be sent in a header$/,
    ],
    ['with a list', 'token', { answers: token([]) }, /without a usable token$/],
    [
      'at metadata that is away for a while',
      'token',
      { answers: { [METADATA]: { status: 503, body: {} } } },
      /answered with status 503$/,
    ],
    ['with text', 'token', { answers: token('secret') }, /without a usable token$/],
    [
      'at metadata of another issuer',
      'token',
      { answers: metadata({ issuer: 'https://evil.example' }) },
      /calls itself by another name$/,
    ],
    [
      'at a resource elsewhere',
      'token',
      { answers: at(RESOURCE, { resource: 'https://evil.example/mcp' }) },
      /is another one$/,
    ],
    [
      'at a resource beside it',
      'token',
      { answers: at(RESOURCE, { resource: '{url}/mc' }) },
      /is another one$/,
    ],
    [
      'at a token endpoint without TLS',
      'token',
      { answers: metadata({ token_endpoint: 'http://192.0.2.1/token' }) },
      /not safe: it has no https address$/,
    ],
    [
      'at a token endpoint on this machine',
      'token',
      { answers: metadata({ token_endpoint: 'http://127.0.0.1:1/token' }) },
      /not safe: it is another service on this machine$/,
    ],
    [
      'at an authorization server on this machine',
      'token',
      {
        answers: at(RESOURCE, {
          resource: '{url}/mcp',
          authorization_servers: ['https://localhost:1'],
        }),
      },
      /the authorization server is not safe: it is another service on this machine$/,
    ],
    [
      'at another issuer than the stored one',
      'sign-in',
      { stored: { ...PAST, issuer: 'https://example.org' } },
      /is another one than the stored token has; sign in with: mcporter auth it$/,
    ],
    ['without a client', 'sign-in', { client: null }, /no client is stored/],
    [
      'as another client',
      'sign-in',
      { client: { client_id: 'stranger' } },
      /\(invalid_client\); sign in with: mcporter auth it$/,
    ],
  ]) {
    test(name, async (t) => {
      const { who, old } = await expired(t, options)
      const before = readFileSync(who.file, 'utf8')
      const answer = await who.token()
      const command = needs === 'sign-in' ? 'mcporter auth it' : undefined
      assert.deepEqual([answer.needs, answer.command], [needs, command])
      assert.match(answer.reason, reason)
      for (const secret of ['secret', old.access_token, old.refresh_token])
        assert.ok(!answer.reason.includes(secret))
      assert.equal(readFileSync(who.file, 'utf8'), before)
    })
  }

  test('because the refresh token was used before is not tried again', async (t) => {
    const { authority, who, old } = await expired(t)
    const parameters = {
      grant_type: 'refresh_token',
      refresh_token: old.refresh_token,
      client_id: CLIENT.client_id,
    }
    const body = new URLSearchParams(parameters)
    assert.equal((await fetch(`${authority.issuer}/token`, { method: 'POST', body })).status, 200)
    for (const reason of [/status 400 \(invalid_grant\); sign in/, /has refused to refresh/]) {
      const answer = await who.token()
      assert.equal(answer.needs, 'sign-in')
      assert.match(answer.reason, reason)
    }
    assert.equal(authority.asked.length, 2)
    // A person has signed in meanwhile.
    await mcporterTokens(who, {
      tokens: { ...(await authority.signIn()), ...PAST },
      client: CLIENT,
    })
    assert.ok(await authority.findToken((await who.token()).accessToken))
  })

  test('at a server that does not answer', async () => {
    const probe = createServer().listen(0, '127.0.0.1')
    await once(probe, 'listening')
    const { port } = probe.address()
    probe.close()
    await once(probe, 'close')
    const who = await signedIn(
      { url: `http://127.0.0.1:${port}/mcp`, ...server },
      { tokens: { ...OLD, ...PAST } },
    )
    assert.equal((await who.token()).reason, 'the token could not be refreshed: ECONNREFUSED')
  })
})
