// The tokens that mcporter has stored, as procward reads them.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CLIENT } from './support/authorization-server.mjs'
import { olderThan } from './support/mcporter.mjs'
import { mcporterTokens, OLD, seconds, server, signedIn } from './support/oauth-homes.mjs'

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
