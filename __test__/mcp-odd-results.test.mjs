// Results that no server should give: what comes of each is a value, or an error with a code.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { createMcpHelper } from '../lib/mcp-helper.js'
import failure from '../lib/mcporter/failure.js'
import projection from '../lib/mcporter/projection.js'
import { temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { assertSameJson } from './support/json-texts.mjs'
import { textServer } from './support/text-servers.mjs'

const DEPTH = 100_000
const deep = JSON.parse(`${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`)
const deepObject = JSON.parse(`${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`)
/** Values that are hard to make a text of. */
const ODD = [
  null,
  0,
  -1,
  '',
  'text',
  true,
  [],
  [null],
  {},
  { toString: 1, valueOf: 1, map: 5, join: 5 },
  deep,
  deepObject,
]

const configPath = writeConfig(temporaryFolder(), {})
const helper = createMcpHelper({ servers: { it: textServer() }, configPath, transport: 'pool' })
after(() => helper.shutdown())

/** What an odd value can stand for in a result. @type {Record<string, (odd: any) => any>} */
const PLACES = {
  'the result': (odd) => odd,
  content: (content) => ({ content }),
  contents: (contents) => ({ contents }),
  'a block': (odd) => ({ content: [odd] }),
  'the type of a block': (type) => ({ content: [{ type, text: 'x' }] }),
  'the text of a block': (text) => ({
    content: [
      { type: 'text', text },
      { type: 'text', text: 'x' },
    ],
  }),
  'annotations of a block': (annotations) => ({
    content: [{ type: 'text', text: 'x', annotations }],
  }),
  'icons of a link': (icons) => ({ content: [{ type: 'resource_link', icons }] }),
  'an icon of a link': (icon) => ({ content: [{ type: 'resource_link', icons: [icon] }] }),
  'a resource': (resource) => ({ content: [{ type: 'resource', resource }] }),
  'the text of a resource': (text) => ({ content: [{ type: 'resource', resource: { text } }] }),
  'the address of a blob': (uri) => ({
    content: [{ type: 'resource', resource: { uri, blob: 'aGk=' } }],
  }),
  'the type of a resource': (mimeType) => ({
    content: [{ type: 'resource', resource: { text: '[', mimeType } }],
  }),
  'structured content': (structuredContent) => ({ structuredContent }),
  'json in structured content': (json) => ({ structuredContent: { json } }),
  'data in structured content': (data) => ({ structuredContent: { data } }),
  raw: (raw) => ({ raw }),
  isError: (isError) => ({ isError }),
  'an unknown field': (field) => ({ field }),
}

const call = { server: 'it', tool: 'answer', timeout: 1 }

for (const [place, resultOf] of Object.entries(PLACES))
  test(`${place} may be anything`, () => {
    for (const odd of ODD) {
      const result = resultOf(odd)
      projection.project(result)
      const { code, message } = failure.toolError(call, result)
      assert.equal(code, 'ERR_TOOL')
      assert.ok(message.length < 1000)
    }
  })

describe('a result that is no object is a value', () => {
  for (const text of ['null', '0', '-1.5', '""', '"text"', 'true', '[]', '[1,{"content":[]}]'])
    test(text, async () => {
      assert.deepEqual(
        await helper.callToolRaw('it', 'answer', { text }, { timeout: 20_000 }),
        JSON.parse(text),
      )
      assert.deepEqual(
        await helper.callToolAsync('it', 'answer', { text }, { timeout: 20_000 }),
        JSON.parse(text),
      )
    })
})

describe('a result that is nested 100,000 deep', () => {
  const shape = { depth: DEPTH, before: '{"content":[],"x":', after: '}' }

  test('is a value', async () => {
    const raw = await helper.callToolRaw('it', 'answer', shape)
    assertSameJson(raw.x, deep)
    assertSameJson((await helper.callToolAsync('it', 'answer', shape)).x, deep)
  })

  test('is an error with a code if isError is set, also if its text denies the tool', async () => {
    const words = '{"isError":true,"content":[{"type":"text","text":"answer not found"}],"x":'
    for (const method of ['callToolRaw', 'callToolAsync']) {
      const failed = { ...shape, before: words }
      await assert.rejects(helper[method]('it', 'answer', failed), {
        code: 'ERR_TOOL',
        message: /answer not found/,
      })
      const result = await helper[method]('it', 'answer', failed, { rejectOnError: false })
      assert.equal(result.isError, true)
    }
  })

  test('is parsed if it is the text of a block', async () => {
    const nested = {
      ...shape,
      depth: 10_000,
      before: '{"content":[{"type":"text","text":"',
      after: '"}]}',
    }
    assert.ok(Array.isArray(await helper.callToolAsync('it', 'answer', nested)))
  })
})
