// Answers over HTTP that come compressed, although nothing asks for it.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  brotliCompressSync,
  createBrotliCompress,
  createDeflate,
  createDeflateRaw,
  createGzip,
  deflateRawSync,
  deflateSync,
  gzipSync,
} from 'node:zlib'
import { McpPool } from '../index.js'
import { httpMcpServer } from './support/http-mcp-server.mjs'

const JSON_TYPE = { 'content-type': 'application/json' }
const EVENTS = { 'content-type': 'text/event-stream' }
const isCall = (message) => message?.method === 'tools/call'
const result = (text) => ({ content: [{ type: 'text', text }] })
const answer = ({ id }, text) => JSON.stringify({ jsonrpc: '2.0', id, result: result(text) })
const WORDS = 'to be or not to be '.repeat(50)

const ENCODINGS = [
  ['gzip', 'gzip', gzipSync],
  ['x-gzip', 'X-Gzip', gzipSync],
  ['deflate', 'deflate', deflateSync],
  ['deflate without a zlib header', 'deflate', deflateRawSync],
  ['br', 'br', brotliCompressSync],
  ['gzip in gzip', 'gzip, gzip', (text) => gzipSync(gzipSync(text))],
  ['br in gzip, in two headers', ['br', 'gzip'], (text) => gzipSync(brotliCompressSync(text))],
  ['gzip without its checksum', 'gzip', (text) => gzipSync(text).subarray(0, -8)],
  ['a character set in place of a coding', 'utf-8', (text) => text],
]

/**
 * A pool for a server that answers calls itself.
 * @param {import('node:test').TestContext} t
 * @param {(message: any, response: import('node:http').ServerResponse) => void} reply
 * @param {object} [options]
 */
async function poolOf(t, reply, options = {}) {
  const server = await httpMcpServer(t, {
    behave: (message, _, response) => {
      if (!isCall(message)) return undefined
      reply(message, response)
      return { done: true }
    },
  })
  const pool = new McpPool({
    servers: { http: { url: server.url, ...options } },
    callTimeout: 20_000,
  })
  t.after(() => pool.close())
  return { pool, server }
}

describe('a compressed answer is read', () => {
  for (const [name, encoding, encode] of ENCODINGS) {
    test(`as JSON: ${name}`, async (t) => {
      const { pool, server } = await poolOf(t, (message, response) => {
        response.writeHead(200, { ...JSON_TYPE, 'content-encoding': encoding })
        response.end(encode(answer(message, WORDS)))
      })
      assert.deepEqual(await pool.callTool('http', 'reflect'), result(WORDS))
      assert.ok(server.requests.every(({ headers }) => headers['accept-encoding'] === undefined))
    })

    test(`as an event: ${name}`, async (t) => {
      const { pool } = await poolOf(t, (message, response) => {
        response.writeHead(200, { ...EVENTS, 'content-encoding': encoding })
        response.end(encode(`data: ${answer(message, WORDS)}\n\n`))
      })
      assert.deepEqual(await pool.callTool('http', 'reflect'), result(WORDS))
    })
  }

  test('of an error', async (t) => {
    const { pool } = await poolOf(t, (_, response) => {
      response.writeHead(400, { ...JSON_TYPE, 'content-encoding': 'gzip' })
      response.end(gzipSync('the tool is out of order'))
    })
    await assert.rejects(pool.callTool('http', 'reflect'), /the tool is out of order/)
  })
})

describe('a compressed event is read before the stream ends', () => {
  for (const [name, encoding, encoder] of [
    ['gzip', 'gzip', createGzip],
    ['deflate', 'deflate', createDeflate],
    ['deflate without a zlib header', 'deflate', createDeflateRaw],
    ['br', 'br', createBrotliCompress],
  ]) {
    test(name, async (t) => {
      const { pool } = await poolOf(t, (message, response) => {
        response.writeHead(200, { ...EVENTS, 'content-encoding': encoding })
        const stream = encoder()
        stream.pipe(response)
        stream.write(`data: ${answer(message, WORDS)}\n\n`)
        stream.flush()
      })
      assert.deepEqual(await pool.callTool('http', 'reflect'), result(WORDS))
    })
  }
})

describe('a bad compressed answer', () => {
  const bomb = Buffer.alloc(64 * 1024 * 1024, ' ')
  bomb.write('data:')
  const tooLong = { code: 'ERR_MAX_BUFFER' }
  for (const [name, encoding, body] of [
    ['gzip', 'gzip', gzipSync(bomb)],
    ['gzip in gzip', 'gzip, gzip', gzipSync(gzipSync(bomb))],
    ['br', 'br', brotliCompressSync(bomb)],
  ]) {
    for (const type of [JSON_TYPE, EVENTS]) {
      test(`ends at the limit of an answer: ${name}, ${type['content-type']}`, async (t) => {
        const { pool } = await poolOf(
          t,
          (_, response) => {
            response.writeHead(200, { ...type, 'content-encoding': encoding })
            response.end(body)
          },
          { maxBuffer: 100_000 },
        )
        await assert.rejects(pool.callTool('http', 'reflect'), tooLong)
      })
    }
  }

  test('is an error that names its coding', async (t) => {
    const { pool } = await poolOf(t, (message, response) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' })
      response.end(answer(message, WORDS))
    })
    await assert.rejects(pool.callTool('http', 'reflect'), /its gzip data is broken/)
  })
})

test('an answer with hundreds of headers is read', async (t) => {
  const { pool } = await poolOf(t, (message, response) => {
    for (let at = 0; at < 500; at++) response.setHeader(`x-note-${at}`, 'value')
    response.writeHead(200, JSON_TYPE)
    response.end(answer(message, WORDS))
  })
  assert.deepEqual(await pool.callTool('http', 'reflect'), result(WORDS))
})
