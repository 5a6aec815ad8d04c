import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import express from 'express'
import express4 from 'express4'
import { healthRouter } from 'procward/health'
import { root } from './support/declarations.mjs'
import { listen, request } from './support/http.mjs'
import { watched } from './support/watched.mjs'

const { helper, cleanup } = watched()
const FOLDER = `${root}lib/dashboard/`
/** What the browser has no use for: a form that has its own answer, and a note for Node.js. */
const NOT_SERVED = ['index.html', 'login.html', 'package.json']
const SERVED = readdirSync(FOLDER).filter((name) => !NOT_SERVED.includes(name))
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
const TYPES = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' }

const inExpress = (framework) => framework().use('/api/health', healthRouter({ helper, cleanup }))
const MOUNTS = {
  'Express 5': () => inExpress(express),
  'Express 4': () => inExpress(express4),
  'node:http': () => healthRouter({ helper, cleanup, prefix: '/api/health' }),
}

function assertHeaders(headers) {
  assert.equal(headers['content-security-policy'], POLICY)
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.equal(headers['referrer-policy'], 'no-referrer')
  assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
}

for (const [name, mount] of Object.entries(MOUNTS))
  describe(name, () => {
    const serve = async (t) => {
      const { port } = await listen(t, mount())
      return (path, options) => request(port, `/api/health${path}`, options)
    }

    test('the page', async (t) => {
      const { status, headers, text } = await (await serve(t))('/dashboard')
      assert.equal(status, 200)
      assertHeaders(headers)
      assert.equal(headers['content-type'], 'text/html; charset=utf-8')
      assert.equal(text, readFileSync(`${FOLDER}index.html`, 'utf8'))
    })

    test('each file of the page is served and named once', async (t) => {
      const ask = await serve(t)
      for (const file of SERVED) {
        const { status, headers, text } = await ask(`/dashboard/${file}`)
        assert.equal(status, 200, file)
        assertHeaders(headers)
        assert.equal(headers['content-type'], `${TYPES[file.split('.').at(-1)]}; charset=utf-8`)
        assert.equal(headers['cache-control'], 'private, no-cache')
        assert.equal(text, readFileSync(`${FOLDER}${file}`, 'utf8'))

        const again = await ask(`/dashboard/${file}`, {
          headers: { 'if-none-match': `"x", W/${headers.etag}` },
        })
        assert.deepEqual([again.status, again.text], [304, ''], file)
        const changed = await ask(`/dashboard/${file}`, {
          headers: { 'if-none-match': '"another"' },
        })
        assert.equal(changed.status, 200, file)
      }
    })

    test('HEAD is GET without the body', async (t) => {
      const { status, headers, text } = await (await serve(t))('/dashboard', { method: 'HEAD' })
      assert.deepEqual([status, text], [200, ''])
      assert.equal(Number(headers['content-length']), readFileSync(`${FOLDER}index.html`).length)
    })

    for (const [path, view] of [
      ['/dashboard/', ''],
      ['/dashboard/?x=1', '?x=1'],
    ]) {
      test(`${path} redirects to /dashboard, because its relative names would differ`, async (t) => {
        const { status, headers } = await (await serve(t))(path)
        assert.deepEqual([status, headers.location], [308, `../dashboard${view}`])
      })
    }

    for (const path of [
      ...NOT_SERVED.map((file) => `/dashboard/${file}`),
      '/dashboard/../health.js',
      '/dashboard/..%2fhealth.js',
      '/dashboard/%2e%2e/health.js',
      '/dashboard/App.js',
      '/dashboard/constructor',
    ]) {
      test(`${path} is not there`, async (t) => {
        assert.equal((await (await serve(t))(path)).status, 404)
      })
    }

    for (const path of ['/dashboard', '/dashboard/app.js', '/events']) {
      test(`${path} takes no POST`, async (t) => {
        const { status, headers } = await (await serve(t))(path, { method: 'POST' })
        assert.deepEqual([status, headers.allow], [405, 'GET, HEAD'])
      })
    }
  })

describe('the files', () => {
  const pages = ['index.html', 'login.html'].map((file) => readFileSync(`${FOLDER}${file}`, 'utf8'))

  test('name only files that are served', () => {
    for (const page of pages) {
      const named = [...page.matchAll(/(?:src|href)="(?!data:,)([^"]+)"/g)].map(([, name]) => name)
      assert.ok(named.length > 0)
      for (const name of named)
        assert.ok(name === 'processes' || SERVED.includes(name.replace('dashboard/', '')), name)
    }
    for (const file of SERVED.filter((name) => name.endsWith('.js'))) {
      const imports = readFileSync(`${FOLDER}${file}`, 'utf8').matchAll(/from '\.\/([^']+)'/g)
      for (const [, name] of imports) assert.ok(SERVED.includes(name), `${file} imports ${name}`)
    }
  })

  test('have no inline code and load nothing from other sites', () => {
    for (const page of pages)
      assert.doesNotMatch(page, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:/i)
    for (const file of readdirSync(FOLDER)) {
      const text = readFileSync(`${FOLDER}${file}`, 'utf8').replaceAll(
        /http:\/\/www\.w3\.org\/\d+\/svg/g,
        '',
      )
      assert.doesNotMatch(
        text,
        /https?:\/\/|@import|innerHTML|insertAdjacentHTML|\beval\(|document\.write/,
        file,
      )
    }
  })
})
