// `GET /failures`: the latest failed calls for programs, and to which readers their messages go.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { healthRouter } from '../lib/health.js'
import failed from '../lib/metrics/failed-calls.js'
import { listen, request } from './support/http.mjs'

const TOKEN = 'correct-horse-battery-staple'

/** @param {number} port @param {import('node:http').RequestOptions} [options] */
async function failuresAt(port, options, query = '') {
  const { status, text } = await request(port, `/failures${query}`, options)
  assert.equal(status, 200, text)
  return JSON.parse(text).failures
}

describe('GET /failures', () => {
  const call = { server: 'asana', tool: 'list' }
  for (const code of ['ERR_ONE', 'ERR_TWO'])
    failed.noteFailedCall(call, { code, message: 'words' }, 12)

  test('has the calls, newest first, and later ones alone if asked', async (t) => {
    const { port } = await listen(t, healthRouter())
    const found = await failuresAt(port)
    const [{ time, ...newest }] = found
    assert.deepEqual(newest, { ...call, code: 'ERR_TWO', duration: 12, message: 'words' })
    assert.deepEqual(
      found.map(({ code }) => code),
      ['ERR_TWO', 'ERR_ONE'],
    )
    assert.deepEqual(await failuresAt(port, {}, `?since=${time}`), [])
    assert.equal((await failuresAt(port, {}, `?since=${time - 1000}`)).length, 2)
    const { status, text } = await request(port, '/failures?since=x')
    assert.deepEqual([status, JSON.parse(text).error.code], [400, 'ERR_INVALID_QUERY'])
  })

  test('shows messages on this machine, and not through a proxy', async (t) => {
    const { port } = await listen(t, healthRouter({ allowedHosts: ['ops.example.org'] }))
    assert.equal((await failuresAt(port))[0].message, 'words')
    for (const headers of [
      { 'x-forwarded-for': '10.0.0.1' },
      { via: '1.1 proxy' },
      { host: 'ops.example.org' },
    ]) {
      const found = await failuresAt(port, { headers })
      assert.deepEqual(
        found.map(({ code, message }) => [code, message]),
        [
          ['ERR_TWO', undefined],
          ['ERR_ONE', undefined],
        ],
      )
    }
    const evil = await request(port, '/failures', { headers: { host: 'evil.example' } })
    assert.equal(evil.status, 403)
  })

  test('shows messages with the token', async (t) => {
    const { port } = await listen(t, healthRouter({ token: TOKEN }))
    assert.equal((await request(port, '/failures')).status, 401)
    const headers = { authorization: `Bearer ${TOKEN}`, 'x-forwarded-for': '10.0.0.1' }
    assert.equal((await failuresAt(port, { headers }))[0].message, 'words')
  })
})
