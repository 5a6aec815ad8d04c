// Metadata and tokens of servers that mean harm: each answer is bounded, and nothing is sent to
// where it should not go.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { discover } from '../lib/oauth/discovery.js'
import { boundedFetch } from '../lib/oauth/http.js'

const RESOURCE = '/.well-known/oauth-protected-resource/mcp'
const METADATA = '/.well-known/oauth-authorization-server'
const JSON_TYPE = { 'content-type': 'application/json' }

/** A server of this table of paths; a function answers as it likes. */
async function hostile(t, answers) {
  const paths = []
  const server = createServer((request, response) => {
    paths.push(request.url)
    const answer = answers[request.url] ?? { status: 404, body: {} }
    if (typeof answer === 'function') return answer(request, response)
    const { status = 200, headers = {}, body } = answer
    response.writeHead(status, { ...JSON_TYPE, ...headers })
    const text = typeof body === 'string' ? body.replaceAll('{url}', url) : body
    response.end(text instanceof Uint8Array ? text : write(text, url))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${server.address().port}`
  return { url, paths }
}

const write = (body, url) =>
  (typeof body === 'string' ? body : JSON.stringify(body)).replaceAll('{url}', url)

const found = (url, timeout = 30_000) =>
  discover(`${url}/mcp`, { signal: AbortSignal.timeout(timeout) })

describe('metadata', () => {
  const metadata = (more) => ({ [METADATA]: { body: { issuer: '{url}', ...more } } })
  const resource = (more) => ({ [RESOURCE]: { body: { resource: '{url}/mcp', ...more } } })
  const deep = '['.repeat(500_000)

  for (const [name, answers, reason] of [
    ['with a number as the token endpoint', metadata({ token_endpoint: 5 }), /is no address/],
    ['with an object as the token endpoint', metadata({ token_endpoint: {} }), /is no address/],
    [
      'with an empty token endpoint',
      metadata({ token_endpoint: '' }),
      /the token endpoint is no address/,
    ],
    [
      'with a relative token endpoint',
      metadata({ token_endpoint: '/token' }),
      /the token endpoint is no address/,
    ],
    [
      'with a script as the token endpoint',
      metadata({ token_endpoint: 'javascript:alert(1)' }),
      /is not safe: it has no https address/,
    ],
    [
      'with a password in the token endpoint',
      metadata({ token_endpoint: 'https://a:b@example.org/token' }),
      /has a user or a password/,
    ],
    ['with an issuer that is no text', metadata({ issuer: { toString: 1 } }), /another name/],
    ['with an issuer that is null', metadata({ issuer: null }), /another name/],
    ['of a resource that is no text', resource({ resource: ['{url}/mcp'] }), /is another one/],
    ['of a resource below it', resource({ resource: '{url}/mcp/more' }), /is another one/],
    [
      'with a number as the authorization server',
      resource({ authorization_servers: [7] }),
      /the authorization server is no address/,
    ],
    [
      'with a text as the list of authorization servers',
      resource({ authorization_servers: 'https://example.org' }),
      /the authorization server is no address/,
    ],
    [
      'of an authorization server without TLS',
      resource({ authorization_servers: ['http://192.0.2.1'] }),
      /the authorization server is not safe/,
    ],
    ['that is too long', { [METADATA]: { body: ' '.repeat(2 ** 20 + 1) } }, /with too much/],
    [
      'that is too long when unpacked',
      {
        [METADATA]: {
          headers: { 'content-encoding': 'gzip' },
          body: gzipSync(Buffer.alloc(100 * 2 ** 20)),
        },
      },
      /with too much/,
    ],
    ['of a server that fails', { [METADATA]: { status: 503, body: {} } }, /status 503/],
  ]) {
    test(name, async (t) => {
      const { url, paths } = await hostile(t, answers)
      await assert.rejects(found(url), ({ message, remedy }) => {
        assert.match(message, reason)
        return remedy === (/503/.test(message) ? 'mcporter' : 'none')
      })
      assert.ok(paths.length <= 5, `${paths}`)
    })
  }

  for (const [name, answers] of [
    ['a page', { [METADATA]: { headers: { 'content-type': 'text/html' }, body: '<html>' } }],
    ['a list', { [METADATA]: { body: [] } }],
    ['a very deep list', { [METADATA]: { body: deep } }],
    ['an empty list of authorization servers', resource({ authorization_servers: [] })],
    [
      'a prototype',
      { [METADATA]: { body: '{"issuer":"{url}","__proto__":{"token_endpoint":1}}' } },
    ],
  ]) {
    test(`${name} leads to the fixed path`, async (t) => {
      const { url } = await hostile(t, answers)
      const { metadata: found_ } = await found(url)
      assert.equal(found_.token_endpoint, `${url}/token`)
    })
  }

  test('that is redirected without end is left', async (t) => {
    const again = { status: 302, headers: { location: METADATA }, body: {} }
    const { url, paths } = await hostile(t, { [METADATA]: again })
    await found(url)
    assert.equal(paths.filter((path) => path === METADATA).length, 4)
  })

  test('that is redirected elsewhere is left', async (t) => {
    const other = await hostile(t, {})
    const { url } = await hostile(t, {
      [METADATA]: { status: 302, headers: { location: `${other.url}/secret` }, body: {} },
      [RESOURCE]: { status: 307, headers: { location: `${other.url}/secret` }, body: {} },
    })
    assert.equal((await found(url)).metadata.token_endpoint, `${url}/token`)
    assert.deepEqual(other.paths, [])
  })

  for (const [name, place] of [
    ['another server', 'http://127.0.0.1:{port}/about'],
    ['no address', 'about'],
    ['a file', 'file:///etc/passwd'],
  ]) {
    test(`at ${name}, named by a refusal, is left`, async (t) => {
      const other = await hostile(t, {})
      const named = place.replace('{port}', new URL(other.url).port)
      const headers = { 'www-authenticate': `Bearer resource_metadata="${named}"` }
      const { url, paths } = await hostile(t, { '/mcp': { status: 401, headers, body: {} } })
      assert.equal((await found(url)).metadata.token_endpoint, `${url}/token`)
      assert.ok(paths.includes('/mcp'))
      assert.deepEqual(other.paths, [])
    })
  }

  test('of a server that answers with a stream without end', async (t) => {
    const { url } = await hostile(t, {
      '/mcp': (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write('data: 1\n\n')
      },
    })
    assert.equal((await found(url)).metadata.token_endpoint, `${url}/token`)
  })

  test('that never ends is left at the deadline', async (t) => {
    const { url } = await hostile(t, {
      [METADATA]: (_, response) => {
        response.writeHead(200, JSON_TYPE)
        const timer = setInterval(() => response.write(' '), 10)
        response.on('close', () => clearInterval(timer))
      },
    })
    await assert.rejects(found(url, 200), { name: 'TimeoutError' })
  })

  test('may name another service on this machine if the configuration does', async (t) => {
    const other = await hostile(t, {
      [METADATA]: { body: { issuer: '{url}', token_endpoint: '{url}/tokens' } },
    })
    const answers = resource({ authorization_servers: [other.url], resource: '{url}/mcp' })
    const { url } = await hostile(t, answers)
    await assert.rejects(found(url), /is another service on this machine/)
    const signal = AbortSignal.timeout(30_000)
    const authority = await discover(`${url}/mcp`, { signal, issuer: other.url })
    assert.deepEqual(
      [authority.metadata.token_endpoint, authority.resource],
      [`${other.url}/tokens`, `${url}/mcp`],
    )
  })

  test('without TLS is not asked for elsewhere', async () => {
    await assert.rejects(found('http://mcp.example'), /the server is not safe/)
  })
})

test('a request is not repeated at the target of a redirect', async (t) => {
  const other = await hostile(t, {})
  for (const status of [301, 302, 303, 307, 308]) {
    const { url } = await hostile(t, {
      '/token': { status, headers: { location: `${other.url}/token` }, body: {} },
    })
    const response = await boundedFetch(`${url}/token`, { method: 'POST', body: 'secret' })
    assert.equal(response.status, status)
  }
  assert.deepEqual(other.paths, [])
})
