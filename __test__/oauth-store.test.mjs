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
import { startAuthorizationServer } from './support/authorization-server.mjs'
import { makeHome } from './support/homes.mjs'
import { folder as mcporter, olderThan } from './support/mcporter.mjs'
import { memoryFiles } from './support/memory-files.mjs'
import { outcomeOf } from './support/program.mjs'

const parent = temporaryFolder()
const seconds = () => Math.floor(Date.now() / 1000)
const CLIENT = { client_id: 'client', redirect_uris: ['http://127.0.0.1/'] }
const OLD = { access_token: 'access-0', token_type: 'Bearer', refresh_token: 'refresh-0' }
const EXPIRED = { ...OLD, expires_in: 60, expires_at: 1000 }
const server = { auth: 'oauth' }

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
      assert.equal((await who.token()).needs, 'oauth')
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

  for (const [name, stored, reason] of [
    ['nothing', undefined, /no token is stored/],
    ['no JSON', '{', /can't be read: SyntaxError/],
    ['another version', { version: 2, entries: {} }, /unknown format/],
    ['no entries', { version: 1 }, /unknown format/],
    ['another server', { version: 1, entries: { 'it|0': { tokens } } }, /no token is stored/],
  ]) {
    test(`is no token: ${name}`, async () => {
      const files = stored === undefined ? {} : { 'home/.mcporter/credentials.json': stored }
      const answer = await (await signedIn({ url, ...server }, { files })).token()
      assert.equal(answer.needs, 'oauth')
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
    assert.match(refused.reason, /none to refresh it with is stored/)
  })
})

describe('a token that has expired', () => {
  test('is refreshed and stored for mcporter', async (t) => {
    const { url, asked } = await startAuthorizationServer(t)
    const who = await signedIn({ url: `${url}/mcp`, ...server }, { tokens: EXPIRED })
    const answer = await who.token()
    assert.equal(answer.accessToken, 'access-1')
    assert.deepEqual(asked, [
      {
        authorization: undefined,
        body: {
          grant_type: 'refresh_token',
          refresh_token: 'refresh-0',
          resource: `${url}/mcp`,
          client_id: 'client',
        },
        path: '/tenant/token',
      },
    ])
    const { tokens, clientInfo } = who.stored()
    assert.deepEqual(
      [tokens.refresh_token, tokens.expires_in, clientInfo],
      ['refresh-1', 3600, CLIENT],
    )
    assert.ok(tokens.expires_at > seconds() && answer.expiresAt === tokens.expires_at * 1000)
    assert.equal(await mcporterTokens(who), 'access-1')
    assert.deepEqual([await who.token(), asked.length], [answer, 1])
  })

  test('the store stays complete, and only its owner may read it', async (t) => {
    const { url } = await startAuthorizationServer(t)
    const who = await signedIn({ url: `${url}/mcp`, ...server }, { tokens: EXPIRED })
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
    const { url } = await startAuthorizationServer(t)
    const files = { 'home/own/tokens.json': EXPIRED, 'home/own/client.json': CLIENT }
    const who = await signedIn({ url: `${url}/mcp`, ...server, tokenCacheDir: '~/own' }, { files })
    assert.equal((await who.token()).accessToken, 'access-1')
    const own = JSON.parse(readFileSync(join(who.home, 'own', 'tokens.json'), 'utf8'))
    assert.deepEqual([own, who.stored().serverName], [who.stored().tokens, 'it'])
    assert.equal(await mcporterTokens(who), 'access-1')
  })

  test('a store behind a link stays behind the link', async (t) => {
    const { url } = await startAuthorizationServer(t)
    const who = await signedIn(
      { url: `${url}/mcp`, ...server },
      { files: { 'home/real.json': '' } },
    )
    const real = join(who.home, 'real.json')
    const entry = { serverName: 'it', updatedAt: 'x', tokens: EXPIRED, clientInfo: CLIENT }
    writeFileSync(
      real,
      JSON.stringify({ version: 1, entries: { [vault.vaultKey(who.definition)]: entry } }),
    )
    mkdirSync(join(who.home, '.mcporter'))
    symlinkSync(real, join(who.home, '.mcporter', 'credentials.json'))
    assert.equal((await who.token()).accessToken, 'access-1')
    assert.match(readFileSync(real, 'utf8'), /access-1/)
  })

  test('concurrent calls share one refresh', async (t) => {
    const { url, asked } = await startAuthorizationServer(t)
    const who = await signedIn({ url: `${url}/mcp`, ...server }, { tokens: EXPIRED })
    const answers = await Promise.all(Array.from({ length: 8 }, () => who.token()))
    assert.deepEqual(
      [new Set(answers.map(({ accessToken }) => accessToken)), asked.length],
      [new Set(['access-1']), 1],
    )
  })

  test('a refused token is refreshed, unless a newer one is stored', async (t) => {
    const { url, asked } = await startAuthorizationServer(t)
    const tokens = { ...OLD, expires_at: seconds() + 3600 }
    const who = await signedIn({ url: `${url}/mcp`, ...server }, { tokens })
    assert.equal((await who.token({ refused: 'older' })).accessToken, 'access-0')
    assert.equal((await who.token({ refused: 'access-0' })).accessToken, 'access-1')
    assert.equal((await who.token({ refused: 'access-0' })).accessToken, 'access-1')
    assert.equal(asked.length, 1)
  })

  test('soon is still valid if it cannot be refreshed', async (t) => {
    const { url } = await startAuthorizationServer(t, { status: 503 })
    const tokens = { ...OLD, expires_at: seconds() + 50 }
    const who = await signedIn({ url: `${url}/mcp`, ...server }, { tokens })
    assert.equal((await who.token()).accessToken, 'access-0')
    assert.match(
      (await who.token({ refused: 'access-0' })).reason,
      /refused to refresh the token with status 503/,
    )
  })

  test('at a time that an old mcporter did not store', async (t) => {
    const { url } = await startAuthorizationServer(t)
    const who = await signedIn(
      { url: `${url}/mcp`, ...server },
      { tokens: { ...OLD, expires_in: 3600 } },
    )
    assert.equal((await who.token()).accessToken, 'access-1')
  })

  for (const [name, options, path, resource] of [
    [
      'a server from before these standards',
      { resource: false, metadata: false },
      '/token',
      undefined,
    ],
    ['an authorization server without metadata', { metadata: false }, '/token', '{url}/mcp'],
    [
      'a token endpoint elsewhere',
      { metadata: { token_endpoint: '{url}/else/token' } },
      '/else/token',
      '{url}/mcp',
    ],
    ['a resource above it', { resource: { resource: '{url}' } }, '/tenant/token', '{url}'],
  ]) {
    test(`is refreshed at ${name}`, async (t) => {
      const { url, asked } = await startAuthorizationServer(t, options)
      const who = await signedIn({ url: `${url}/mcp`, ...server }, { tokens: EXPIRED })
      assert.equal((await who.token()).accessToken, 'access-1')
      assert.deepEqual(
        [asked[0].path, asked[0].body.resource],
        [path, resource?.replace('{url}', url)],
      )
    })
  }
})

describe('the authentication of the client', () => {
  const basic = (pair) => `Basic ${Buffer.from(pair).toString('base64')}`
  const secret = { ...CLIENT, client_secret: 'a+b' }
  const both = {
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
  }

  for (const [name, client, entry, metadata, expected] of [
    ['without a secret', CLIENT, {}, {}, { client_id: 'client' }],
    ['with a secret', secret, {}, {}, { authorization: basic('client:a+b') }],
    ['with both ways', secret, {}, both, { authorization: basic('client:a+b') }],
    [
      'as it was registered',
      { ...secret, token_endpoint_auth_method: 'client_secret_post' },
      {},
      both,
      { client_id: 'client', client_secret: 'a+b' },
    ],
    [
      'as it was registered, but no longer',
      { ...secret, token_endpoint_auth_method: 'client_secret_post' },
      {},
      { token_endpoint_auth_methods_supported: ['client_secret_basic'] },
      { authorization: basic('client:a+b') },
    ],
    [
      'with the only way',
      secret,
      {},
      { token_endpoint_auth_methods_supported: ['client_secret_post'] },
      { client_id: 'client', client_secret: 'a+b' },
    ],
    [
      'as the configuration says',
      CLIENT,
      { oauthClientId: 'own', oauthClientSecretEnv: 'S' },
      {},
      { authorization: basic('own:s') },
    ],
    [
      'as the configuration says, in the body',
      undefined,
      {
        oauthClientId: 'own',
        oauthClientSecret: 's',
        oauthTokenEndpointAuthMethod: 'client_secret_post',
      },
      {},
      { client_id: 'own', client_secret: 's' },
    ],
  ]) {
    test(name, async (t) => {
      const { url, asked } = await startAuthorizationServer(t, { metadata })
      const who = await signedIn(
        { url: `${url}/mcp`, ...server, ...entry },
        { tokens: EXPIRED, client, env: { S: 's' } },
      )
      assert.equal((await who.token()).accessToken, 'access-1')
      const { grant_type, refresh_token, resource, ...shown } = asked[0].body
      const header =
        asked[0].authorization === undefined ? {} : { authorization: asked[0].authorization }
      assert.deepEqual({ ...shown, ...header }, expected)
    })
  }
})

describe('a bearer token that is refreshed', () => {
  const basic = `Basic ${Buffer.from('i%3Ad:s+1').toString('base64')}`
  const entry = (url) => ({
    auth: 'refreshable_bearer',
    refresh: {
      tokenEndpoint: `${url}/token`,
      clientIdEnv: 'ID',
      client_secret_env: 'SECRET',
      accessTokenEnv: 'TOKEN',
    },
  })
  const env = { ID: 'i:d', SECRET: 's 1' }

  test('for a URL', async (t) => {
    const { url, asked } = await startAuthorizationServer(t)
    const who = await signedIn(
      { url: `${url}/mcp`, headers: { 'X-A': 'a' }, ...entry(url) },
      { tokens: EXPIRED, env },
    )
    assert.equal(who.server.needs, 'refresh')
    const { accessToken } = await who.token()
    assert.deepEqual(
      asked.map(({ authorization, body, path }) => [authorization, body.client_id, path]),
      [[basic, undefined, '/token']],
    )
    const { headers } = store.withToken(who.server, accessToken)
    assert.deepEqual(headers, { 'X-A': 'a', Authorization: 'Bearer access-1' })
  })

  test('for a command', async (t) => {
    const { url } = await startAuthorizationServer(t)
    const who = await signedIn(
      { command: ['node', 'a.js'], env: { A: '1' }, ...entry(url) },
      { tokens: EXPIRED, env },
    )
    assert.equal(who.server.needs, 'refresh')
    const { kind, ...transport } = store.withToken(who.server, (await who.token()).accessToken)
    assert.deepEqual([kind, transport.env.A, transport.env.TOKEN], ['stdio', '1', 'access-1'])
  })

  test('only with the variables that it needs', async (t) => {
    const { url, asked } = await startAuthorizationServer(t)
    const who = await signedIn(
      { url: `${url}/mcp`, ...entry(url) },
      { tokens: EXPIRED, env: { ID: 'x' } },
    )
    assert.deepEqual(await who.token(), {
      needs: 'refresh',
      reason: 'the environment variable SECRET must be set',
    })
    assert.equal(asked.length, 0)
  })

  test('only with an address for the refresh', async () => {
    const who = await signedIn({ command: 'node', auth: 'refreshable_bearer' }, { tokens: EXPIRED })
    assert.match((await who.token()).reason, /no refresh\.tokenEndpoint/)
    assert.equal(store.withToken(who.server, 'x'), undefined)
  })
})

describe('the cases that mcporter handles', () => {
  for (const [name, options, reason, client = CLIENT] of [
    [
      'an error',
      { status: 400, answer: { error: 'invalid_grant', error_description: 'secret' } },
      /with status 400 \(invalid_grant\)$/,
    ],
    ['an odd error', { status: 401, answer: { error: { secret: 1 } } }, /with status 401$/],
    [
      'no token in the answer',
      { answer: { token_type: 'Bearer', secret: 'x' } },
      /without an access token$/,
    ],
    ['a list as the answer', { answer: [] }, /no JSON object$/],
    [
      'metadata of another issuer',
      { metadata: { issuer: 'https://evil.example' } },
      /calls itself by another name$/,
    ],
    [
      'a resource elsewhere',
      { resource: { resource: 'https://evil.example/mcp' } },
      /is another one$/,
    ],
    ['a resource beside it', { resource: { resource: '{url}/mc' } }, /is another one$/],
    [
      'a token endpoint without TLS',
      { metadata: { token_endpoint: 'http://192.0.2.1/token' } },
      /not safe/,
    ],
    [
      'a token endpoint of another kind',
      { metadata: { token_endpoint: 'file:///token' } },
      /not safe/,
    ],
    ['no client', {}, /no client is stored/, null],
  ]) {
    test(name, async (t) => {
      const { url } = await startAuthorizationServer(t, options)
      const who = await signedIn({ url: `${url}/mcp`, ...server }, { tokens: EXPIRED, client })
      const before = readFileSync(who.file, 'utf8')
      const answer = await who.token()
      assert.deepEqual([answer.needs, Object.keys(answer)], ['oauth', ['needs', 'reason']])
      assert.match(answer.reason, reason)
      assert.ok(!/secret|access-0|refresh-0/.test(answer.reason))
      assert.equal(readFileSync(who.file, 'utf8'), before)
    })
  }

  test('a server that does not answer', async () => {
    const probe = createServer().listen(0, '127.0.0.1')
    await once(probe, 'listening')
    const { port } = probe.address()
    probe.close()
    await once(probe, 'close')
    const who = await signedIn(
      { url: `http://127.0.0.1:${port}/mcp`, ...server },
      { tokens: EXPIRED },
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
    const { url } = await startAuthorizationServer(t)
    const who = await signedIn({ url: `${url}/mcp`, ...server }, { tokens: EXPIRED })
    for (const name of ['.lock', '.lock.break']) writeFileSync(who.file + name, `${await gone()}\n`)
    assert.equal((await who.token()).accessToken, 'access-1')
    assert.equal(existsSync(`${who.file}.lock`), false)
  })

  test('is waited for, and a token stored meanwhile is used', async (t) => {
    const { url, asked } = await startAuthorizationServer(t)
    const who = await signedIn({ url: `${url}/mcp`, ...server }, { tokens: EXPIRED })
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
    assert.equal(asked.length, 0)
  })

  test('two processes refresh once', async (t) => {
    const { url, asked } = await startAuthorizationServer(t)
    const who = await signedIn({ url: `${url}/mcp`, ...server }, { tokens: EXPIRED })
    const program = `
      import store from './lib/mcporter/oauth-store.js'
      const [definition, home] = ${JSON.stringify([who.definition, { env: who.places.env, home: who.home, platform: process.platform }])}
      console.log((await store.accessToken(definition, home)).accessToken)`
    const outcomes = await Promise.all([outcomeOf(program), outcomeOf(program), outcomeOf(program)])
    assert.deepEqual(
      outcomes.map(({ stdout }) => stdout),
      ['access-1', 'access-1', 'access-1'],
    )
    assert.equal(asked.length, 1)
  })
})
