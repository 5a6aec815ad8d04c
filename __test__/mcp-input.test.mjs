// Servers of 2026-07-28 that ask for input in their results.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { McpPool } from '../index.js'
import { endings } from './support/endings.mjs'
import { httpModernServer, modernServer } from './support/modern-server.mjs'
import { until } from './support/until.mjs'

const atEnd = endings()

const accept = () => ({ action: 'accept', content: { name: 'Ada' } })
const text = ({ content: [{ text }] }) => text

/** Never settles, and keeps nothing alive. */
const never = () => new Promise(() => {})

const transports = {
  pipes: async () => modernServer(),
  HTTP: async (t) => {
    const { url, protocol } = await httpModernServer(t)
    return { url, protocol }
  },
}

for (const [transport, serverOf] of Object.entries(transports)) {
  describe(`a server that wants input, over ${transport}`, () => {
    /** @param {import('node:test').TestContext} t @param {object} [options] */
    async function poolOf(t, options) {
      const pool = new McpPool({ servers: { it: await serverOf(t) }, ...options })
      atEnd(() => pool.close())
      return pool
    }

    test('is asked again with the answers and its own state', async (t) => {
      const asked = []
      const elicitation = (params, { server, signal }) => {
        asked.push({ message: params.message, server, aborted: signal.aborted })
        return accept()
      }
      const pool = await poolOf(t, { handlers: { elicitation } })
      const result = await pool.callTool('it', 'greet')
      assert.equal(text(result), 'hello Ada (to the letter: "\u2028é)')
      assert.deepEqual(asked, [{ message: 'Who?', server: 'it', aborted: false }])
    })

    test('is asked again for prompts and resources, too', async (t) => {
      const pool = await poolOf(t, { handlers: { elicitation: accept } })
      const { messages } = await pool.getPrompt('it', 'greeting')
      assert.equal(messages[0].content.text, 'hello Ada')
      const { contents } = await pool.readResource('it', 'text://greeting')
      assert.deepEqual(contents, [{ uri: 'text://greeting', text: 'hello Ada' }])
    })

    test('gets the answers to all its questions by their names', async (t) => {
      const answer = { role: 'assistant', content: { type: 'text', text: 'so' }, model: 'none' }
      const roots = { roots: [{ uri: 'file:///srv' }] }
      const handlers = {
        elicitation: accept,
        sampling: async ({ messages }) => {
          assert.equal(messages[0].content.text, 'Why?')
          return answer
        },
        roots: ({ server }) => {
          assert.equal(server, 'it')
          return roots
        },
      }
      const pool = await poolOf(t, { handlers })
      const result = JSON.parse(text(await pool.callTool('it', 'ask-all')))
      assert.deepEqual(result, { form: accept(), model: answer, roots })
    })

    test('needs no handler for a state alone, and has ten rounds', async (t) => {
      const pool = await poolOf(t)
      assert.equal(text(await pool.callTool('it', 'steps', { steps: 3 })), '3 steps')
      await assert.rejects(pool.callTool('it', 'steps', { steps: 11 }), {
        code: 'ERR_INPUT_REQUIRED',
        message: 'MCP call it.steps: the server still wants input after 10 rounds',
      })
    })

    test('is told before its first question what there is no handler for', async (t) => {
      const pool = await poolOf(t)
      await assert.rejects(pool.callTool('it', 'greet'), { code: 'ERR_MCP', rpcCode: -32021 })
      assert.equal(text(await pool.callTool('it', 'steps', { steps: 0 })), '0 steps')
    })

    for (const [what, elicitation, expected] of [
      [
        'throws',
        () => {
          throw new Error('the form server is away')
        },
        {
          message: /^MCP call it\.greet: the elicitation handler failed: the form server is away$/,
        },
      ],
      [
        'returns nonsense',
        () => ({ action: 'yes', content: { password: 'hunter2' } }),
        { message: /must return an object with action .* the keys action, content$/ },
      ],
      ['returns nothing', () => undefined, { message: /returned nothing$/ }],
      [
        'returns what JSON has no words for',
        () => ({ action: 'accept', content: { name: 1n } }),
        { message: /must return an object/ },
      ],
    ]) {
      test(`rejects the call whose handler ${what}, and no other`, async (t) => {
        const pool = await poolOf(t, { handlers: { elicitation } })
        const other = pool.callTool('it', 'steps', { steps: 2 })
        await assert.rejects(pool.callTool('it', 'greet'), {
          code: 'ERR_HANDLER',
          kind: 'elicitation',
          ...expected,
        })
        assert.equal(text(await other), '2 steps')
      })
    }

    test('waits for a handler until the deadline of the call', async (t) => {
      let signal
      const elicitation = (_, context) => {
        signal = context.signal
        return never()
      }
      const pool = await poolOf(t, { handlers: { elicitation } })
      await pool.listTools('it')
      await assert.rejects(pool.callTool('it', 'greet', {}, { timeout: 300 }), {
        code: 'ERR_CALL_TIMEOUT',
        message: /300 ms; the server's questions were not answered yet$/,
      })
      assert.equal(signal.aborted, true)
      assert.equal(text(await pool.callTool('it', 'steps', { steps: 1 })), '1 steps')
    })

    test('shows the waiting call, which an abort or the end of the pool ends', async (t) => {
      const signals = []
      const elicitation = (_, { signal }) => {
        signals.push(signal)
        return never()
      }
      const pool = await poolOf(t, { handlers: { elicitation } })
      const stop = new AbortController()
      const aborted = pool.callTool('it', 'greet', {}, { signal: stop.signal })
      const closed = pool.callTool('it', 'greet')
      for (const call of [aborted, closed]) call.catch(() => {})
      await until(() => signals.length === 2)
      const active = pool.getActiveCalls().map(({ tool, pid }) => ({ tool, pid }))
      assert.deepEqual(active, Array(2).fill({ tool: 'greet', pid: null }))
      stop.abort()
      await assert.rejects(aborted, { code: 'ABORT_ERR' })
      await pool.close()
      await assert.rejects(closed, { code: 'ERR_CLOSED' })
      assert.deepEqual(
        signals.map(({ aborted }) => aborted),
        [true, true],
      )
      assert.deepEqual(pool.getActiveCalls(), [])
    })

    test('is answered before a drained pool ends', async (t) => {
      let answered = false
      const elicitation = async () => {
        await sleep(100)
        answered = true
        return accept()
      }
      const pool = await poolOf(t, { handlers: { elicitation } })
      const call = pool.callTool('it', 'greet')
      await until(() => pool.getActiveCalls().some(({ pid }) => pid === null))
      await sleep(20)
      await pool.drain()
      assert.match(text(await call), /^hello Ada/)
      assert.equal(answered, true)
    })
  })
}
