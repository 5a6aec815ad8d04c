// The same calls by a session that stays and by a process of mcporter each: the same results, the
// same errors.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Semaphore } from '../index.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { mcporter, temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { EVERYTHING, referenceCalls, VARIES } from './fixtures/reference-calls.mjs'
import { everythingOverHttp } from './support/streamable-http.mjs'

const folder = temporaryFolder()
const { servers, calls, reset } = referenceCalls(folder)
const verbatim = {
  command: process.execPath,
  args: [fileURLToPath(new URL('fixtures/verbatim-server.mjs', import.meta.url))],
}
/** How many mcporters run at once: each is two processes that take a core for a second. */
const slots = new Semaphore(2, { queueTimeout: Infinity })
let http
let configPath
/** @type {Record<'pool' | 'mcporter', import('../lib/mcp-helper').McpHelper>} */
let helpers

before(async () => {
  http = await everythingOverHttp()
  configPath = writeConfig(folder, { ...servers, http: { url: http.url }, verbatim })
  // A thought's answer counts the ones before it, which a mcporter's own server has never heard.
  const options = { configPath, servers: { 'sequential-thinking': { maxInFlight: 1, maxUses: 1 } } }
  helpers = {
    pool: createMcpHelper({ ...options, transport: 'pool' }),
    mcporter: inSlots(createMcpHelper({ ...options, transport: 'mcporter', maxConcurrent: 2 })),
  }
})
after(async () => {
  await Promise.all([helpers.pool.shutdown(), helpers.mcporter.shutdown()])
  await http.stop()
})

describe('every tool, called over both transports', { concurrency: true }, () => {
  for (const [server, list] of Object.entries({ ...calls, http: onePerTool(EVERYTHING) })) {
    test(`${server}: callToolAsync`, async () => {
      reset(server)
      const pooled = await outcomes('pool', 'callToolAsync', server, list)
      reset(server)
      const processed = await outcomes('mcporter', 'callToolAsync', server, list)
      for (const [at, [tool, args]] of list.entries()) {
        assert.deepEqual(pooled[at], processed[at], `${server}.${tool} ${JSON.stringify(args)}`)
      }
    })
  }

  test('varying results have the same shape', async () => {
    const list = VARIES.map((tool) => [
      tool,
      tool === 'simulate-research-query' ? { topic: 'parity' } : {},
    ])
    const [pooled, processed] = await bothWays('callToolAsync', 'everything', list)
    for (const [at, [tool]] of list.entries()) {
      assert.deepEqual(shapeOf(pooled[at]), shapeOf(processed[at]), tool)
    }
  })

  test("a server's own error answer", async () => {
    const errors = [
      { code: -32602, message: 'no such campaign\nin this account' },
      { code: 7, message: '' },
    ]
    const list = errors.map((error) => ['answer', { error }])
    const [pooled, processed] = await bothWays('callToolAsync', 'verbatim', list)
    assert.deepEqual(pooled, processed)
    assert.deepEqual(
      pooled.map(({ code, rpcCode }) => [code, rpcCode]),
      errors.map(({ code }) => ['ERR_MCP', code]),
    )
  })

  test('callToolRaw: the unchanged answer', async () => {
    const raw = {
      everything: [
        ['echo', { message: '{"a": 1}' }],
        ['echo', {}],
        ['get-annotated-message', { messageType: 'error', includeImage: true }],
        ['get-structured-content', { location: 'Chicago' }],
        ['no-such-tool', {}],
      ],
      http: [
        ['get-sum', { a: 1, b: 2 }],
        ['get-sum', { a: 'one' }],
      ],
      memory: [['read_graph', {}]],
      filesystem: [['list_allowed_directories', {}]],
    }
    for (const [server, list] of Object.entries(raw)) {
      const [pooled, processed] = await bothWays('callToolRaw', server, list)
      assert.deepEqual(pooled, processed, server)
    }
  })

  test('listToolsAsync', async () => {
    for (const server of [...Object.keys(calls), 'http']) {
      const [pooled, processed] = await Promise.all(
        ['pool', 'mcporter'].map((way) => helpers[way].listToolsAsync(server)),
      )
      assert.deepEqual(pooled, processed, server)
      const called = server === 'http' ? calls.everything : calls[server]
      const named = [...new Set(called.map(([tool]) => tool))]
      const unlisted = server === 'http' || server === 'everything' ? VARIES : []
      const names = pooled.map(({ name }) => name).sort()
      assert.deepEqual(
        [...named, ...unlisted].sort(),
        names,
        `the calls above leave out a tool of ${server}`,
      )
    }
  })

  test("mcporter's own word for listing tools", async () => {
    for (const server of Object.keys(calls)) {
      const listings = await Promise.all(
        ['pool', 'mcporter'].map((way) => helpers[way].callToolAsync(server, 'list_tools')),
      )
      // The time that it took is each one's own.
      const [pooled, processed] = listings.map(({ durationMs, ...listing }) => [
        typeof durationMs,
        listing,
      ])
      assert.deepEqual(pooled, processed, server)
    }
  })

  test('no such tool, no such server', async () => {
    const list = [['no-such-tool', {}]]
    for (const server of ['http', 'sequential-thinking', 'no-such-server']) {
      const [pooled, processed] = await bothWays('callToolAsync', server, list)
      assert.deepEqual(pooled, processed, server)
    }
  })

  for (const [server, tool, args] of [
    ['everything', 'get-structured-content', { location: 'New York' }],
    ['filesystem', 'list_allowed_directories', {}],
    ['memory', 'search_nodes', { query: 'nothing' }],
    ['sequential-thinking', 'sequentialthinking', calls['sequential-thinking'][0][1]],
    ['http', 'echo', { message: 'ünï "q"' }],
  ]) {
    test(`${server}: the output of the command line`, async () => {
      const argv = [
        '--config',
        configPath,
        'call',
        `${server}.${tool}`,
        '--args',
        JSON.stringify(args),
      ]
      const command = [process.execPath, [mcporter.script, ...argv, '--output', 'json']]
      const { stdout } = await slots.use(() => promisify(execFile)(...command))
      assert.deepEqual(await helpers.pool.callToolAsync(server, tool, args), JSON.parse(stdout))
    })
  }
})

/** @param {import('../lib/mcp-helper').McpHelper} helper */
function inSlots({ callToolAsync, callToolRaw, listToolsAsync, ...helper }) {
  const within =
    (work) =>
    (...params) =>
      slots.use(() => work(...params))
  const calls = { callToolAsync: within(callToolAsync), callToolRaw: within(callToolRaw) }
  return { ...helper, ...calls, listToolsAsync: within(listToolsAsync) }
}

/**
 * @param {'callToolAsync' | 'callToolRaw'} how
 * @param {string} server
 * @param {[string, object][]} list
 */
function bothWays(how, server, list) {
  return Promise.all([outcomes('pool', how, server, list), outcomes('mcporter', how, server, list)])
}

/**
 * What came of these calls, one after the other.
 * @param {'pool' | 'mcporter'} way
 * @param {'callToolAsync' | 'callToolRaw'} how
 * @param {string} server
 * @param {[string, object][]} list
 */
async function outcomes(way, how, server, list) {
  const all = []
  for (const [tool, args] of list) all.push(await outcome(helpers[way][how](server, tool, args)))
  return all
}

/** A result, or what a program would look at in an error. @param {Promise<unknown>} call */
async function outcome(call) {
  try {
    return { value: await call }
  } catch (error) {
    assert.ok(error instanceof Error && error.message !== '')
    const { name, code, result, available, rpcCode, rpcMessage, data } = error
    return { name, code, result, available, rpcCode, rpcMessage, data }
  }
}

/**
 * Types instead of values; of an environment no more than that.
 * @param {unknown} value
 * @returns {unknown}
 */
function shapeOf(value) {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  if ('PATH' in value) return 'an environment'
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, shapeOf(entry)]))
}

/** The first call of each tool. @param {[string, object][]} list */
function onePerTool(list) {
  return list.filter(([tool], at) => list.findIndex(([name]) => name === tool) === at)
}
