// Tokens that are refreshed, and stored for mcporter.

import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import vault from '../lib/mcporter/oauth/vault.js'
import { CLIENT, NOTHING, startAuthorizationServer } from './support/authorization-server.mjs'
import {
  expired,
  METADATA,
  mcporterTokens,
  PAST,
  RESOURCE,
  seconds,
  server,
  signedIn,
} from './support/oauth-homes.mjs'

describe('a token that has expired', () => {
  test('is refreshed and stored for mcporter', async (t) => {
    const { authority, who, old } = await expired(t)
    const answer = await who.token()
    assert.ok(await authority.findToken(answer.accessToken), 'the MCP server takes it')
    assert.deepEqual(authority.asked, [
      {
        authorization: undefined,
        body: {
          grant_type: 'refresh_token',
          refresh_token: old.refresh_token,
          resource: authority.mcpUrl,
          client_id: CLIENT.client_id,
        },
        path: '/tenant/token',
      },
    ])
    const { tokens, clientInfo } = who.stored()
    assert.notEqual(tokens.refresh_token, old.refresh_token)
    assert.deepEqual([tokens.access_token, clientInfo], [answer.accessToken, CLIENT])
    assert.ok(tokens.expires_at > seconds() && answer.expiresAt === tokens.expires_at * 1000)
    assert.equal(await mcporterTokens(who), answer.accessToken)
    assert.deepEqual([await who.token(), authority.asked.length], [answer, 1])
  })

  test('is refreshed with the refresh token that came last', async (t) => {
    const { authority, who } = await expired(t)
    const seen = new Set()
    for (let refused; seen.size < 3; ) {
      refused = (await who.token({ refused })).accessToken
      assert.ok(await authority.findToken(refused))
      seen.add(refused)
    }
    const refreshTokens = authority.asked.map(({ body }) => body.refresh_token)
    assert.equal(new Set(refreshTokens).size, 3, 'each refresh token is used once')
  })

  test('the store stays complete, and only its owner may read it', async (t) => {
    const { who } = await expired(t)
    chmodSync(who.file, 0o644)
    await who.token()
    const { entries, ...rest } = JSON.parse(readFileSync(who.file, 'utf8'))
    assert.deepEqual(entries.other, {
      serverName: 'other',
      updatedAt: 'x',
      tokens: { access_token: 'o' },
      future: [1],
    })
    assert.deepEqual(rest, { version: 1, more: 1 })
    if (process.platform !== 'win32') assert.equal(statSync(who.file).mode & 0o777, 0o600)
    assert.deepEqual(
      readdirSync(dirname(who.file)),
      ['credentials.json'],
      'no lock and no draft is left',
    )
  })

  test('is refreshed in a folder and in the file', async (t) => {
    const authority = await startAuthorizationServer(t)
    const old = { ...(await authority.signIn()), ...PAST }
    const files = { 'home/own/tokens.json': old, 'home/own/client.json': CLIENT }
    const entry = { url: authority.mcpUrl, ...server, tokenCacheDir: '~/own' }
    const who = await signedIn(entry, { files })
    const { accessToken } = await who.token()
    assert.ok(await authority.findToken(accessToken))
    const own = JSON.parse(readFileSync(join(who.home, 'own', 'tokens.json'), 'utf8'))
    assert.deepEqual([own, who.stored().serverName], [who.stored().tokens, 'it'])
    assert.equal(await mcporterTokens(who), accessToken)
  })

  test('a store behind a link stays behind the link', async (t) => {
    const authority = await startAuthorizationServer(t)
    const tokens = { ...(await authority.signIn()), ...PAST }
    const entry = { url: authority.mcpUrl, ...server }
    const who = await signedIn(entry, { files: { 'home/real.json': '' } })
    const real = join(who.home, 'real.json')
    const stored = { serverName: 'it', updatedAt: 'x', tokens, clientInfo: CLIENT }
    writeFileSync(
      real,
      JSON.stringify({ version: 1, entries: { [vault.vaultKey(who.definition)]: stored } }),
    )
    mkdirSync(join(who.home, '.mcporter'))
    symlinkSync(real, join(who.home, '.mcporter', 'credentials.json'))
    const { accessToken } = await who.token()
    assert.ok(readFileSync(real, 'utf8').includes(accessToken))
  })

  test('concurrent calls share one refresh', async (t) => {
    const { authority, who } = await expired(t)
    const answers = await Promise.all(Array.from({ length: 8 }, () => who.token()))
    const tokens = new Set(answers.map(({ accessToken }) => accessToken))
    assert.deepEqual([tokens.size, authority.asked.length], [1, 1])
  })

  test('a refused token is refreshed, unless a newer one is stored', async (t) => {
    const { authority, who, old } = await expired(t, { stored: { expires_at: seconds() + 3600 } })
    const refused = old.access_token
    assert.equal((await who.token({ refused: 'older' })).accessToken, refused)
    const { accessToken } = await who.token({ refused })
    assert.notEqual(accessToken, refused)
    assert.equal((await who.token({ refused })).accessToken, accessToken)
    assert.equal(authority.asked.length, 1)
  })

  test('soon is still valid if it cannot be refreshed', async (t) => {
    const answers = { '/tenant/token': { status: 503, body: {} } }
    const { who, old } = await expired(t, { answers, stored: { expires_at: seconds() + 50 } })
    assert.equal((await who.token()).accessToken, old.access_token)
    const { needs, reason } = await who.token({ refused: old.access_token })
    assert.equal(needs, 'token')
    assert.match(reason, /refused to refresh the token with status 503/)
  })

  test('at a time that an old mcporter did not store', async (t) => {
    const { who, old } = await expired(t, { stored: { expires_in: 3600 } })
    assert.notEqual((await who.token()).accessToken, old.access_token)
  })

  test('keeps the issuer that a newer mcporter has stored', async (t) => {
    const { authority, who } = await expired(t, { stored: { ...PAST, issuer: '{url}/tenant/' } })
    await who.token()
    assert.equal(who.stored().tokens.issuer, `${authority.url}/tenant/`)
  })

  for (const [name, options, path] of [
    [
      'a server from before these standards',
      {
        tenant: '',
        answers: {
          [RESOURCE]: NOTHING,
          '/.well-known/oauth-authorization-server': NOTHING,
          '/.well-known/openid-configuration': NOTHING,
        },
      },
      '/token',
    ],
    [
      'an authorization server that describes itself as OpenID Connect does',
      { answers: { [METADATA]: NOTHING, '/.well-known/openid-configuration/tenant': NOTHING } },
      '/tenant/token',
    ],
    ['a resource above it', { resource: '/' }, '/tenant/token'],
    ['a place that only the refusal names', { described: '/about?it' }, '/tenant/token'],
    [
      'a document that has moved on the same server',
      {
        answers: {
          [METADATA]: { status: 302, headers: { location: '/else' }, body: {} },
          '/else': { body: { issuer: '{url}/tenant/', token_endpoint: '{url}/tenant/token' } },
        },
      },
      '/tenant/token',
    ],
  ]) {
    test(`is refreshed at ${name}`, async (t) => {
      const { authority, who } = await expired(t, options)
      assert.ok(await authority.findToken((await who.token()).accessToken))
      assert.deepEqual(
        authority.asked.map((each) => each.path),
        [path],
      )
    })
  }
})

describe('the client of a refresh', () => {
  const web = { ...CLIENT, client_secret: 'a-b_c', token_endpoint_auth_method: undefined }
  const basic = `Basic ${Buffer.from('client-id_1:a-b_c').toString('base64')}`

  for (const [name, method, stored, entry, shown] of [
    ['without a secret', 'none', {}, {}, { client_id: 'client-id_1' }],
    ['with a secret in the header', 'client_secret_basic', web, {}, { authorization: basic }],
    [
      'with a secret in the body',
      'client_secret_post',
      { ...web, token_endpoint_auth_method: 'client_secret_post' },
      {},
      { client_id: 'client-id_1', client_secret: 'a-b_c' },
    ],
    [
      'of the configuration, with a variable',
      'client_secret_basic',
      { client_id: 'another' },
      { oauthClientId: 'client-id_1', oauthClientSecretEnv: 'S' },
      { authorization: basic },
    ],
    [
      'of the configuration, in the body',
      'client_secret_post',
      undefined,
      {
        oauthClientId: 'client-id_1',
        oauthClientSecret: 'a-b_c',
        oauthTokenEndpointAuthMethod: 'client_secret_post',
      },
      { client_id: 'client-id_1', client_secret: 'a-b_c' },
    ],
  ]) {
    test(name, async (t) => {
      const registered = { ...web, token_endpoint_auth_method: method }
      const client = stored && { ...CLIENT, ...stored }
      const { authority, who } = await expired(t, {
        clients: [registered],
        client,
        entry,
        env: { S: 'a-b_c' },
      })
      assert.ok(await authority.findToken((await who.token()).accessToken))
      const [{ authorization, body }] = authority.asked
      const { grant_type, refresh_token, resource, ...rest } = body
      assert.deepEqual({ ...rest, ...(authorization && { authorization }) }, shown)
    })
  }
})
