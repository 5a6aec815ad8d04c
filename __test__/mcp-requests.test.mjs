// Requests besides calls of tools: results as the SDK's client has them, over each transport, and
// counted, published and bounded as calls are.

import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { getMetrics, McpPool } from '../index.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { referenceServer, temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { RESOURCES, UNANSWERED } from './fixtures/resource-server.mjs'
import { olderThan, printedResources } from './support/mcporter.mjs'
import { noProcessList } from './support/processes.mjs'
import { sdkClient } from './support/sdk-client.mjs'
import { everythingOverHttp } from './support/streamable-http.mjs'
import { until } from './support/until.mjs'

const STATIC = 'demo://resource/static/document/features.md'
const PROMPT = { type: 'ref/prompt', name: 'completable-prompt' }
const TEMPLATE = { type: 'ref/resource', uri: 'demo://resource/dynamic/text/{resourceId}' }
const department = { name: 'department', value: 'S' }
const inSales = { context: { arguments: { department: 'Sales' } } }

/**
 * Requests of a pool, and the same of the SDK's client.
 * @type {[string, unknown[], (client: any) => Promise<unknown>][]}
 */
const REQUESTS = [
  ['listResources', [], (client) => client.listResources()],
  ['listResourceTemplates', [], (client) => client.listResourceTemplates()],
  ['readResource', [STATIC], (client) => client.readResource({ uri: STATIC })],
  ['listPrompts', [], (client) => client.listPrompts()],
  ['getPrompt', ['simple-prompt'], (client) => client.getPrompt({ name: 'simple-prompt' })],
  [
    'getPrompt',
    ['args-prompt', { city: 'Köln', state: undefined }],
    (client) => client.getPrompt({ name: 'args-prompt', arguments: { city: 'Köln' } }),
  ],
  [
    'complete',
    [PROMPT, department],
    (client) => client.complete({ ref: PROMPT, argument: department }),
  ],
  [
    'complete',
    [PROMPT, { name: 'name', value: '' }, inSales],
    (client) => client.complete({ ref: PROMPT, argument: { name: 'name', value: '' }, ...inSales }),
  ],
  [
    'complete',
    [TEMPLATE, { name: 'resourceId', value: '1' }],
    (client) => client.complete({ ref: TEMPLATE, argument: { name: 'resourceId', value: '1' } }),
  ],
]

let http
before(async () => {
  http = await everythingOverHttp()
})
after(() => http.stop())

for (const transport of ['stdio', 'HTTP'])
  describe(`server-everything over ${transport}`, { skip: noProcessList }, () => {
    let pool
    const server = () =>
      transport === 'HTTP' ? { url: http.url } : { ...referenceServer('everything') }
    before(() => {
      pool = new McpPool({ servers: { it: server() } })
    })
    after(() => pool.close())

    test("results are those of the SDK's client", async (t) => {
      const client = await sdkClient(t, server())
      for (const [method, given, expected] of REQUESTS)
        assert.deepEqual(
          await pool[method]('it', ...given),
          plain(await expected(client)),
          `${method} ${JSON.stringify(given)}`,
        )
    })

    test("a server's refusal", async () => {
      for (const [method, given, message] of [
        ['readResource', ['demo://none'], /^MCP call it\.resources\/read: .*demo:\/\/none/],
        ['getPrompt', ['no-such-prompt'], /^MCP call it\.prompts\/get: .*no-such-prompt/],
        ['getPrompt', ['args-prompt', {}], /^MCP call it\.prompts\/get: .*city/s],
      ])
        await assert.rejects(pool[method]('it', ...given), {
          code: 'ERR_MCP',
          rpcCode: -32602,
          message,
        })
    })

    test('requests are published and counted under their method', async () => {
      const published = []
      const note = ({ server, tool, code }) => published.push([server, tool, code])
      subscribe('procward:call:end', note)
      try {
        await pool.readResource('it', STATIC)
        await pool.readResource('it', 'demo://none').catch(() => {})
      } finally {
        unsubscribe('procward:call:end', note)
      }
      assert.deepEqual(published, [
        ['it', 'resources/read', null],
        ['it', 'resources/read', 'ERR_MCP'],
      ])
      const counted = getMetrics().calls.find(({ tool }) => tool === 'resources/read')
      assert.ok(counted.count >= 2)
      assert.ok(counted.failures.protocol >= 1)
    })

    test('a signal and a timeout', async () => {
      const reason = new Error('enough')
      await assert.rejects(pool.listPrompts('it', { signal: AbortSignal.abort(reason) }), {
        code: 'ABORT_ERR',
        cause: reason,
      })
      await assert.rejects(pool.listPrompts('it', { timeout: 0 }), { code: 'ERR_INVALID_CONFIG' })
    })
  })

describe('a helper', { skip: noProcessList }, () => {
  let helper
  const configPath = writeConfig(temporaryFolder(), {
    it: referenceServer('everything'),
    verbatim: {
      command: process.execPath,
      args: [fileURLToPath(new URL('fixtures/resource-server.mjs', import.meta.url))],
    },
  })
  before(() => {
    helper = createMcpHelper({ configPath, transport: 'pool', maxConcurrent: 1 })
  })
  after(() => helper.shutdown())

  test("results are those of the SDK's client", async (t) => {
    const client = await sdkClient(t, referenceServer('everything'))
    for (const [method, given, expected] of REQUESTS)
      assert.deepEqual(await helper[method]('it', ...given), plain(await expected(client)), method)
  })

  test('a request takes a slot, and is listed and counted while it runs', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const running = helper.readResource('verbatim', UNANSWERED, { signal })
    const waiting = helper.readResource('it', STATIC)
    assert.equal(helper.getSemaphoreStatus().current, 1)
    assert.equal(helper.getSemaphoreStatus().queued, 1)
    const listed = await until(() => helper.getActiveProcesses()[0])
    assert.deepEqual([listed.server, listed.tool], ['verbatim', 'resources/read'])
    controller.abort()
    await assert.rejects(running, { code: 'ABORT_ERR' })
    await waiting
    assert.equal(helper.getSemaphoreStatus().current, 0)
  })

  test('resources have the shape that mcporter prints', { skip: olderThan('0.12') }, async () => {
    const uris = RESOURCES.map(([uri]) => uri)
    const lines = uris.map((uri) => ['verbatim', uri, '--output', 'json'])
    const printed = await printedResources({ configPath, lines })
    for (const [at, uri] of uris.entries())
      assert.deepEqual(await helper.readResource('verbatim', uri), JSON.parse(printed[at]), uri)
    const [listed] = await printedResources({
      configPath,
      lines: [['verbatim', '--output', 'json']],
    })
    assert.deepEqual(await helper.listResources('verbatim'), JSON.parse(listed))
  })

  for (const [uri, , expected] of RESOURCES)
    test(`a resource: ${uri}`, async () => {
      assert.deepEqual(await helper.readResource('verbatim', uri), expected)
    })

  test('a tool that only runs as a task says so', async () => {
    const call = helper.callToolAsync('it', 'simulate-research-query', { topic: 'a' })
    await assert.rejects(call, {
      code: 'ERR_TOOL',
      message: /the tool only runs as a task of the protocol, and procward starts no tasks$/,
    })
  })

  test('a server that is called through mcporter', async () => {
    const through = createMcpHelper({ configPath, transport: 'mcporter' })
    await assert.rejects(through.listPrompts('it'), {
      code: 'ERR_SERVER_UNAVAILABLE',
      message: /^MCP call it\.prompts\/list: only a session can make this request/,
    })
    await through.shutdown()
  })
})

describe('arguments', () => {
  const pool = new McpPool({ servers: { it: { command: 'never-started' } } })
  after(() => pool.close())

  for (const [method, given, code, message] of [
    ['readResource', [], 'ERR_INVALID_ARG_TYPE', /^uri must be a string, got undefined$/],
    ['readResource', [''], 'ERR_INVALID_ARG_VALUE', /^uri must not be empty$/],
    ['getPrompt', [7], 'ERR_INVALID_ARG_TYPE', /^name must be a string, got 7$/],
    ['getPrompt', ['p', 'x'], 'ERR_INVALID_ARG_TYPE', /^arguments must be an object of strings/],
    [
      'getPrompt',
      ['p', { secret: 'hidden', at: 5 }],
      'ERR_INVALID_ARG_TYPE',
      /^arguments\.at must be a string, got 5$/,
    ],
    [
      'complete',
      [{ type: 'ref/tool' }],
      'ERR_INVALID_ARG_TYPE',
      /^ref\.type must be 'ref\/prompt'/,
    ],
    ['complete', [{ type: 'ref/prompt' }], 'ERR_INVALID_ARG_TYPE', /^ref\.name must be a string/],
    [
      'complete',
      [PROMPT, { name: 'n' }],
      'ERR_INVALID_ARG_TYPE',
      /^argument\.value must be a string, got undefined$/,
    ],
    [
      'complete',
      [PROMPT, department, { context: { arguments: { a: 1 } } }],
      'ERR_INVALID_ARG_TYPE',
      /^context\.arguments\.a must be a string, got 1$/,
    ],
    ['listPrompts', [{ onProgress() {} }], 'ERR_INVALID_CONFIG', /onProgress/],
    ['listPrompts', ['x'], 'ERR_INVALID_CONFIG', /^options must be/],
  ])
    test(`${method}(${JSON.stringify(given)})`, async () => {
      await assert.rejects(pool[method]('it', ...given), { code, message })
    })

  test('a server that there is not', async () => {
    await assert.rejects(pool.readResource('none', 'a:b'), {
      code: 'ERR_UNKNOWN_SERVER',
      available: ['it'],
    })
    await assert.rejects(pool.listResources(5), { code: 'ERR_INVALID_ARG_TYPE' })
  })
})

/** As JSON has it, without what is `undefined`. @param {unknown} value */
function plain(value) {
  return JSON.parse(JSON.stringify(value))
}
