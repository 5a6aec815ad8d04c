// Servers of 2025 that ask the host during a session, for real: elicitation, sampling and roots.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { McpPool } from '../index.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { referenceServer } from './fixtures/mcp-servers.mjs'
import { endings } from './support/endings.mjs'
import { everythingOverHttp } from './support/streamable-http.mjs'
import { until } from './support/until.mjs'

const atEnd = endings()

const ELICIT = 'trigger-elicitation-request'
const SAMPLE = 'trigger-sampling-request'
const ROOTS = 'get-roots-list'
const words = ({ content }) => content.map(({ text }) => text).join('\n')

const transports = {
  pipes: async () => referenceServer('everything'),
  HTTP: async () => {
    const { url, stop } = await everythingOverHttp()
    atEnd(stop)
    return { url }
  },
}

for (const [transport, serverOf] of Object.entries(transports)) {
  describe(`a server that asks over ${transport}`, () => {
    /** @param {object} [handlers] */
    async function poolOf(handlers, options = {}) {
      const pool = new McpPool({ servers: { it: await serverOf() }, handlers, ...options })
      atEnd(() => pool.close())
      return pool
    }

    test('is told what there are handlers for, and nothing else', async () => {
      const tools = async (handlers) => {
        const pool = await poolOf(handlers)
        const names = (await pool.listTools('it')).map(({ name }) => name)
        return [ELICIT, SAMPLE, ROOTS, 'trigger-url-elicitation'].filter((name) =>
          names.includes(name),
        )
      }
      const unused = () => assert.fail('it was not asked')
      assert.deepEqual(await tools(undefined), [])
      assert.deepEqual(await tools({}), [])
      assert.deepEqual(await tools({ elicitation: unused }), [ELICIT])
      assert.deepEqual(await tools({ elicitation: { url: unused } }), [
        ELICIT,
        'trigger-url-elicitation',
      ])
      assert.deepEqual(await tools({ sampling: unused, roots: () => ({ roots: [] }) }), [
        SAMPLE,
        ROOTS,
      ])
    })

    test('gets a filled form', async () => {
      const elicitation = async ({ message, requestedSchema }, { server }) => {
        assert.equal(server, 'it')
        assert.match(message, /provide inputs/)
        assert.equal(requestedSchema.properties.name.type, 'string')
        return { action: 'accept', content: { name: 'Ada', check: true } }
      }
      const pool = await poolOf({ elicitation })
      assert.match(words(await pool.callTool('it', ELICIT)), /Name: Ada/)
    })

    test("gets a model's words, and roots", async () => {
      const handlers = {
        sampling: ({ messages }) => ({
          role: 'assistant',
          model: 'none',
          content: { type: 'text', text: `an answer to ${messages[0].content.text}` },
        }),
        roots: () => ({ roots: [{ uri: 'file:///srv/app', name: 'app' }] }),
      }
      const pool = await poolOf(handlers)
      const sampled = await pool.callTool('it', SAMPLE, { prompt: 'why?', maxTokens: 5 })
      assert.match(words(sampled), /an answer to .*why\?/)
      assert.match(words(await pool.callTool('it', ROOTS)), /file:\/\/\/srv\/app/)
    })

    test('gets a refusal without the words of an error, and the process a warning', async () => {
      const elicitation = () => {
        throw new Error('no seat for postgres://admin:hunter2@db')
      }
      const pool = await poolOf({ elicitation })
      const warned = once(process, 'warning')
      const result = await pool.callTool('it', ELICIT)
      assert.equal(result.isError, true)
      assert.match(words(result), /-32603.*the client's elicitation handler failed/)
      const [warning] = await warned
      assert.equal(warning.code, 'PROCWARD_HANDLER')
      assert.match(warning.message, /^MCP server 'it': the elicitation handler failed: no seat/)
    })

    test('gets the words of an error that has a code for it', async () => {
      const sampling = () => {
        throw Object.assign(new Error('User rejected sampling request'), { rpcCode: -1 })
      }
      const pool = await poolOf({ sampling })
      const result = await pool.callTool('it', SAMPLE, { prompt: 'why?', maxTokens: 5 })
      assert.match(words(result), /-1: User rejected sampling request/)
    })

    test('gets a refusal of nonsense', async () => {
      const pool = await poolOf({ elicitation: () => 'yes' })
      const result = await pool.callTool('it', ELICIT)
      assert.match(words(result), /the client's elicitation handler failed/)
    })

    test('is not held up by a handler that hangs', async () => {
      let asked
      const elicitation = (_, { signal }) => {
        asked = signal
        return new Promise(() => {})
      }
      const pool = await poolOf({ elicitation })
      const stop = new AbortController()
      const stuck = pool.callTool('it', ELICIT, {}, { signal: stop.signal })
      stuck.catch(() => {})
      await until(() => asked)
      const echoed = await pool.callTool('it', 'echo', { message: 'hi' })
      assert.equal(words(echoed), 'Echo: hi')
      stop.abort()
      await assert.rejects(stuck, { code: 'ABORT_ERR' })
      await until(() => asked.aborted)
    })

    test('is answered when a handler takes longer than callTimeout', async () => {
      const elicitation = () => new Promise(() => {})
      const pool = await poolOf({ elicitation }, { callTimeout: 1000 })
      await pool.listTools('it')
      const result = await pool.callTool('it', ELICIT, {}, { timeout: 60_000 })
      assert.match(words(result), /the client's elicitation handler took too long/)
    })
  })
}

test('a helper has the same handlers', async () => {
  const helper = createMcpHelper({
    servers: { it: { ...referenceServer('everything') } },
    transport: 'pool',
    handlers: { roots: () => ({ roots: [{ uri: 'file:///srv/app' }] }) },
  })
  atEnd(() => helper.shutdown())
  assert.match(words(await helper.callToolAsync('it', ROOTS)), /file:\/\/\/srv\/app/)
})

test('a wrong option is refused by name', () => {
  for (const [handlers, message] of [
    [5, /^handlers must be an object/],
    [{ elicitation: 5 }, /^handlers\.elicitation must be an object/],
    [{ elicitation: { form: 5 } }, /^handlers\.elicitation\.form must be a function, got 5/],
    [{ sampling: 'yes' }, /^handlers\.sampling must be a function, got 'yes'/],
    [{ roots: {} }, /^handlers\.roots must be a function/],
    [{ tools: () => {} }, /^handlers has no option 'tools'/],
  ]) {
    for (const make of [
      () => new McpPool({ servers: {}, handlers }),
      () => createMcpHelper({ handlers }),
    ])
      assert.throws(make, { code: 'ERR_INVALID_CONFIG', message })
  }
})
