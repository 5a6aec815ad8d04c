// Servers that need no person, against a real authorization server: the client shows its own secret
// or key, and the token stays in memory.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { McpPool } from '../index.js'
import { healthRouter } from '../lib/health.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { ClientCredentials } from '../lib/oauth/client-credentials.js'
import { temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { MACHINE, startAuthorizationServer } from './support/authorization-server.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { until } from './support/until.mjs'

const folder = temporaryFolder()
const AUTH = { auth: 'client_credentials', oauthClientId: MACHINE.client_id }
const SECRET = { ...AUTH, oauthClientSecret: MACHINE.client_secret }

afterEach(assertNothingLeft)

/** A pool with one server in code. */
function poolOf(t, authority, options = SECRET) {
  const pool = new McpPool({ servers: { it: { url: authority.mcpUrl, ...options } } })
  t.after(() => pool.close())
  return pool
}

/** A helper with one server in a configuration file. */
function helperOf(t, authority, entry, env = {}) {
  const configPath = writeConfig(folder, { it: { url: authority.mcpUrl, ...entry } })
  const helper = createMcpHelper({ configPath, env, mcporterBin: '/nowhere' })
  t.after(() => helper.shutdown())
  return helper
}

const said = ({ content }) => content[0].text

describe('a client shows', () => {
  const write = (name, text) => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  }
  const file = write('secret.txt', `${MACHINE.client_secret}\n`)
  const env = { MACHINE_SECRET: MACHINE.client_secret }

  for (const [name, more, registered, shown] of [
    ['its secret in the header', { oauthClientSecret: MACHINE.client_secret }, {}, 'header'],
    [
      'its secret in the body',
      {
        oauthClientSecret: MACHINE.client_secret,
        oauthTokenEndpointAuthMethod: 'client_secret_post',
      },
      { token_endpoint_auth_method: 'client_secret_post' },
      'client_secret',
    ],
    ['its secret from a variable', { oauthClientSecretEnv: 'MACHINE_SECRET' }, {}, 'header'],
    ['its secret from a file', { oauthClientSecretFile: file }, {}, 'header'],
  ]) {
    for (const place of ['code', 'a configuration']) {
      test(`${name}, given in ${place}`, async (t) => {
        const authority = await startAuthorizationServer(t, {
          clients: [{ ...MACHINE, ...registered }],
        })
        await called(t, authority, place, { ...AUTH, ...more })
        const [{ authorization, body }] = authority.asked
        assert.equal(authorization === undefined, shown !== 'header')
        assert.equal('client_secret' in body, shown === 'client_secret')
        assert.equal(body.resource, authority.mcpUrl)
      })
    }
  }

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const ed = generateKeyPairSync('ed25519')
  const pem = ({ privateKey }, type = 'pkcs8') => privateKey.export({ type, format: 'pem' })
  const jwk = ({ publicKey }, kid) => ({ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' })

  for (const [name, pair, more, alg] of [
    ['an RSA key', rsa, { oauthPrivateKey: pem(rsa) }, 'RS256'],
    ['an RSA key of the older form', rsa, { oauthPrivateKey: pem(rsa, 'pkcs1') }, 'RS256'],
    [
      'an RSA key for PS256',
      rsa,
      { oauthPrivateKey: pem(rsa), oauthTokenEndpointAuthSigningAlg: 'PS256' },
      'PS256',
    ],
    ['an EC key', p256, { oauthPrivateKeyEnv: 'MACHINE_KEY' }, 'ES256'],
    ['an EC key of the older form', p256, { oauthPrivateKey: pem(p256, 'sec1') }, 'ES256'],
    [
      'an EC key of another curve',
      p384,
      { oauthPrivateKey: pem(p384), oauthTokenEndpointAuthMethod: 'private_key_jwt' },
      'ES384',
    ],
    ['an Ed25519 key', ed, { oauthPrivateKey: pem(ed), oauthPrivateKeyId: 'one' }, 'EdDSA'],
    ['a key in a file', p256, { oauthPrivateKeyFile: write('key.pem', pem(p256)) }, 'ES256'],
  ]) {
    for (const place of ['code', 'a configuration']) {
      test(`an assertion by ${name}, given in ${place}`, async (t) => {
        const { client_secret: _, ...client } = MACHINE
        const authority = await startAuthorizationServer(t, {
          clients: [
            {
              ...client,
              token_endpoint_auth_method: 'private_key_jwt',
              jwks: { keys: [jwk(pair, 'one')] },
            },
          ],
        })
        await called(t, authority, place, { ...AUTH, ...more })
        const [{ body }] = authority.asked
        const [header, payload] = body.client_assertion
          .split('.')
          .slice(0, 2)
          .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
        assert.deepEqual([header.alg, header.kid], [alg, more.oauthPrivateKeyId])
        assert.deepEqual(
          [payload.iss, payload.sub, payload.aud],
          [MACHINE.client_id, MACHINE.client_id, authority.issuer],
        )
        assert.ok(payload.exp - payload.iat <= 60 && payload.jti.length > 20)
      })
    }
  }

  /** Calls the server once. */
  async function called(t, authority, place, options) {
    const variables = { ...env, MACHINE_KEY: pem(p256) }
    if (place === 'a configuration') {
      const helper = helperOf(t, authority, options, variables)
      assert.deepEqual(await helper.callToolAsync('it', 'whoami'), {
        content: [{ type: 'text', text: MACHINE.client_id }],
      })
      assert.deepEqual(helper.getPoolStatus().servers, [
        { name: 'it', transport: 'pool', reason: null, problem: null },
      ])
      return
    }
    Object.assign(process.env, variables)
    t.after(() => {
      for (const variable of Object.keys(variables)) delete process.env[variable]
    })
    assert.equal(
      said(await poolOf(t, authority, options).callTool('it', 'whoami')),
      MACHINE.client_id,
    )
  }
})

describe('a token', () => {
  test('has the scope that is asked for', async (t) => {
    const authority = await startAuthorizationServer(t)
    const pool = poolOf(t, authority, { ...SECRET, oauthScope: 'mcp' })
    assert.equal(said(await pool.callTool('it', 'whoami')), `${MACHINE.client_id} mcp`)
  })

  test('is asked for once, by all calls at a time', async (t) => {
    const authority = await startAuthorizationServer(t)
    const pool = poolOf(t, authority)
    const calls = Array.from({ length: 12 }, () => pool.callTool('it', 'whoami'))
    await Promise.all([...calls, pool.listTools('it')])
    await pool.callTool('it', 'whoami')
    assert.equal(authority.asked.length, 1)
  })

  test('is asked for at once by a warm server', async (t) => {
    const authority = await startAuthorizationServer(t)
    const pool = poolOf(t, authority, { ...SECRET, minWarm: 1 })
    await until(() => pool.getStatus().sessions[0]?.state === 'idle')
    assert.equal(authority.asked.length, 1)
    await pool.callTool('it', 'whoami')
    assert.deepEqual([pool.getStatus().stats.misses, authority.asked.length], [1, 1])
  })

  test('is kept when another entry of the configuration changes', async (t) => {
    const authority = await startAuthorizationServer(t)
    const entry = { url: authority.mcpUrl, ...SECRET }
    const configPath = writeConfig(folder, { it: entry })
    const helper = createMcpHelper({ configPath })
    t.after(() => helper.shutdown())
    await helper.callToolAsync('it', 'whoami')
    const text = JSON.stringify({ imports: [], mcpServers: { it: entry, b: { command: 'true' } } })
    writeFileSync(configPath, text)
    // A change is looked for at most once a second.
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await helper.callToolAsync('it', 'whoami')
    assert.deepEqual(
      helper.getPoolStatus().servers.map(({ name }) => name),
      ['it', 'b'],
    )
    assert.equal(authority.asked.length, 1)
  })

  for (const [lifetime, due] of [
    [3600, 3540],
    [120, 60],
    [10, 5],
  ]) {
    test(`for ${lifetime} s is replaced after ${due} s`, async (t) => {
      const authority = await startAuthorizationServer(t, { lifetime })
      const source = sourceOf(authority)
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
      const { accessToken } = await source.token()
      t.mock.timers.tick(due * 1000 - 1)
      assert.equal((await source.token()).accessToken, accessToken)
      t.mock.timers.tick(1)
      const both = await Promise.all([source.token(), source.token()])
      assert.notEqual(both[0].accessToken, accessToken)
      assert.equal(both[0], both[1])
      assert.equal(authority.asked.length, 2)
    })
  }

  test('that cannot be replaced is used to its end', async (t) => {
    const authority = await startAuthorizationServer(t, { lifetime: 100 })
    const source = sourceOf(authority)
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
    const { accessToken } = await source.token()
    authority.answers['/tenant/token'] = { status: 503, body: {} }
    t.mock.timers.tick(99_000)
    assert.equal((await source.token()).accessToken, accessToken)
    t.mock.timers.tick(1000)
    await assert.rejects(source.token(), { message: /refused to give a token with status 503/ })
    delete authority.answers['/tenant/token']
    assert.ok((await source.token()).accessToken)
  })

  test('without an end is used until the server refuses it', async (t) => {
    const body = { access_token: 'a', token_type: 'bearer', expires_in: null }
    const answers = { '/tenant/token': { body } }
    const source = sourceOf(await startAuthorizationServer(t, { answers }))
    assert.deepEqual(await source.token(), { accessToken: 'a', until: Infinity, end: Infinity })
    body.access_token = 'b'
    assert.equal((await source.token('other')).accessToken, 'a')
    assert.equal((await source.token('a')).accessToken, 'b')
  })

  const sourceOf = (authority) => {
    const secret = { value: MACHINE.client_secret }
    return new ClientCredentials(
      authority.mcpUrl,
      { clientId: MACHINE.client_id, secret },
      () => {},
    )
  }
})

describe('a token that the server refuses', () => {
  test('is replaced, and the call is done once', async (t) => {
    const authority = await startAuthorizationServer(t)
    const pool = poolOf(t, authority)
    await pool.callTool('it', 'whoami')
    for (const token of authority.issued()) await authority.revoke(token)
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => pool.callTool('it', 'whoami')),
    )
    assert.deepEqual(answers.map(said), Array(5).fill(MACHINE.client_id))
    assert.equal(authority.asked.length, 2)
    assert.equal(authority.calls(), 6)
  })

  test('is not replaced again and again', async (t) => {
    const body = { access_token: 'another', token_type: 'bearer' }
    const authority = await startAuthorizationServer(t, { answers: { '/tenant/token': { body } } })
    const pool = poolOf(t, authority)
    const tokens = () => authority.paths.filter((path) => path === '/tenant/token').length
    await assert.rejects(pool.callTool('it', 'whoami'), { code: 'ERR_UNAUTHORIZED' })
    const most = tokens()
    await assert.rejects(pool.callTool('it', 'whoami'), { code: 'ERR_UNAUTHORIZED' })
    assert.ok(most <= 2 && tokens() === most, `${tokens()} requests`)
    assert.equal(authority.calls(), 0)
  })
})

describe('a failure says why, and nothing else', () => {
  const bad = 'hunter2-secret'
  const at = (path, body, status = 200) => ({ answers: { [path]: { body, status } } })

  for (const [name, options, server, message] of [
    [
      'a wrong secret',
      { oauthClientSecret: bad },
      {},
      /no token for it can be had: the authorization server refused to give a token with status 401 \(invalid_client\)$/,
    ],
    [
      'a variable that is not set',
      { oauthClientSecretEnv: 'PROCWARD_NO_SUCH' },
      {},
      /the environment variable PROCWARD_NO_SUCH must be set$/,
    ],
    [
      'a file that is not there',
      { oauthClientSecretFile: join(folder, bad) },
      {},
      /the file of the client's secret can't be read: ENOENT$/,
    ],
    [
      'a folder as the file',
      { oauthPrivateKeyFile: folder },
      {},
      /the file of the private key is no regular file$/,
    ],
    [
      'a key that is none',
      { oauthPrivateKey: `-----BEGIN PRIVATE KEY-----\n${bad}\n-----END PRIVATE KEY-----` },
      {},
      /the private key must be a PEM text without a passphrase$/,
    ],
    [
      'a key that does not fit',
      {
        oauthPrivateKey: generateKeyPairSync('ed25519').privateKey.export({
          type: 'pkcs8',
          format: 'pem',
        }),
        oauthTokenEndpointAuthSigningAlg: 'ES256',
      },
      {},
      /the private key must fit ES256; its kind fits EdDSA$/,
    ],
    [
      'an endpoint on this machine',
      { oauthClientSecret: bad },
      at('/.well-known/oauth-authorization-server/tenant', {
        issuer: '{url}/tenant',
        token_endpoint: 'http://127.0.0.1:1/',
      }),
      /the token endpoint is not safe: it is another service on this machine$/,
    ],
    [
      'an answer that repeats the secret',
      { oauthClientSecret: bad },
      at('/tenant/token', { error: 'invalid_scope', error_description: bad }, 400),
      /with status 400 \(invalid_scope\)$/,
    ],
    [
      'a token of another kind',
      { oauthClientSecret: bad },
      at('/tenant/token', { access_token: bad, token_type: 'mac' }),
      /answered without a usable token$/,
    ],
  ]) {
    test(name, async (t) => {
      const authority = await startAuthorizationServer(t, server)
      const pool = poolOf(t, authority, { ...AUTH, ...options })
      await assert.rejects(pool.callTool('it', 'whoami'), (error) => {
        assert.equal(error.code, 'ERR_UNAUTHORIZED')
        assert.match(error.message, message)
        assert.ok(!inspect(error, { depth: 9 }).includes(bad))
        return true
      })
      assert.equal(authority.calls(), 0)
    })
  }

  test('and a repaired server is called soon after', async (t) => {
    const authority = await startAuthorizationServer(t, at('/tenant/token', {}, 503))
    const pool = poolOf(t, authority)
    await assert.rejects(pool.callTool('it', 'whoami'), { code: 'ERR_UNAUTHORIZED' })
    delete authority.answers['/tenant/token']
    await new Promise((resolve) => setTimeout(resolve, 1100))
    assert.equal(said(await pool.callTool('it', 'whoami')), MACHINE.client_id)
  })
})

describe('a setting that is wrong', () => {
  const url = 'http://127.0.0.1:1/mcp'
  for (const [server, message] of [
    [{ url, ...AUTH }, /^servers\.it\.oauthClientSecret or oauthPrivateKey must be set$/],
    [{ command: 'true', ...SECRET }, /^servers\.it\.auth is for a server with a url$/],
    [{ url, oauthClientId: 'a' }, /^servers\.it\.oauthClientId needs auth, which must be/],
    [{ url, auth: 'oauth' }, /^servers\.it\.auth must be one of 'client_credentials', got 'oauth'/],
    [
      { url, ...SECRET, oauthClientSecret: 7 },
      /oauthClientSecret must be a string, got a value of/,
    ],
    [{ url, ...SECRET, oauthIssuer: 'x' }, /^servers\.it\.oauthIssuer must be an http: or https:/],
    [{ url, ...SECRET, oauthSecret: 'x' }, /^servers\.it has no option 'oauthSecret'/],
  ]) {
    test(`in code: ${message.source}`, () => {
      assert.throws(() => new McpPool({ servers: { it: server } }), {
        code: 'ERR_INVALID_CONFIG',
        message,
      })
    })
  }

  for (const [entry, message] of [
    [{ ...AUTH, oauthClientSecret: 7 }, /oauthClientSecret must be a string$/],
    [AUTH, /oauthClientSecret or oauthPrivateKey must be set$/],
    [{ ...SECRET, oauthIssuer: 'hunter2' }, /oauthIssuer must be an http: or https: URL$/],
  ]) {
    test(`in a configuration: ${message.source}`, async (t) => {
      const helper = helperOf(t, { mcpUrl: url }, entry)
      await assert.rejects(helper.callToolAsync('it', 'whoami'), {
        code: 'ERR_INVALID_CONFIG',
        message,
      })
    })
  }
})

test('no page, state or error shows a secret or a token', async (t) => {
  const authority = await startAuthorizationServer(t)
  const helper = helperOf(t, authority, SECRET)
  const server = http.createServer(healthRouter({ helper, prefix: '/api/health' }))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await helper.callToolAsync('it', 'whoami')
  const error = await helper.callToolAsync('it', 'nothing').catch((error) => error)
  const shown = [inspect(error, { depth: 9 }), inspect(helper.getPoolStatus(), { depth: 9 })]
  for (const path of ['', '/processes', '/metrics', '/history']) {
    const url = `http://127.0.0.1:${server.address().port}/api/health${path}`
    shown.push(await (await fetch(url)).text())
  }
  assert.ok(shown[1].includes("'it'"), 'something is shown')
  const tokens = authority.issued()
  assert.equal(tokens.length, 1)
  for (const text of shown)
    for (const secret of [MACHINE.client_secret, ...tokens]) assert.ok(!text.includes(secret), text)
})
