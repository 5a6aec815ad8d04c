// Arguments that a tool wants in HTTP headers too.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { json } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { McpPool } from '../index.js'
import { headersOf, toolHeaders } from '../lib/mcp/tool-headers.js'
import { endings } from './support/endings.mjs'
import { listen } from './support/http.mjs'
import { httpMcpServer } from './support/http-mcp-server.mjs'
import { httpModernServer, modernServer } from './support/modern-server.mjs'

const atEnd = endings()

const marked = (name, more = {}) => ({ type: 'string', 'x-mcp-header': name, ...more })
const object = (properties, more = {}) => ({ type: 'object', properties, ...more })
const read = (inputSchema) => toolHeaders([{ name: 'it', inputSchema }]).get('it')

describe('marks in a schema', () => {
  test('are read wherever properties lead to them', () => {
    const schema = object({
      region: marked('Region'),
      deep: object({ deeper: object({ limit: marked('Limit', { type: 'integer' }) }) }),
      'x-mcp-header': { type: 'string' },
      plain: { type: 'string', default: { 'x-mcp-header': 'no schema' } },
    })
    const marks = read(schema)
    assert.deepEqual(
      marks.sort((a, b) => (a.name < b.name ? -1 : 1)),
      [
        { name: 'Limit', path: ['deep', 'deeper', 'limit'] },
        { name: 'Region', path: ['region'] },
      ],
    )
    for (const none of [undefined, null, true, 'text', [], {}, object({ a: true, b: null })])
      assert.deepEqual(read(none), [])
  })

  for (const [what, schema] of Object.entries({
    'no text': object({ a: marked(7) }),
    'an empty name': object({ a: marked('') }),
    'a space': object({ a: marked('My Region') }),
    'a line break': object({ a: marked('a\r\nb') }),
    'another alphabet': object({ a: marked('Région') }),
    'a number': object({ a: marked('A', { type: 'number' }) }),
    'an object': object({ a: marked('A', { type: 'object' }) }),
    'several types': object({ a: marked('A', { type: ['string', 'null'] }) }),
    'no type': object({ a: { 'x-mcp-header': 'A', $ref: '#/$defs/a' } }),
    'one name twice': object({ a: marked('Name'), b: object({ c: marked('name') }) }),
    'the root': marked('A'),
    'an item': object({ a: { type: 'array', items: marked('A') } }),
    'a choice': object({}, { anyOf: [object({ a: marked('A') })] }),
    'a condition': object({}, { if: object({ a: marked('A') }) }),
    'a definition': object({}, { $defs: { a: marked('A') } }),
    'a pattern': object({}, { patternProperties: { '^a': marked('A') } }),
    'any other property': object({}, { additionalProperties: marked('A') }),
    'sixty-five parameters': object(
      Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`p${at}`, marked(`P${at}`)])),
    ),
  })) {
    test(`are refused at ${what}`, () => assert.equal(typeof read(schema), 'string'))
  }

  test('are refused below a million levels, without a stack or a quadratic path', () => {
    let schema = marked('A')
    for (let level = 0; level < 1_000_000; level++) schema = object({ a: schema })
    assert.equal(typeof read(schema), 'string')
  })

  test('give headers of the arguments that are there', () => {
    const marks = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ name, path: [name] }))
    marks.push({ name: 'deep', path: ['g', 'h'] }, { name: 'own', path: ['toString'] })
    const args = { a: '', b: 42, c: false, d: null, e: {}, g: { h: 'x' } }
    assert.deepEqual(headersOf(marks, args), ['a', '', 'b', '42', 'c', 'false', 'deep', 'x'])
    assert.deepEqual(headersOf(marks, { g: 'text' }), [])
  })
})

describe('a server of 2026-07-28 over HTTP', () => {
  const args = { region: ' Zürich', limit: 42, options: { dry: true } }
  const encoded = `=?base64?${Buffer.from(args.region).toString('base64')}?=`
  const headers = { 'mcp-param-dry': 'true', 'mcp-param-limit': '42', 'mcp-param-region': encoded }
  const seen = ({ content: [{ text }] }) => JSON.parse(text)

  /** @param {import('node:test').TestContext} t */
  async function started(t, options) {
    const { requests, ...server } = await httpModernServer(t)
    const pool = new McpPool({ servers: { it: { ...server, ...options } } })
    atEnd(() => pool.close())
    const methods = () => requests.map(({ message }) => message.method)
    return { pool, requests, methods }
  }

  for (const protocol of ['auto', '2026-07-28']) {
    test(`gets the headers in the first call, with protocol ${protocol}`, async (t) => {
      const { pool, methods } = await started(t, { protocol })
      assert.deepEqual(seen(await pool.callTool('it', 'query', args)), { args, headers })
      assert.deepEqual(seen(await pool.callTool('it', 'query', {})), { args: {}, headers: {} })
      const asked = methods().slice(methods().indexOf('server/discover'))
      assert.deepEqual(asked, ['server/discover', 'tools/list', 'tools/call', 'tools/call'])
    })
  }

  test('is asked for its tools once by many first calls', async (t) => {
    const { pool, methods } = await started(t)
    await Promise.all(Array.from({ length: 8 }, () => pool.callTool('it', 'query', args)))
    assert.equal(methods().filter((method) => method === 'tools/list').length, 1)
    assert.equal(methods().filter((method) => method === 'tools/call').length, 8)
  })

  test('loses a tool with a wrong mark, and no other', async (t) => {
    const { pool, methods } = await started(t)
    const warned = once(process, 'warning')
    const names = (await pool.listTools('it')).map(({ name }) => name)
    assert.deepEqual(names, ['greet', 'ask-all', 'steps', 'query'])
    const [warning] = await warned
    assert.equal(warning.code, 'PROCWARD_TOOL_HEADERS')
    assert.match(warning.message, /tool 'broken' is left out \('Price' marks a parameter/)
    await assert.rejects(pool.callTool('it', 'broken', { price: 1 }), {
      code: 'ERR_UNKNOWN_TOOL',
      message: /^MCP call it\.broken: its definition cannot be used/,
      available: names,
    })
    assert.equal(methods().includes('tools/call'), false)
  })
})

describe('a refusal because of headers', () => {
  const mismatch = { code: -32020, message: 'Header mismatch' }

  test('is followed by a look at the tools and one more call', async (t) => {
    let changed = false
    const schema = () => object({ region: changed ? marked('Region') : { type: 'string' } })
    const results = {
      'server/discover': () => ({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} } }),
      'tools/list': () => ({
        tools: ['query', 'stubborn'].map((name) => ({ name, inputSchema: schema() })),
      }),
      'tools/call': ({ name }, headers) => {
        if (name === 'stubborn' || (changed && headers['mcp-param-region'] === undefined)) return
        return { content: [{ type: 'text', text: String(headers['mcp-param-region']) }] }
      },
    }
    const methods = []
    const { origin } = await listen(t, async (request, response) => {
      const { headers } = request
      const { id, method, params } = await json(request)
      methods.push(method)
      const result = results[method](params, headers)
      response.writeHead(result ? 200 : 400, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify({ jsonrpc: '2.0', id, ...(result ? { result } : { error: mismatch }) }),
      )
    })
    const pool = new McpPool({ servers: { it: { url: `${origin}/mcp`, protocol: '2026-07-28' } } })
    atEnd(() => pool.close())
    const query = async () => (await pool.callTool('it', 'query', { region: 'eu' })).content[0].text
    assert.equal(await query(), 'undefined')
    changed = true
    methods.length = 0
    assert.equal(await query(), 'eu')
    assert.deepEqual(methods, ['tools/call', 'tools/list', 'tools/call'])
    methods.length = 0
    await assert.rejects(pool.callTool('it', 'stubborn'), { code: 'ERR_MCP', rpcCode: -32020 })
    assert.deepEqual(methods, ['tools/call', 'tools/list', 'tools/call'])
  })

  test('is an error like others where no headers were sent', async (t) => {
    const server = await httpMcpServer(t, {
      behave: ({ id, method } = {}) =>
        method === 'tools/call'
          ? { status: 200, body: { jsonrpc: '2.0', id, error: mismatch } }
          : undefined,
    })
    const pool = new McpPool({ servers: { it: { url: server.url } } })
    atEnd(() => pool.close())
    await assert.rejects(pool.callTool('it', 'reflect'), { code: 'ERR_MCP', rpcCode: -32020 })
    const calls = server.requests.filter(({ message }) => message?.method === 'tools/call')
    assert.equal(calls.length, 1)
  })
})

test('a tool with a wrong mark can be used over pipes', async () => {
  const pool = new McpPool({ servers: { it: modernServer() } })
  atEnd(() => pool.close())
  const names = (await pool.listTools('it')).map(({ name }) => name)
  assert.deepEqual(names, ['greet', 'ask-all', 'steps', 'query', 'broken'])
  assert.deepEqual((await pool.callTool('it', 'broken')).content, [
    { type: 'text', text: 'called' },
  ])
})
