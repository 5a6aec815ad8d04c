import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import express from 'express'
import { healthRouter } from 'procward/health'
import access from '../lib/health/access.js'
import session from '../lib/health/session.js'
import { listen, request } from './support/http.mjs'
import { watched } from './support/watched.mjs'

const { helper, cleanup } = watched()

const TOKEN = 'correct-horse-battery-staple'
const SEED = ['/', '/processes', '/live', '/ready']
const ADDED = [
  '/metrics',
  '/history',
  '/failures',
  '/events',
  '/dashboard',
  '/dashboard/app.js',
  '/dashboard/style.css',
]
const NOW = 1_800_000_000_000

const cookieOf = (header) => header.split(';')[0]
const verdict = (rules, path, headers) =>
  access.refusal({ token: undefined, allowedHosts: new Set(), ...rules }, path, headers, NOW)?.code

describe('without a token', () => {
  for (const [host, allowed] of [
    ['localhost', true],
    ['LocalHost:3002', true],
    ['localhost.:3002', true],
    ['127.0.0.1', true],
    ['127.8.9.10:80', true],
    ['[::1]', true],
    ['[::1]:3002', true],
    ['ops.example.org', true],
    ['OPS.example.org:8443', true],
    ['2001:db8::7', false],
    ['[2001:db8::7]:80', true],
    ['evil.example', false],
    ['localhost.evil.example', false],
    ['127.0.0.1.evil.example', false],
    ['127.evil', false],
    ['evil.example:127.0.0.1', false],
    ['127.0.0.1@evil.example', false],
    ['evil@localhost', false],
    ['localhost evil.example', false],
    ['10.0.0.1', false],
    ['0.0.0.0', false],
    ['[::]', false],
    ['[::ffff:127.0.0.1', false],
    ['xops.example.org', false],
    ['', false],
    [undefined, false],
  ]) {
    test(`Host ${host} is ${allowed ? 'allowed' : 'refused'}`, () => {
      const allowedHosts = new Set(['ops.example.org', '2001:db8::7'])
      for (const path of ADDED)
        assert.equal(
          verdict({ allowedHosts }, path, { host }),
          allowed ? undefined : 'ERR_FORBIDDEN_HOST',
          path,
        )
      for (const path of SEED)
        assert.equal(verdict({ allowedHosts }, path, { host }), undefined, path)
    })
  }

  test('over HTTP/2 the authority is the host', () => {
    assert.equal(verdict({}, '/events', { ':authority': 'localhost:1' }), undefined)
    assert.equal(verdict({}, '/events', { ':authority': 'evil.example' }), 'ERR_FORBIDDEN_HOST')
  })
})

describe('with a token', () => {
  const cookie = cookieOf(session.sessionCookie(TOKEN, false, NOW))
  const [name, expires, signature] = /^(\w+)=(\d+)\.(.+)$/.exec(cookie).slice(1)
  const HOURS = 3_600_000

  for (const [what, headers, allowed] of [
    ['nothing', {}, false],
    ['the token', { authorization: `Bearer ${TOKEN}` }, true],
    ['the token, scheme in small letters', { authorization: `bearer  ${TOKEN}` }, true],
    ['another token', { authorization: `Bearer ${TOKEN}x` }, false],
    ['a part of the token', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }, false],
    ['an empty token', { authorization: 'Bearer ' }, false],
    ['the token as Basic', { authorization: `Basic ${TOKEN}` }, false],
    ['the cookie', { cookie }, true],
    ['the cookie among others', { cookie: `a=b; ${cookie}; c=d` }, true],
    [
      'a cookie of another token',
      { cookie: cookieOf(session.sessionCookie('other', false, NOW)) },
      false,
    ],
    [
      'a cookie that has expired',
      { cookie: cookieOf(session.sessionCookie(TOKEN, false, NOW - 12 * HOURS)) },
      false,
    ],
    [
      'a cookie that was made to last',
      { cookie: `${name}=${Number(expires) + 1}.${signature}` },
      false,
    ],
    ['a cookie without signature', { cookie: `${name}=${expires}` }, false],
    ['the token as the cookie', { cookie: `${name}=${TOKEN}` }, false],
    ['a loopback Host', { host: 'localhost' }, false],
  ]) {
    test(`${what} ${allowed ? 'is enough' : 'is not enough'}`, () => {
      for (const path of ['/', '/processes', ...ADDED])
        assert.equal(
          verdict({ token: TOKEN }, path, headers),
          allowed ? undefined : 'ERR_UNAUTHORIZED',
          path,
        )
      for (const path of ['/live', '/ready', '/dashboard/login.css'])
        assert.equal(verdict({ token: TOKEN }, path, headers), undefined, path)
    })
  }

  test('a cookie does not contain the token', () => assert.ok(!cookie.includes(TOKEN)))
})

const MOUNTS = {
  'node:http': (options) => healthRouter({ ...options, prefix: '/api/health' }),
  'Express 5': (options) => express().use('/api/health', healthRouter(options)),
  'Express 5 with its body parser': (options) =>
    express()
      .use(express.urlencoded({ extended: false }))
      .use('/api/health', healthRouter(options)),
  'Express 5 with a text parser': (options) =>
    express()
      .use(express.text({ type: '*/*' }))
      .use('/api/health', healthRouter(options)),
  'Express 5 with a parser of bytes': (options) =>
    express()
      .use(express.raw({ type: '*/*' }))
      .use('/api/health', healthRouter(options)),
}

for (const [name, mount] of Object.entries(MOUNTS))
  describe(name, () => {
    const serve = async (t, options) => {
      const { port } = await listen(t, mount({ helper, cleanup, ...options }))
      return (path, sent) => request(port, `/api/health${path}`, sent)
    }

    test('a rebound name reads only the older routes', async (t) => {
      const ask = await serve(t)
      for (const path of ADDED) {
        const { status, headers, text } = await ask(path, { headers: { host: 'evil.example' } })
        assert.equal(status, 403, path)
        assert.equal(JSON.parse(text).error.code, 'ERR_FORBIDDEN_HOST')
        assert.equal(headers['cache-control'], 'no-store')
      }
      for (const path of SEED) {
        assert.equal((await ask(path, { headers: { host: 'evil.example' } })).status, 200, path)
      }
    })

    test('an allowed name reads every route', async (t) => {
      const ask = await serve(t, { allowedHosts: ['Ops.Example.org'] })
      const headers = { host: 'ops.example.org:443', accept: 'application/json' }
      for (const path of [...SEED, ...ADDED])
        assert.equal((await ask(path, { headers })).status, 200, path)
    })

    test('every route except the probes requires the token', async (t) => {
      const ask = await serve(t, { token: TOKEN })
      for (const path of ['/', '/processes', ...ADDED]) {
        const { status, headers, text } = await ask(path)
        assert.equal(status, 401, path)
        assert.equal(headers['www-authenticate'], 'Bearer')
        assert.ok(!text.includes(TOKEN))
        const accept = 'application/json'
        const authorized = await ask(path, {
          headers: { authorization: `Bearer ${TOKEN}`, accept },
        })
        assert.equal(authorized.status, 200, path)
      }
      for (const path of ['/live', '/ready', '/dashboard/login.css'])
        assert.equal((await ask(path)).status, 200, path)
    })

    const login = (ask, body, headers = {}, view = '') =>
      ask(`/dashboard${view}`, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': Buffer.byteLength(body),
          ...headers,
        },
      })

    test('the form sets a cookie for the token and redirects to the page', async (t) => {
      const ask = await serve(t, { token: TOKEN })
      const { status, headers, text } = await login(
        ask,
        new URLSearchParams({ token: TOKEN }).toString(),
      )
      assert.deepEqual([status, headers.location, text], [303, 'dashboard', ''])
      const [cookie] = headers['set-cookie']
      assert.match(cookie, /^procward_session=\S+; Max-Age=43200; HttpOnly; SameSite=Strict$/)
      assert.ok(!cookie.includes(TOKEN))
      const page = await ask('/dashboard', { headers: { cookie: cookieOf(cookie) } })
      assert.equal(page.status, 200)
      assert.match(page.text, /dashboard\/app\.js/)
    })

    test('the login keeps the view of a link', async (t) => {
      const ask = await serve(t, { token: TOKEN })
      const form = await ask('/dashboard?window=15m&paused=1')
      assert.match(form.text, /action="dashboard\?window=15m&amp;paused=1"/)
      const { headers } = await login(ask, `token=${TOKEN}`, {}, '?window=15m&paused=1')
      assert.equal(headers.location, 'dashboard?window=15m&paused=1')
      const strange = await ask('/dashboard?%22%3E%3Cb%3E')
      assert.match(strange.text, /action="dashboard"/)
    })

    test('logging out ends the session in the browser', async (t) => {
      const ask = await serve(t, { token: TOKEN })
      const { status, headers } = await ask('/logout', { method: 'POST' })
      assert.deepEqual([status, headers.location], [303, 'dashboard'])
      assert.equal(
        headers['set-cookie'][0],
        'procward_session=; Max-Age=0; HttpOnly; SameSite=Strict',
      )
      const foreign = { 'sec-fetch-site': 'cross-site' }
      for (const [method, sent] of [
        ['POST', foreign],
        ['GET', {}],
      ]) {
        const refused = await ask('/logout', { method, headers: sent })
        assert.deepEqual([refused.status, refused.headers['set-cookie']], [404, undefined])
      }
      const without = await serve(t)
      assert.equal((await without('/logout', { method: 'POST' })).status, 404)
    })

    test('behind TLS the cookie is Secure', async (t) => {
      const ask = await serve(t, { token: TOKEN })
      const { headers } = await login(ask, `token=${TOKEN}`, { 'x-forwarded-proto': 'https' })
      assert.match(headers['set-cookie'][0], /; Secure$/)
    })

    test('the header gives access to the page and sets the cookie', async (t) => {
      const ask = await serve(t, { token: TOKEN })
      const { status, headers } = await ask('/dashboard', {
        headers: { authorization: `Bearer ${TOKEN}` },
      })
      assert.equal(status, 200)
      const cookie = cookieOf(headers['set-cookie'][0])
      assert.equal((await ask('/processes', { headers: { cookie } })).status, 200)
    })

    for (const [path, view] of [
      ['/dashboard/', ''],
      ['/dashboard/?a=b', '?a=b'],
      ['/dashboard/?<b>', ''],
      ['/dashboard/?a=//evil.example', ''],
    ])
      for (const method of ['GET', 'POST'])
        test(`${method} ${path} is redirected to the form, whose names fit there`, async (t) => {
          const ask = await serve(t, { token: TOKEN })
          const { status, headers, text } = await ask(path, { method })
          assert.deepEqual([status, headers.location, text], [308, `../dashboard${view}`, ''])
          assert.equal(headers['set-cookie'], undefined)
        })

    for (const [what, body] of [
      ['a wrong token', 'token=wrong'],
      ['no token', 'x=y'],
      ['nothing', ''],
      ['a list', `token[]=${TOKEN}`],
      // A parser in front has its own limit.
      ...(name.includes('parser')
        ? []
        : [['far too much', `token=${TOKEN}&x=${'x'.repeat(20_000)}`]]),
    ]) {
      test(`${what} gets the form again`, async (t) => {
        const ask = await serve(t, { token: TOKEN })
        const { status, headers, text } = await login(ask, body)
        assert.equal(status, 401)
        assert.equal(headers['set-cookie'], undefined)
        assert.match(text, /That is not the token/)
        assert.match(text, /<form method="post" action="dashboard">/)
        assert.ok(!text.includes(TOKEN))
      })
    }

    test('without a token the form does not exist', async (t) => {
      const ask = await serve(t)
      assert.equal((await login(ask, 'token=x')).status, 405)
    })
  })

describe('options', () => {
  for (const given of [
    { token: '' },
    { token: 7 },
    { token: null },
    { token: 'has space' },
    { token: 'line\nbreak' },
    { token: 'pässword' },
    { allowedHosts: 'ops.example.org' },
    { allowedHosts: [7] },
    { allowedHosts: [''] },
    { allowedHosts: ['https://ops.example.org'] },
    { allowedHosts: ['ops.example.org:443'] },
    { allowedHosts: ['*'] },
    { allowedHosts: [undefined] },
  ]) {
    test(`${JSON.stringify(given)} is refused`, () => {
      assert.throws(() => healthRouter({ helper, cleanup, ...given }), {
        code: 'ERR_INVALID_CONFIG',
      })
    })
  }

  test('the error does not show the token', () => {
    assert.throws(
      () => healthRouter({ helper, cleanup, token: 'very secret' }),
      ({ message }) => !message.includes('secret') && /token must be/.test(message),
    )
  })
})
