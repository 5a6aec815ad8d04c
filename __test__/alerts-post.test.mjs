// One request to receivers of all kinds, which are real servers.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { webhookTargets } from '../lib/alerts/webhook/options.js'
import { post } from '../lib/alerts/webhook/post.js'
import { deadAddress, receiver } from './support/receivers.mjs'

const targetOf = (given) => webhookTargets(given)[0]

const SECRET = /hunter2|secret-path|127\.0\.0\.1/

/**
 * Posts to a receiver that answers so.
 * @param {Parameters<typeof receiver>[0]} answer
 * @param {object} [options]
 */
async function posted(answer, options) {
  const { url, requests, close } = await receiver(answer)
  try {
    const outcome = await post(targetOf({ url, ...options }), '{"a":1}')
    assert.doesNotMatch(inspect(outcome), SECRET)
    return { outcome, requests }
  } finally {
    await close()
  }
}

const status = (code, headers) => (_req, res) => res.writeHead(code, headers).end('answer')

describe('a receiver that answers', () => {
  for (const [code, isDelivered, mayRetry] of [
    [200, true],
    [202, true],
    [204, true],
    [301, false, false],
    [307, false, false],
    [400, false, false],
    [401, false, false],
    [404, false, false],
    [408, false, true],
    [425, false, true],
    [429, false, true],
    [500, false, true],
    [503, false, true],
  ]) {
    test(`${code}: ${isDelivered ? 'delivered' : mayRetry ? 'not yet' : 'never'}`, async () => {
      const { outcome, requests } = await posted(
        status(code, code === 204 ? {} : { location: '/elsewhere' }),
      )
      assert.equal(outcome.isDelivered, isDelivered)
      if (!isDelivered) assert.equal(outcome.mayRetry, mayRetry)
      assert.equal(outcome.reason, `it answered ${code}`)
      assert.equal(requests.length, 1, 'it is not followed elsewhere')
    })
  }

  for (const [header, retryAfter] of [
    ['30', 30_000],
    ['soon', 0],
    ['Wed, 21 Oct 2026 07:28:00 GMT', 0],
  ]) {
    test(`Retry-After: ${header}`, async () => {
      const { outcome } = await posted(status(429, { 'retry-after': header }))
      assert.equal(outcome.retryAfter, retryAfter)
    })
  }

  test('gets JSON by POST with the given headers', async () => {
    const { requests } = await posted(status(200), {
      headers: { 'X-Token': 't', 'Content-Type': 'text/html' },
    })
    const [{ method, url, headers, body }] = requests
    assert.deepEqual([method, url, body], ['POST', '/secret-path?token=hunter2', { a: 1 }])
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(headers['x-token'], 't')
  })

  test('that never ends its answer: the status is enough', async () => {
    let written = 0
    const { outcome } = await posted((_req, res) => {
      res.writeHead(200)
      const chunk = Buffer.alloc(65536, 'x')
      const write = () => {
        while (!res.destroyed && res.write(chunk)) written += chunk.length
        res.once('drain', write)
      }
      write()
    })
    assert.equal(outcome.isDelivered, true)
    assert.ok(written < 64 * 1024 * 1024, 'it was not read to the end')
  })
})

describe('a receiver that does not answer', () => {
  test('because nothing listens', async () => {
    const outcome = await post(targetOf({ url: await deadAddress() }), '{}')
    assert.deepEqual(outcome, {
      isDelivered: false,
      mayRetry: true,
      retryAfter: 0,
      reason: 'it could not be reached (ECONNREFUSED)',
    })
  })

  test('because the host name is unknown', async () => {
    const outcome = await post(targetOf({ url: 'https://hunter2.invalid/secret-path' }), '{}')
    assert.match(outcome.reason, /^it could not be reached \([A-Z_]+\)$/)
    assert.equal(outcome.mayRetry, true)
  })

  test('because it closes the connection', async () => {
    const { outcome } = await posted((req) => req.socket.destroy())
    assert.match(outcome.reason, /^it could not be reached \([A-Z_]+\)$/)
    assert.equal(outcome.mayRetry, true)
  })

  test('because it does not speak HTTP', async () => {
    const { outcome } = await posted((req) => req.socket.end('hunter2\r\n\r\n'))
    assert.match(outcome.reason, /^it could not be reached/)
  })

  test('in time', async () => {
    const { outcome } = await posted(() => {})
    assert.deepEqual(outcome, {
      isDelivered: false,
      mayRetry: true,
      retryAfter: 0,
      reason: 'no answer within 5000 ms',
    })
  })
})
