// A raw result is the JSON that the server wrote, whatever that is, on each transport.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { assertSameJson, nested, randomObject } from './support/json-texts.mjs'
import { httpTextServer, textServer } from './support/text-servers.mjs'

const ROUNDS = 300
const AT_ONCE = 20
/** Around the depth at which common parsers stop, and far beyond. */
const DEPTHS = [1, 2, 63, 126, 127, 128, 129, 130, 1000, 5000]

const configPath = writeConfig(temporaryFolder(), {})

for (const [name, serverOf] of [
  ['pipes', () => textServer()],
  ['HTTP with JSON', (t) => httpTextServer(t)],
  ['HTTP with events', (t) => httpTextServer(t, { asEvents: true })],
]) {
  describe(`a raw result over ${name} is unchanged`, () => {
    /**
     * A function that gives the raw result that a server answers with.
     * @param {import('node:test').TestContext} t
     */
    async function answering(t) {
      const servers = { it: await serverOf(t) }
      const helper = createMcpHelper({
        servers,
        configPath,
        transport: 'pool',
        maxConcurrent: AT_ONCE,
      })
      t.after(helper.shutdown)
      return (text) => helper.callToolRaw('it', 'answer', { text }, { timeout: 20_000 })
    }

    test(`${ROUNDS} random texts, with their keys in order`, async (t) => {
      const answerTo = await answering(t)
      const check = async (seed) => {
        const text = randomObject(seed)
        const result = await answerTo(text)
        const expected = JSON.parse(text)
        assertSameJson(result, expected, `the text of seed ${seed}: ${text}`)
        assert.deepEqual(result, expected)
        assert.equal(JSON.stringify(result), JSON.stringify(expected))
      }
      for (let first = 1; first <= ROUNDS; first += AT_ONCE) {
        await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => check(first + at)))
      }
    })

    test(`nested up to ${DEPTHS.at(-1)} deep`, async (t) => {
      const answerTo = await answering(t)
      for (const depth of DEPTHS) {
        const text = nested(depth)
        assertSameJson(await answerTo(text), JSON.parse(text), `depth ${depth}`)
      }
    })

    for (const [what, text] of Object.entries({
      'no content, and none is added': '{}',
      'fields that the protocol does not know':
        '{"z":1,"content":[{"type":"text","text":"x","lang":"en"}],"a":{"b":[]}}',
      'duplicate keys': '{"a":1,"b":2,"a":3}',
      'a key __proto__': '{"__proto__":{"polluted":true},"content":[]}',
      'half an emoji': '{"content":[{"type":"text","text":"\\ud83d"}]}',
      'numbers that JavaScript cannot hold': '{"n":[1e400,-1e400,12345678901234567890,1e-400,-0]}',
      'separators of lines': '{"content":[{"type":"text","text":"\u2028\u2029"}]}',
    }))
      test(what, async (t) => {
        const answerTo = await answering(t)
        assertSameJson(await answerTo(text), JSON.parse(text), text)
        assert.equal({}.polluted, undefined)
      })
  })
}
