// Servers over https are trusted as Node.js trusts them, and proxies are used as by Node.js.

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { certificates, noCertificates } from './support/certificates.mjs'
import { httpMcpServer } from './support/http-mcp-server.mjs'

const cwd = fileURLToPath(new URL('..', import.meta.url))
/** No measurement, only an end to waiting: a program that hangs is killed. */
const timeout = 30_000
/** What the environment of a test run may say of it itself. */
const UNSET = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy']

/**
 * Calls a server from a process of its own, because trust and proxies are the process's.
 * @param {string} url
 * @param {Record<string, string | undefined>} [variables]
 * @param {{ headers?: object, args?: string[], after?: string }} [options]
 * @returns {Promise<string>} the text of the answer, or the error's code and message
 */
async function called(url, variables, { headers = {}, args = [], after = '""' } = {}) {
  const program = `
    import { McpPool } from 'procward'
    const warnings = []
    process.on('warning', ({ message }) => warnings.push(message))
    const pool = new McpPool({ servers: { s: ${JSON.stringify({ url, headers })} } })
    const call = pool.callTool('s', 'reflect', { at: 1 })
    const words = await call.then(({ content }) => content[0].text, ({ code, message }) => code + ' ' + message)
    await pool.close()
    process.stdout.write(words + ${after})`
  const env = {
    ...process.env,
    ...Object.fromEntries(UNSET.map((name) => [name, undefined])),
    ...variables,
  }
  const run = ['--no-warnings', ...args, '--input-type=module', '--eval', program]
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      run,
      { cwd, env, timeout, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${error.message}\n${stderr}`))
        else resolve(stdout)
      },
    )
  })
}

const ANSWERED = 'received {"at":1}'

describe('trust', { skip: noCertificates }, () => {
  test('only an authority that Node.js trusts is trusted', async (t) => {
    const { authority, signed } = certificates(t)
    const { url } = await httpMcpServer(t, { tls: signed('server') })
    assert.match(url, /^https:/)
    assert.equal(await called(url, { NODE_EXTRA_CA_CERTS: authority.file }), ANSWERED)
    assert.equal(
      await called(url.replace('127.0.0.1', 'localhost'), { NODE_EXTRA_CA_CERTS: authority.file }),
      ANSWERED,
    )
    assert.match(await called(url), /^ERR_SERVER_START .*UnknownIssuer/)
    assert.match(
      await called(url, { SSL_CERT_FILE: authority.file }),
      /^ERR_SERVER_START .*UnknownIssuer/,
    )
  })

  test('a given certificate that is its own authority is trusted', async (t) => {
    const { selfSigned, authority } = certificates(t)
    const itself = selfSigned('itself')
    const { url } = await httpMcpServer(t, { tls: itself })
    assert.equal(await called(url, { NODE_EXTRA_CA_CERTS: itself.file }), ANSWERED)
    assert.match(
      await called(url, { NODE_EXTRA_CA_CERTS: authority.file }),
      /^ERR_SERVER_START .*certificate/,
    )
    const elsewhere = await httpMcpServer(t, { tls: { ...itself }, host: '127.0.0.2' })
    assert.match(
      await called(elsewhere.url, { NODE_EXTRA_CA_CERTS: itself.file }),
      /^ERR_SERVER_START .*not valid for name/,
    )
  })

  test('a certificate of another server, or an expired one, is refused', async (t) => {
    const { authority, signed } = certificates(t)
    const variables = { NODE_EXTRA_CA_CERTS: authority.file }
    const other = await httpMcpServer(t, {
      tls: signed('other', 'subjectAltName=DNS:other.example'),
    })
    assert.match(await called(other.url, variables), /^ERR_SERVER_START .*not valid for name/)
    const old = await httpMcpServer(t, { tls: signed('old', undefined, -1) })
    assert.match(await called(old.url, variables), /^ERR_SERVER_START .*Expired/)
    assert.equal(
      await called(old.url, { ...variables, NODE_TLS_REJECT_UNAUTHORIZED: '0' }),
      ANSWERED,
    )
  })

  test('an unreadable file of certificates is ignored, as by Node.js', async (t) => {
    const { folder, signed } = certificates(t)
    const { url } = await httpMcpServer(t, { tls: signed('server') })
    for (const file of [join(folder, 'missing.pem'), folder, join(folder, 'server.key')]) {
      const words = await called(
        url,
        { NODE_EXTRA_CA_CERTS: file },
        { after: `' ' + warnings.join()` },
      )
      assert.match(words, /^ERR_SERVER_START .*UnknownIssuer/, file)
      // Node.js warns itself where it reads the file for us.
      if (file.endsWith('.key') || 'getCACertificates' in tls) continue
      assert.match(words, /NODE_EXTRA_CA_CERTS is ignored: (ENOENT|EISDIR)/)
    }
  })

  test('certificates are loaded for the first https server only', async (t) => {
    const { authority, signed } = certificates(t)
    const options = { after: `process.moduleLoadList.includes('NativeModule tls')` }
    const plain = await httpMcpServer(t)
    assert.equal(await called(plain.url, {}, options), `${ANSWERED}false`)
    const { url } = await httpMcpServer(t, { tls: signed('server') })
    assert.equal(
      await called(url, { NODE_EXTRA_CA_CERTS: authority.file }, options),
      `${ANSWERED}true`,
    )
  })
})

/**
 * A proxy that notes each request, and asks for a password where there is one.
 * @param {import('node:test').TestContext} t
 */
async function forwardProxy(t, port, { password } = {}) {
  const seen = []
  const sockets = new Set()
  const accepts = ({ headers, method, url }) => {
    seen.push(`${method} ${url}`)
    if (password === undefined) return true
    return (
      headers['proxy-authorization'] ===
      `Basic ${Buffer.from(`user:${password}`).toString('base64')}`
    )
  }
  const proxy = http.createServer((request, response) => {
    if (!accepts(request)) return response.writeHead(407).end('who are you?')
    const { method, headers, url } = request
    assert.equal(headers['proxy-authorization'] === undefined, password === undefined)
    const to = http.request(
      { host: '127.0.0.1', port, method, path: new URL(url).pathname, headers },
      (answer) => {
        answer.pipe(response.writeHead(answer.statusCode, answer.headers))
      },
    )
    request.pipe(to)
  })
  proxy.on('connect', (request, socket) => {
    sockets.add(socket)
    if (!accepts(request)) return socket.end('HTTP/1.1 407 Who Are You\r\n\r\n')
    const to = net.connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      to.pipe(socket).pipe(to)
    })
    sockets.add(to)
    for (const one of [socket, to]) one.on('error', () => {})
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    proxy.closeAllConnections()
    proxy.close()
    await once(proxy, 'close')
  })
  return { url: `http://127.0.0.1:${proxy.address().port}`, seen }
}

describe('proxies', () => {
  test('are used if Node.js uses them', async (t) => {
    const server = await httpMcpServer(t)
    const proxy = await forwardProxy(t, new URL(server.url).port)
    const url = 'http://mcp.invalid/mcp'
    const on = { NODE_USE_ENV_PROXY: '1' }
    for (const variables of [
      { ...on, HTTP_PROXY: proxy.url },
      { ...on, http_proxy: proxy.url, HTTP_PROXY: 'http://127.0.0.1:1' },
      { ...on, HTTP_PROXY: proxy.url, NO_PROXY: 'other.invalid,mcp.invalid:81' },
    ]) {
      assert.equal(await called(url, variables), ANSWERED, JSON.stringify(variables))
    }
    assert.ok(proxy.seen.length >= 6)
    for (const line of proxy.seen)
      assert.match(line, /^(POST|GET|DELETE) http:\/\/mcp\.invalid\/mcp$/)
  })

  test('are not used otherwise', async (t) => {
    const server = await httpMcpServer(t)
    const proxy = await forwardProxy(t, new URL(server.url).port)
    for (const variables of [
      { HTTP_PROXY: proxy.url },
      { HTTP_PROXY: proxy.url, NODE_USE_ENV_PROXY: '0' },
      { HTTP_PROXY: proxy.url, NODE_USE_ENV_PROXY: '1', NO_PROXY: '127.0.0.1' },
      { HTTP_PROXY: proxy.url, NODE_USE_ENV_PROXY: '1', NO_PROXY: '*' },
      { HTTPS_PROXY: proxy.url, NODE_USE_ENV_PROXY: '1' },
      { HTTP_PROXY: proxy.url, http_proxy: '', NODE_USE_ENV_PROXY: '1' },
    ]) {
      assert.equal(await called(server.url, variables), ANSWERED, JSON.stringify(variables))
    }
    assert.deepEqual(proxy.seen, [])
  })

  test('a password is sent to the proxy and appears in no error', async (t) => {
    const server = await httpMcpServer(t)
    const proxy = await forwardProxy(t, new URL(server.url).port, { password: 'hush hush' })
    const use = (password) => ({
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: proxy.url.replace('//', `//user:${password}@`),
    })
    assert.equal(await called('http://mcp.invalid/mcp', use('hush%20hush')), ANSWERED)
    const refused = await called('http://mcp.invalid/mcp', use('wrong-word'))
    assert.match(refused, /^ERR_SERVER_START /)
    const gone = await called('http://mcp.invalid/mcp', {
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: 'http://user:wrong-word@127.0.0.1:1',
    })
    assert.match(gone, /^ERR_SERVER_START .*refused/i)
    for (const error of [refused, gone]) assert.ok(!error.includes('wrong-word'), error)
  })

  const malformed = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: 'socks5://user:hush@proxy' }
  // Node.js 22.21 and newer use the variable themselves.
  const refused = spawnSync(process.execPath, ['--eval', ''], {
    env: { ...process.env, ...malformed },
  })
  const skip = refused.status === 0 ? false : 'this Node.js does not start with such an address'
  test("a malformed address is refused by the variable's name, without the address", {
    skip,
  }, async (t) => {
    const server = await httpMcpServer(t)
    const error = await called(server.url, malformed)
    assert.match(
      error,
      /^ERR_SERVER_START .*HTTP_PROXY must be the http: or https: address of a proxy/,
    )
    assert.ok(!error.includes('hush'), error)
  })

  test('also reach servers over https', { skip: noCertificates }, async (t) => {
    const { authority, signed } = certificates(t)
    const server = await httpMcpServer(t, {
      tls: signed('server', 'subjectAltName=DNS:mcp.invalid'),
    })
    const port = new URL(server.url).port
    const proxy = await forwardProxy(t, port, { password: 'hush' })
    const variables = { NODE_USE_ENV_PROXY: '1', NODE_EXTRA_CA_CERTS: authority.file }
    const at = proxy.url.replace('//', '//user:hush@')
    assert.equal(
      await called('https://mcp.invalid/mcp', { ...variables, HTTPS_PROXY: at }),
      ANSWERED,
    )
    assert.equal(
      await called('https://mcp.invalid/mcp', { ...variables, HTTP_PROXY: at }),
      ANSWERED,
    )
    assert.ok(
      proxy.seen.length > 0 && proxy.seen.every((line) => line === 'CONNECT mcp.invalid:443'),
    )
    const wrong = await called('https://mcp.invalid/mcp', {
      ...variables,
      HTTPS_PROXY: proxy.url.replace('//', '//user:wrong-word@'),
    })
    assert.match(wrong, /^ERR_SERVER_START /)
    assert.ok(!wrong.includes('wrong-word'), wrong)
  })
})
