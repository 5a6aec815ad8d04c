// Lists of tools: put together of pages, and bounded whatever the server answers.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { McpPool } from '../index.js'
import pagesModule from '../lib/mcp/pages.js'
import requestKinds from '../lib/mcp/request-kinds.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'
import { textServer } from './support/text-servers.mjs'

const { Pages } = pagesModule
const { LIST_TOOLS } = requestKinds
const MIB = 2 ** 20
const configPath = writeConfig(temporaryFolder(), {})

afterEach(assertNothingLeft)

describe('pages are joined', () => {
  for (const [name, pages, cursors] of [
    ['one', [{ tools: [{ name: 'a' }] }], [undefined]],
    [
      'two',
      [
        { tools: [{ name: 'a' }], nextCursor: 'x' },
        { tools: [{ name: 'b' }, {}], nextCursor: null },
      ],
      ['x', undefined],
    ],
    ['an empty cursor ends them', [{ tools: [], nextCursor: '' }], [undefined]],
    ['no list of tools, or null for one', [{ nextCursor: 'x' }, { tools: null }], ['x', undefined]],
  ])
    test(name, () => {
      const list = new Pages(LIST_TOOLS, MIB)
      assert.deepEqual(
        pages.map((page) => list.add(page)),
        cursors,
      )
      assert.deepEqual(
        list.entries,
        pages.flatMap(({ tools }) => tools ?? []),
      )
    })

  for (const [page, expected] of [
    [null, /is null/],
    [5, /is a value of type number/],
    ['text', /type string/],
    [[], /is an array/],
    [{ tools: {} }, /as tools, not an array/],
    [{ tools: 'a' }, /type string as tools/],
    [{ tools: [{ name: 'a' }, null] }, /null as tools\[1\]/],
    [{ tools: [['a']] }, /an array as tools\[0\]/],
    [{ tools: [false] }, /type boolean as tools\[0\]/],
    [{ tools: [], nextCursor: 5 }, /type number as nextCursor, not a string/],
    [{ tools: [], nextCursor: false }, /type boolean as nextCursor, not a string/],
    [{ tools: [], nextCursor: { a: 1 } }, /type object as nextCursor, not a string/],
    [{ tools: [], nextCursor: ['x'] }, /an array as nextCursor, not a string/],
  ])
    test(`refused: ${JSON.stringify(page)}`, () => {
      assert.throws(() => new Pages(LIST_TOOLS, MIB).add(page), {
        code: 'ERR_MCP',
        message: expected,
      })
    })

  for (const cursors of [
    ['x', 'x'],
    ['x', 'y', 'x'],
  ])
    test(`refused: the cursors ${cursors}`, () => {
      const list = new Pages(LIST_TOOLS, MIB)
      const pages = cursors.map((nextCursor) => ({ tools: [{ name: 'a' }], nextCursor }))
      for (const page of pages.slice(0, -1)) list.add(page)
      assert.throws(() => list.add(pages.at(-1)), {
        code: 'ERR_MCP',
        message:
          "the server's answer to tools/list repeats a nextCursor, so that the list would not end",
      })
    })

  test('with exactly the maximum of bytes, and with one byte more', () => {
    const list = new Pages(LIST_TOOLS, 10)
    list.count(1, '12345')
    list.count(1, 'ü345')
    assert.throws(() => list.count(1, '1'), {
      code: 'ERR_MAX_BUFFER',
      message: /more than 10 bytes/,
    })
  })
})

/** No measurement, only an end to waiting. */
const timeout = 300_000

/**
 * What a pool's list of this server's tools comes to.
 * @param {string} manner
 * @param {object} [use]
 */
async function listed(manner, use) {
  const pool = new McpPool({ servers: { it: { ...textServer(manner), ...use } } })
  try {
    return await pool.listTools('it', { timeout }).then(
      (tools) => tools.map(({ name }) => name),
      (error) => error,
    )
  } finally {
    await pool.close()
  }
}

describe('the list of a server', { skip: noProcessList }, () => {
  for (const [manner, names] of [
    ['pages', ['1', '2', '3']],
    ['an empty cursor', ['only']],
    ['{}', []],
    ['{"tools":null}', []],
  ])
    test(manner, async () => assert.deepEqual(await listed(manner), names))

  for (const manner of ['cursors without end', 'long cursors without end'])
    test(`${manner}: the list stops at maxBuffer, so that memory is bounded`, async () => {
      const before = process.memoryUsage.rss()
      const error = await listed(manner)
      assert.ok(process.memoryUsage.rss() - before < 150 * MIB)
      assert.equal(error.code, 'ERR_MAX_BUFFER')
      assert.match(error.message, /^MCP call it\.list_tools: .*10485760 bytes/)
    })

  test("a server's own maxBuffer bounds it too", async () => {
    assert.deepEqual((await listed('a big page', { maxBuffer: 2 * MIB })).length, 1)
    assert.equal(
      (await listed('cursors without end', { maxBuffer: 2 * MIB })).code,
      'ERR_MAX_BUFFER',
    )
  })

  for (const manner of [
    'null',
    '5',
    '"text"',
    '[]',
    '{"tools":{}}',
    '{"tools":[null]}',
    '{"tools":[{},[]]}',
    '{"tools":[],"nextCursor":7}',
    'the same cursor',
    'cursors in a circle',
  ])
    test(`a page ${manner} is an error with a code`, async () => {
      const { code, message } = await listed(manner)
      assert.match(code, /^ERR_MCP$/)
      assert.match(message, /^MCP call it\.list_tools: /)
    })

  for (const use of [{ maxUses: 1 }, { maxUses: 2, maxInFlight: 1 }])
    test(`its pages are one use of one session: ${JSON.stringify(use)}`, async () => {
      const servers = { it: { ...textServer('pages of this process'), ...use } }
      const pool = new McpPool({ servers })
      try {
        for (const list of [1, 2]) {
          const [{ name }, ...others] = await pool.listTools('it', { timeout })
          assert.deepEqual(others, Array(2).fill({ name, inputSchema: { type: 'object' } }))
          const { hits, misses } = pool.getStatus().stats
          assert.equal(hits + misses, list)
        }
      } finally {
        await pool.close()
      }
    })

  test('a page of another session is not asked for', async () => {
    const { code } = await listed('a page, then exit')
    assert.equal(code, 'ERR_SERVER_EXITED')
  })

  test('a list that fails gives its session back', async () => {
    const servers = { it: { ...textServer('the same cursor'), maxInFlight: 1 } }
    const pool = new McpPool({ servers })
    try {
      for (let list = 0; list < 3; list++)
        await assert.rejects(pool.listTools('it', { timeout }), { code: 'ERR_MCP' })
      const text = '{"content":[]}'
      assert.deepEqual(await pool.callTool('it', 'any', { text }, { timeout }), { content: [] })
      assert.equal(pool.getStatus().sessions.length, 1)
    } finally {
      await pool.close()
    }
  })

  test('400,001 tools', async () => {
    assert.equal((await listed('many tools')).length, 400_001)
  })
})

describe("a helper's list", { skip: noProcessList }, () => {
  for (const [manner, expected] of [
    [
      '{"tools":[{"title":"no name"},{"name":"a","title":"A","inputSchema":null}]}',
      [{}, { name: 'a', inputSchema: null }],
    ],
    ['{"tools":[null]}', 'ERR_MCP'],
    ['null', 'ERR_MCP'],
  ])
    test(manner, async () => {
      const helper = createMcpHelper({
        servers: { it: textServer(manner) },
        configPath,
        transport: 'pool',
      })
      const found = await helper.listToolsAsync('it', { timeout: 20_000 }).catch(({ code }) => code)
      await helper.shutdown()
      assert.deepEqual(found, expected)
    })

  test('has schemas that are nested deep', async () => {
    const depth = 100_000
    const schema = `${'['.repeat(depth)}${']'.repeat(depth)}`
    const servers = {
      it: textServer(
        `{"tools":[{"name":"a","inputSchema":${schema.slice(0, 60_000)}${schema.slice(-60_000)}}]}`,
      ),
    }
    const helper = createMcpHelper({ servers, configPath, transport: 'pool' })
    const tools = await helper.listToolsAsync('it').catch((error) => error)
    await helper.shutdown()
    assert.deepEqual(
      tools.map(({ name }) => name),
      ['a'],
    )
  })
})
