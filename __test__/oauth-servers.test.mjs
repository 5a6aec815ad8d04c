// Calls to servers that a person has signed in to with mcporter, with the stored token.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { createMcpHelper } from '../lib/mcp-helper.js'
import vault from '../lib/mcporter/oauth/vault.js'
import { temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { CLIENT, startAuthorizationServer } from './support/authorization-server.mjs'
import { assertNothingLeft } from './support/processes.mjs'

const folder = temporaryFolder()

afterEach(assertNothingLeft)

/** A helper without mcporter, and the store that mcporter would read. */
function helperWithStore(t, { mcpUrl: url }) {
  const home = mkdtempSync(join(folder, 'home-'))
  const configPath = writeConfig(folder, { it: { url, auth: 'oauth' } })
  const env = { HOME: home, USERPROFILE: home, XDG_DATA_HOME: '' }
  const helper = createMcpHelper({ configPath, env, mcporterBin: '/nowhere' })
  t.after(() => helper.shutdown())
  mkdirSync(join(home, '.mcporter'))
  const file = join(home, '.mcporter', 'credentials.json')
  const key = vault.vaultKey({ name: 'it', transport: { kind: 'http', url } })
  const store = (tokens) => {
    const entry = { serverName: 'it', serverUrl: url, updatedAt: 'x', tokens, clientInfo: CLIENT }
    writeFileSync(file, JSON.stringify({ version: 1, entries: { [key]: entry } }))
  }
  const stored = () => JSON.parse(readFileSync(file, 'utf8')).entries[key].tokens
  return { helper, store, stored }
}

const SIGN_IN = { code: 'ERR_UNAUTHORIZED', command: 'mcporter auth it' }
const ANSWER = { content: [{ type: 'text', text: `${CLIENT.client_id} mcp` }] }
/** Longer than a missing token is remembered. */
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 1100))

test('a refused token is refreshed, and the call is done once', async (t) => {
  const authority = await startAuthorizationServer(t)
  const { helper, store, stored } = helperWithStore(t, authority)
  const tokens = await authority.signIn()
  store(tokens)
  assert.deepEqual(await helper.callToolAsync('it', 'whoami'), ANSWER)
  await authority.revoke(tokens.access_token)
  const answers = await Promise.all([1, 2, 3].map(() => helper.callToolAsync('it', 'whoami')))
  assert.deepEqual(answers, [ANSWER, ANSWER, ANSWER])
  assert.deepEqual([authority.asked.length, authority.calls()], [1, 4])
  assert.notEqual(stored().refresh_token, tokens.refresh_token)
})

test('a person has to sign in when the refresh is refused, and then it goes on', async (t) => {
  const authority = await startAuthorizationServer(t)
  const { helper, store } = helperWithStore(t, authority)
  const tokens = await authority.signIn()
  store({ ...tokens, refresh_token: 'of-nobody' })
  assert.deepEqual(await helper.callToolAsync('it', 'whoami'), ANSWER)
  await authority.revoke(tokens.access_token)
  const error = await helper.callToolAsync('it', 'whoami').catch((error) => error)
  assert.deepEqual({ code: error.code, command: error.command }, SIGN_IN)
  assert.match(
    error.message,
    /^MCP call it\.whoami: a person has to sign in to it: .* status 400 \(invalid_grant\); sign in with: mcporter auth it$/,
  )
  await assert.rejects(helper.callToolAsync('it', 'whoami'), SIGN_IN)
  assert.deepEqual(helper.getPoolStatus().servers, [
    { name: 'it', transport: 'pool', reason: 'sign-in', problem: error.problem },
  ])
  assert.equal(authority.asked.length, 1, 'a refused refresh token is not tried again')
  store(await authority.signIn())
  await aMoment()
  assert.deepEqual(await helper.callToolAsync('it', 'whoami'), ANSWER)
})

test('a first sign-in is noticed', async (t) => {
  const authority = await startAuthorizationServer(t)
  const { helper, store } = helperWithStore(t, authority)
  await assert.rejects(helper.listToolsAsync('it'), SIGN_IN)
  assert.deepEqual(authority.paths, [])
  store(await authority.signIn())
  await aMoment()
  const tools = await helper.listToolsAsync('it')
  assert.deepEqual(
    tools.map(({ name }) => name),
    ['whoami'],
  )
})

test('metadata that would send the token elsewhere is not left to mcporter', async (t) => {
  const path = '/.well-known/oauth-authorization-server/tenant'
  const body = { issuer: '{url}/tenant', token_endpoint: 'http://127.0.0.1:1/token' }
  const authority = await startAuthorizationServer(t, { answers: { [path]: { body } } })
  const { helper, store } = helperWithStore(t, authority)
  store({ ...(await authority.signIn()), expires_at: 1000 })
  const error = await helper.callToolAsync('it', 'whoami').catch((error) => error)
  assert.equal(error.code, 'ERR_UNAUTHORIZED')
  assert.match(error.message, /not safe: it is another service on this machine$/)
  assert.equal(error.command, undefined)
})
