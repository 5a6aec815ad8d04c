import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, test } from 'node:test'
import * as module from '../lib/mcp-helper.js'
import {
  callToolAsync,
  createMcpHelper,
  getActiveProcesses,
  getReadiness,
  getSemaphoreStatus,
  listToolsAsync,
  shutdown,
} from '../lib/mcp-helper.js'
import { oddServer, temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'

after(() => shutdown())

test('the functions of the default helper, by import and by require', () => {
  const required = createRequire(import.meta.url)('procward/mcp-helper')
  const { default: _, 'module.exports': __, ...imported } = module
  assert.deepEqual({ ...imported }, { ...required })
  // Every function of a helper is one of the module, too.
  const helper = Object.keys(createMcpHelper({ maxConcurrent: 1 }))
  assert.deepEqual(Object.keys(required).sort(), [...helper, 'createMcpHelper'].sort())
})

test('a malformed environment is an error that names the variable, until it is mended', async () => {
  for (const name of ['MCP_MAX_CONCURRENT', 'MCPORTER_CALL_TIMEOUT', 'MCPORTER_LIST_TIMEOUT']) {
    for (const value of ['abc', '0', '-1', '1.5', 'NaN', '1e9']) {
      process.env[name] = value
      const expected = {
        code: 'ERR_INVALID_CONFIG',
        message: new RegExp(`^${name} must be .*got '?${value}'?$`),
      }
      await assert.rejects(callToolAsync('odd', 'text', { text: '1' }), expected)
      assert.throws(getSemaphoreStatus, expected)
      delete process.env[name]
    }
  }
})

test('the environment is read on first use: limit, configuration, mcporter, time-out', async () => {
  process.env.MCP_MAX_CONCURRENT = '2'
  process.env.MCPORTER_CONFIG = writeConfig(temporaryFolder(), { odd: oddServer })
  process.env.MCPORTER_CALL_TIMEOUT = '50000'
  assert.deepEqual(getSemaphoreStatus(), { maxConcurrent: 2, current: 0, queued: 0, available: 2 })
  assert.equal(await callToolAsync('odd', 'text', { text: '1' }), 1)
  assert.ok((await listToolsAsync('odd')).some(({ name }) => name === 'reflect'))
  assert.deepEqual([getActiveProcesses(), getReadiness()], [[], { ready: true, reason: null }])
})

test('after shutdown, every call is refused', async () => {
  const closing = shutdown()
  assert.equal(shutdown(), closing)
  await closing
  await assert.rejects(callToolAsync('odd', 'text'), { code: 'ERR_CLOSED' })
  assert.deepEqual(getReadiness(), { ready: false, reason: 'draining' })
})
