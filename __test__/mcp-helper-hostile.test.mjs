// A helper's slots are free whatever its servers do.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { hostileServer } from './support/hostile.mjs'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'

const FREE = { maxConcurrent: 2, current: 0, queued: 0, available: 2 }
const timeout = 300

afterEach(assertNothingLeft)

/**
 * @param {string} manner
 * @param {(helper: import('../lib/mcp-helper').McpHelper) => Promise<void>} work
 * @param {object} [use]
 */
async function withHelper(manner, work, use) {
  const servers = { it: hostileServer(manner) }
  const helper = createMcpHelper({
    servers,
    transport: 'pool',
    maxConcurrent: 2,
    killGrace: 200,
    ...use,
  })
  try {
    await work(helper)
  } finally {
    await helper.shutdown()
  }
}

describe('all slots are free after', { skip: noProcessList }, () => {
  for (const [tool, code, options] of [
    ['hang', 'ERR_CALL_TIMEOUT', { timeout }],
    ['wrong id', 'ERR_CALL_TIMEOUT', { timeout }],
    ['half a line', 'ERR_CALL_TIMEOUT', { timeout }],
    ['hang', 'ABORT_ERR', { signal: 'later' }],
    ['exit', 'ERR_SERVER_EXITED'],
    ['crash', 'ERR_SERVER_EXITED'],
    ['close stdout', 'ERR_SERVER_EXITED'],
    ['huge line', 'ERR_MAX_BUFFER'],
    ['error', 'ERR_MCP'],
  ])
    test(`${tool}: ${code}`, () =>
      withHelper('', async (helper) => {
        // More than there are slots, so that some wait for those before them.
        const calls = [1, 2, 3].map(() => {
          const signal = options?.signal && AbortSignal.timeout(timeout)
          return helper.callToolAsync('it', tool, {}, { ...options, signal })
        })
        for (const { reason } of await Promise.allSettled(calls)) {
          assert.equal(reason.code, code)
          assert.match(reason.message, new RegExp(`it\\.${tool}`))
        }
        assert.deepEqual(helper.getSemaphoreStatus(), FREE)
        assert.deepEqual(helper.getActiveProcesses(), [])
      }))

  for (const [manner, code] of [
    ['exits', 'ERR_SERVER_START'],
    ['silent', 'ERR_SERVER_START'],
    ['refuses', 'ERR_SERVER_START'],
  ])
    test(`a server that does not get ready: ${manner}`, () =>
      withHelper(
        manner,
        async (helper) => {
          const calls = [1, 2].map(() => helper.callToolAsync('it', 'echo'))
          for (const { reason } of await Promise.allSettled(calls)) assert.equal(reason.code, code)
          await assert.rejects(helper.listToolsAsync('it'), { code })
          assert.deepEqual(helper.getSemaphoreStatus(), FREE)
          assert.deepEqual(helper.getPoolStatus().sessions, [])
        },
        { startTimeout: 500 },
      ))

  test('a shutdown with calls in flight and waiting', () =>
    withHelper('', async (helper) => {
      const calls = [1, 2, 3, 4].map(() => helper.callToolAsync('it', 'hang'))
      const settled = Promise.allSettled(calls)
      await helper.shutdown()
      for (const { reason } of await settled) assert.equal(reason.code, 'ERR_CLOSED')
      assert.deepEqual(helper.getSemaphoreStatus(), FREE)
    }))
})
