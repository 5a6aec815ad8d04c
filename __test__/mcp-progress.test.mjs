// Progress of a call, heard in the async context of its caller.

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, test } from 'node:test'
import { McpPool } from '../index.js'
import progressModule from '../lib/mcp/progress.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { hostileServer, said } from './support/hostile.mjs'
import { noProcessList } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'

const folder = temporaryFolder()
const configPath = writeConfig(folder, {})
const servers = { it: hostileServer() }
const STEPS = [1, 2, 3].map((progress) => ({ progress, total: 3, message: `step ${progress}` }))

/**
 * Each way to call a tool with a listener.
 * @type {Record<string, (t: import('node:test').TestContext) => (onProgress: any) => Promise<any>>}
 */
const WAYS = {
  'callTool of a pool': (t) => {
    const pool = new McpPool({ servers })
    t.after(() => pool.close())
    return (onProgress) => pool.callTool('it', 'progress', { steps: 3 }, { onProgress })
  },
  callToolAsync: (t) => callOf(t, 'callToolAsync'),
  callToolRaw: (t) => callOf(t, 'callToolRaw'),
}

/** @param {import('node:test').TestContext} t @param {'callToolAsync' | 'callToolRaw'} method */
function callOf(t, method) {
  // One slot, so that calls wait for each other in a queue.
  const helper = createMcpHelper({ servers, configPath, transport: 'pool', maxConcurrent: 1 })
  t.after(helper.shutdown)
  return (onProgress) => helper[method]('it', 'progress', { steps: 3 }, { onProgress })
}

for (const [name, wayOf] of Object.entries(WAYS))
  describe(name, { skip: noProcessList }, () => {
    test('calls the listener for each step, in the async context of the call', async (t) => {
      const call = wayOf(t)
      const storage = new AsyncLocalStorage()
      const heard = []
      const results = ['first', 'second', 'third'].map((request) =>
        storage.run(request, () => call((step) => heard.push([storage.getStore(), step]))),
      )
      for (const result of await Promise.all(results)) assert.equal(said(result), 'told')
      for (const request of ['first', 'second', 'third']) {
        const steps = heard.filter(([store]) => store === request).map(([, step]) => step)
        assert.deepEqual(steps, STEPS)
      }
    })

    test('asks for no progress without a listener', async (t) => {
      assert.equal(said(await wayOf(t)(undefined)), 'nobody listens')
    })

    test('refuses a listener that is not a function', async (t) => {
      for (const onProgress of [null, 5, 'tell', {}]) {
        await assert.rejects(wayOf(t)(onProgress), {
          code: 'ERR_INVALID_CONFIG',
          message: /^onProgress must be a func/,
        })
      }
    })
  })

test('a list of tools takes no listener', async (t) => {
  const helper = createMcpHelper({ servers, configPath, transport: 'pool' })
  t.after(helper.shutdown)
  await assert.rejects(helper.listToolsAsync('it', { onProgress() {} }), {
    code: 'ERR_INVALID_CONFIG',
  })
})

test('a listener that throws is an uncaught exception, and the call continues', {
  skip: noProcessList,
}, async () => {
  const { code, stdout, stderr } = await outcomeOf(`
    import { createMcpHelper } from 'procward/mcp-helper'
    const helper = createMcpHelper({ servers: ${JSON.stringify(servers)}, configPath: ${JSON.stringify(configPath)}, transport: 'pool' })
    const uncaught = []
    process.on('uncaughtException', ({ message }) => uncaught.push(message))
    const onProgress = ({ progress }) => { throw new Error('step ' + progress) }
    const { content } = await helper.callToolAsync('it', 'progress', { steps: 2 }, { onProgress })
    await helper.shutdown()
    console.log(content[0].text, uncaught.join())
  `)
  assert.deepEqual([code, stderr, stdout], [0, '', 'told step 1,step 2'])
})

test('a report without a number is dropped, and fields of another type are left out', () => {
  const heard = []
  for (const params of [
    '{}',
    '{"progress":"1"}',
    '{"progress":1,"total":"2","message":3}',
    '{"progress":2,"total":3,"message":"m"}',
  ])
    progressModule.notifyProgress((progress) => heard.push(progress), params)
  assert.deepEqual(heard, [
    { progress: 1, total: undefined, message: undefined },
    { progress: 2, total: 3, message: 'm' },
  ])
})
