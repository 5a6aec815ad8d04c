// Pure tables: the addresses that OAuth may contact, the ways of authentication, the settings.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addressProblem } from '../lib/oauth/address.js'
import { bySecret, methodOf } from '../lib/oauth/authentication.js'
import { settingsProblem } from '../lib/oauth/settings.js'

describe('an address', () => {
  const here = 'it is another service on this machine'
  const plain = 'it has no https address'
  const OWN = ['http://127.0.0.1:3000', 'https://mcp.example']

  for (const [url, problem] of [
    ['https://auth.example/token', undefined],
    ['https://mcp.example/token', undefined],
    ['https://10.0.0.1/token', undefined],
    ['https://127.example/token', undefined],
    ['https://localhost.example/token', undefined],
    ['http://127.0.0.1:3000/token', undefined],
    ['http://127.0.0.1:3001/token', here],
    ['https://127.0.0.1:3000/token', here],
    ['http://localhost:3000/token', here],
    ['https://localhost/token', here],
    ['https://LOCALHOST./token', here],
    ['https://a.localhost/token', here],
    ['https://127.1/token', here],
    ['https://0x7f000001/token', here],
    ['https://127.255.255.254./token', here],
    ['https://0.0.0.0/token', here],
    ['https://0/token', here],
    ['https://[::1]/token', here],
    ['https://[::]/token', here],
    ['https://[::ffff:127.0.0.1]/token', here],
    ['http://mcp.example/token', plain],
    ['http://10.0.0.1/token', plain],
    ['ftp://auth.example/token', plain],
    ['file:///token', plain],
    ['javascript:alert(1)', plain],
    ['data:application/json,{}', plain],
    ['https://user@auth.example/token', 'its address has a user or a password'],
    ['https://:password@auth.example/token', 'its address has a user or a password'],
  ]) {
    test(`${url}: ${problem ?? 'is safe'}`, () => {
      assert.equal(addressProblem(new URL(url), OWN), problem)
    })
  }
})

describe('the way of a client', () => {
  const [basic, post, none] = ['client_secret_basic', 'client_secret_post', 'none']

  for (const [name, client, supported, way] of [
    ['without a secret', {}, undefined, none],
    ['without a secret, and no way for it', {}, [basic], none],
    ['with a secret', { secret: 's' }, undefined, basic],
    ['with a secret, and both ways', { secret: 's' }, [post, basic], basic],
    ['with a secret, and the body only', { secret: 's' }, [post], post],
    ['with a secret that the server does not want', { secret: 's' }, [none], none],
    ['with a secret, and ways of others only', { secret: 's' }, ['tls_client_auth'], post],
    ['as it is settled', { secret: 's', method: post }, [basic, post], post],
    ['as it is settled, without a word of the server', { secret: 's', method: post }, [], post],
    ['as it was settled', { secret: 's', method: post }, [basic], basic],
    ['settled as nothing known', { secret: 's', method: 'tls_client_auth' }, undefined, basic],
    ['with odd words of the server', { secret: 's' }, 'client_secret_post', basic],
    ['with other odd words of the server', { secret: 's' }, [null, {}, 7], post],
  ]) {
    test(name, () => assert.equal(methodOf(client, supported), way))
  }

  for (const [name, isEncoded, id, secret, pair] of [
    ['as the RFC has it', true, 'i:d', 'a b+c/d_e-f.g%', 'i%3Ad:a+b%2Bc%2Fd_e-f.g%25'],
    ['as the MCP SDK has it', false, 'i:d', 'a b+c/d_e-f.g%', 'i:d:a b+c/d_e-f.g%'],
  ]) {
    test(`in a header, ${name}`, async () => {
      const headers = new Headers()
      const authenticate = await bySecret(basic, secret, { isEncoded })
      const client = { client_id: id }
      await authenticate({ issuer: 'https://x' }, client, new URLSearchParams(), headers)
      const [scheme, encoded] = headers.get('authorization').split(' ')
      assert.deepEqual([scheme, Buffer.from(encoded, 'base64').toString()], ['Basic', pair])
    })
  }
})

describe('settings of a client that needs no person', () => {
  const id = { oauthClientId: 'id' }
  const secret = { ...id, oauthClientSecret: 'hunter2' }
  const key = { ...id, oauthPrivateKeyFile: '/key.pem' }

  for (const [settings, problem] of [
    [secret, undefined],
    [{ ...id, oauthClientSecretEnv: 'S' }, undefined],
    [{ ...secret, oauthTokenEndpointAuthMethod: 'client_secret_post' }, undefined],
    [{ ...key, oauthTokenEndpointAuthMethod: 'private_key_jwt' }, undefined],
    [{ ...key, oauthTokenEndpointAuthSigningAlg: 'ES256' }, undefined],
    [{}, 'oauthClientId must be set'],
    [{ ...secret, oauthClientId: '' }, 'oauthClientId must be set'],
    [id, 'oauthClientSecret or oauthPrivateKey must be set'],
    [{ ...secret, ...key }, 'only one of oauthClientSecret or oauthPrivateKey must be set'],
    [{ ...secret, oauthTokenEndpointAuthMethod: 'private_key_jwt' }, /must fit a secret$/],
    [{ ...key, oauthTokenEndpointAuthMethod: 'client_secret_basic' }, /must fit a private key$/],
    [{ ...secret, oauthTokenEndpointAuthMethod: 'none' }, /AuthMethod must be one of client_/],
    [{ ...key, oauthTokenEndpointAuthSigningAlg: 'HS256' }, /SigningAlg must be one of RS256/],
  ]) {
    test(`${Object.keys(settings).join(', ') || 'none'}: ${problem ?? 'fit'}`, () => {
      const said = settingsProblem(settings)
      if (problem instanceof RegExp) assert.match(said, problem)
      else assert.equal(said, problem)
      assert.ok(!said?.includes('hunter2'))
    })
  }
})
