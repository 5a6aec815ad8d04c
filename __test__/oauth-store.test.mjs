import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import configuration from '../lib/mcporter/config/index.js'
import vault from '../lib/mcporter/oauth/vault.js'
import store from '../lib/mcporter/oauth-store.js'
import { temporaryFolder } from './fixtures/mcp-servers.mjs'
import { CLIENT, NOTHING, startAuthorizationServer } from './support/authorization-server.mjs'
import { makeHome } from './support/homes.mjs'
import { folder as mcporter, olderThan } from './support/mcporter.mjs'
import { memoryFiles } from './support/memory-files.mjs'
import { outcomeOf } from './support/program.mjs'

const parent = temporaryFolder()
const seconds = () => Math.floor(Date.now() / 1000)
const OLD = { access_token: 'access-0', token_type: 'Bearer', refresh_token: 'refresh-0' }
const PAST = { expires_in: 60, expires_at: 1000 }
const server = { auth: 'oauth' }
const METADATA = '/.well-known/oauth-authorization-server/tenant'
const RESOURCE = '/.well-known/oauth-protected-resource/mcp'

/** A server of this configuration, and a home with what mcporter has stored for it. */
async function signedIn(
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
async function expired(t, { stored = PAST, client = CLIENT, entry, env, ...options } = {}) {
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
function mcporterTokens({ home, definition }, job = {}, env = {}) {
  const script = fileURLToPath(new URL('fixtures/mcporter-tokens.mjs', import.meta.url))
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

describe('the tokens that mcporter has stored', () => {
  const url = 'https://example.org/mcp?a=1'
  const tokens = { ...OLD, expires_at: seconds() + 3600 }
  const token = { accessToken: OLD.access_token, expiresAt: tokens.expires_at * 1000 }

  for (const [name, entry, env, since] of [
    ['in its file', { url, ...server }],
    ['in a folder of its own', { url, ...server, tokenCacheDir: '~/own' }],
    ['in its file, where XDG says', { url, ...server }, { XDG_DATA_HOME: '{folder}/data' }, '0.12'],
  ]) {
    test(`${name}, written by mcporter itself`, {
      skip: since !== undefined && olderThan(since),
    }, async () => {
      const who = await signedIn(entry, { env })
      assert.equal((await who.token()).needs, 'sign-in')
      await mcporterTokens(who, { tokens, client: CLIENT }, who.places.env)
      assert.deepEqual(await who.token(), token)
    })
  }

  test('in the folder of an old mcporter', async () => {
    const who = await signedIn(
      { url, ...server },
      { files: { 'home/.mcporter/it/tokens.json': tokens } },
    )
    assert.deepEqual(await who.token(), token)
  })

  test('by an mcporter without XDG_DATA_HOME', async () => {
    const who = await signedIn({ url, ...server }, { env: { XDG_DATA_HOME: '{folder}/data' } })
    await mcporterTokens(who, { tokens, client: CLIENT })
    assert.deepEqual(await who.token(), token)
  })

  for (const [name, stored, needs, reason] of [
    ['nothing', undefined, 'sign-in', /^no token is stored; sign in with: mcporter auth it$/],
    ['no JSON', '{', 'oauth', /can't be read: SyntaxError/],
    ['another version', { version: 2, entries: {} }, 'oauth', /unknown format/],
    ['no entries', { version: 1 }, 'oauth', /unknown format/],
    [
      'another server',
      { version: 1, entries: { 'it|0': { tokens } } },
      'sign-in',
      /no token is stored/,
    ],
  ]) {
    test(`is no token: ${name}`, async () => {
      const files = stored === undefined ? {} : { 'home/.mcporter/credentials.json': stored }
      const answer = await (await signedIn({ url, ...server }, { files })).token()
      assert.equal(answer.needs, needs)
      assert.match(answer.reason, reason)
    })
  }

  for (const [name, odd] of [
    ['a token that is no text', { access_token: 5 }],
    ['an empty token', { access_token: ' ' }],
    ['a list', []],
  ]) {
    test(`is no token: ${name}`, async () => {
      const answer = await (await signedIn({ url, ...server }, { tokens: odd })).token()
      assert.deepEqual(answer, {
        needs: 'oauth',
        reason: "mcporter's store of tokens has an unknown format",
      })
    })
  }

  test('a token without an expiry is valid until the server refuses it', async () => {
    const who = await signedIn(
      { url, ...server },
      { tokens: { access_token: 'a', token_type: 'Bearer' } },
    )
    assert.deepEqual(await who.token(), { accessToken: 'a' })
    const refused = await who.token({ refused: 'a' })
    assert.equal(refused.needs, 'sign-in')
    assert.match(refused.reason, /none to refresh it with is stored/)
  })
})

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

describe("mcporter's lock", {
  skip: process.platform === 'win32' && 'pids there are another matter',
}, () => {
  const gone = () =>
    new Promise((resolve) => {
      const child = execFile(process.execPath, ['-e', ''], () => resolve(child.pid))
    })

  test('of a dead process is removed', async (t) => {
    const { authority, who } = await expired(t)
    for (const name of ['.lock', '.lock.break']) writeFileSync(who.file + name, `${await gone()}\n`)
    assert.ok(await authority.findToken((await who.token()).accessToken))
    assert.equal(existsSync(`${who.file}.lock`), false)
  })

  test('is waited for, and a token stored meanwhile is used', async (t) => {
    const { authority, who } = await expired(t)
    writeFileSync(`${who.file}.lock`, `${process.pid}\n`)
    const waiting = who.token()
    await new Promise((resolve) => setTimeout(resolve, 200))
    const contents = JSON.parse(readFileSync(who.file, 'utf8'))
    contents.entries[vault.vaultKey(who.definition)].tokens = {
      ...OLD,
      access_token: 'theirs',
      expires_at: seconds() + 999,
    }
    writeFileSync(who.file, JSON.stringify(contents))
    rmSync(`${who.file}.lock`)
    assert.equal((await waiting).accessToken, 'theirs')
    assert.equal(authority.asked.length, 0)
  })

  test('two processes refresh once', async (t) => {
    const { authority, who } = await expired(t)
    const program = `
      import store from './lib/mcporter/oauth-store.js'
      const [definition, home] = ${JSON.stringify([who.definition, { env: who.places.env, home: who.home, platform: process.platform }])}
      console.log((await store.accessToken(definition, home)).accessToken)`
    const outcomes = await Promise.all([outcomeOf(program), outcomeOf(program), outcomeOf(program)])
    const { access_token: token } = who.stored().tokens
    assert.deepEqual(
      outcomes.map(({ stdout }) => stdout),
      [token, token, token],
    )
    assert.equal(authority.asked.length, 1)
  })
})
