// Subscriptions, log messages and changes of lists: with the protocol's own server over each
// transport, across the ends of sessions, and bounded whatever a server sends.

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { McpPool } from '../index.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { referenceServer, temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { said } from './support/hostile.mjs'
import { assertNothingLeft, kill, noProcessList } from './support/processes.mjs'
import { sdkClient } from './support/sdk-client.mjs'
import { everythingOverHttp } from './support/streamable-http.mjs'
import { until } from './support/until.mjs'

const MIB = 2 ** 20
const URI = 'demo://resource/static/document/features.md'
const OTHER = 'demo://resource/static/document/structure.md'
const script = fileURLToPath(new URL('fixtures/notifying-server.mjs', import.meta.url))
const folder = temporaryFolder()
const UPDATED = 'notifications/resources/updated'

/** @param {string} [version] @param {string} [result] @param {string} [file] */
function notifyingServer(version = '2025-11-25', result = '', file = '') {
  return { command: process.execPath, args: [script, version, result, file], protocol: version }
}

/** A pool with the server `it`, closed after the test. */
function poolOf(t, server, options) {
  const pool = new McpPool({ servers: { it: server }, ...options })
  t.after(() => pool.close())
  return pool
}

for (const transport of ['stdio', 'HTTP'])
  describe(`server-everything over ${transport}`, { skip: noProcessList }, () => {
    let http
    let server
    before(async () => {
      if (transport === 'HTTP') http = await everythingOverHttp()
      server = transport === 'HTTP' ? { url: http.url } : referenceServer('everything')
    })
    after(() => http?.stop())

    test('updates, until the subscription is left', async (t) => {
      const logs = []
      const pool = poolOf(t, server, { onLog: (message, from) => logs.push({ ...message, from }) })
      const [first, second, other] = [[], [], []]
      const leave = await Promise.all([
        pool.subscribe('it', URI, (update) => first.push(update)),
        pool.subscribe('it', URI, (update) => second.push(update)),
        pool.subscribe('it', OTHER, (update) => other.push(update)),
      ])
      await pool.callTool('it', 'toggle-subscriber-updates')
      await until(() => first.length > 0 && second.length > 0 && other.length > 0)
      assert.deepEqual(
        [first[0], second[0], other[0]],
        [{ uri: URI }, { uri: URI }, { uri: OTHER }],
      )
      const about = (words) => logs.filter(({ data }) => String(data).includes(words))
      for (const uri of [URI, OTHER])
        assert.equal(about(`Received Subscribe Resource request for URI: ${uri}`).length, 1)
      leave[0]()
      leave[0]()
      leave[2]()
      await until(() => about(`Received Unsubscribe Resource request: ${OTHER}`).length > 0)
      assert.equal(about(`Received Unsubscribe Resource request: ${URI}`).length, 0)
      leave[1]()
      await until(() => about(`Received Unsubscribe Resource request: ${URI}`).length > 0)
      assert.deepEqual(logs[0].from, { server: 'it' })
      assert.equal(logs[0].level, 'info')
    })

    test('a level of log messages', async (t) => {
      const logs = []
      const pool = poolOf(t, server, { onLog: ({ data }) => logs.push(String(data)) })
      await pool.setLogLevel('it', 'error')
      const leave = await pool.subscribe('it', URI, () => {})
      await pool.setLogLevel('it', 'info')
      await pool.subscribe('it', OTHER, () => {})
      leave()
      await until(() => logs.some((data) => data.includes('Unsubscribe')))
      assert.ok(logs.some((data) => data.includes(OTHER)))
      assert.ok(!logs.some((data) => data.includes(`Subscribe Resource request for URI: ${URI}`)))
      await assert.rejects(pool.setLogLevel('it', 'loud'), {
        code: 'ERR_INVALID_ARG_VALUE',
        message: /^level must be one of debug, .*, got "loud"$/,
      })
    })

    test("what the server says of itself is what the SDK's client has", async (t) => {
      const client = await sdkClient(t, server)
      const pool = poolOf(t, server)
      const { name, version } = client.getServerVersion()
      const { protocolVersion, ...info } = await pool.getServerInfo('it')
      assert.match(protocolVersion, /^20\d\d-\d\d-\d\d$/)
      assert.deepEqual(info, {
        name,
        version,
        instructions: client.getInstructions(),
        capabilities: client.getServerCapabilities(),
      })
    })
  })

describe('subscriptions', { skip: noProcessList }, () => {
  after(assertNothingLeft)

  for (const version of ['2025-11-25', '2026-07-28'])
    describe(version, () => {
      test('updates come to the listeners, in the async context of each', async (t) => {
        const pool = poolOf(t, notifyingServer(version))
        const storage = new AsyncLocalStorage()
        const updates = []
        await storage.run('mine', () =>
          pool.subscribe('it', 'a:b', (update) => updates.push([storage.getStore(), update])),
        )
        await pool.callTool('it', 'update', { uri: 'a:other' })
        await pool.callTool('it', 'update', { uri: 'a:b' })
        assert.deepEqual(updates, [['mine', { uri: 'a:b' }]])
      })

      test('a session that dies: the subscription is made again, and says so', async (t) => {
        const file = join(folder, `renewed-${version}`)
        const pool = poolOf(t, notifyingServer(version, '', file), { maxInFlight: 1 })
        const updates = []
        const leave = await pool.subscribe('it', 'a:b', (update) => updates.push(update))
        await assert.rejects(pool.callTool('it', 'exit'), { code: 'ERR_SERVER_EXITED' })
        await until(() => updates.length > 0)
        assert.deepEqual(updates, [{ uri: 'a:b', renewed: true }])
        await pool.callTool('it', 'update', { uri: 'a:b' })
        assert.deepEqual(updates.slice(1), [{ uri: 'a:b' }])
        const [{ pid }] = pool.getStatus().sessions
        kill(pid)
        await until(() => updates.length > 2)
        assert.deepEqual(updates.slice(2), [{ uri: 'a:b', renewed: true }])
        leave()
        await pool.callTool('it', 'update', { uri: 'a:b' })
        assert.equal(updates.length, 3)
        const method = version === '2025-11-25' ? 'resources/subscribe' : 'subscriptions/listen'
        assert.equal(asked(file).filter((each) => each === method).length, 3)
      })

      test('its session is not idle, and takes calls one at a time', async (t) => {
        const options = { maxInFlight: 1, idleTimeout: 1, maxSessions: 1 }
        const pool = poolOf(t, notifyingServer(version), options)
        const leave = await pool.subscribe('it', 'a:b', () => {})
        const [{ pid }] = pool.getStatus().sessions
        for (const words of ['one', 'two', 'three'])
          assert.equal(said(await pool.callTool('it', 'echo', { words })), words)
        assert.equal(pool.getStatus().sessions[0].pid, pid)
        assert.deepEqual(pool.getActiveCalls(), [])
        const ended = () => pool.getStatus().stats.recycled.idle ?? 0
        const before = ended()
        leave()
        await until(() => ended() > before)
      })
    })

  test('a server without a handshake that offers no updates of a resource', async (t) => {
    const pool = poolOf(t, notifyingServer('2026-07-28'))
    await assert.rejects(
      pool.subscribe('it', 'refused:a', () => {}),
      {
        code: 'ERR_MCP',
        message: /^MCP call it\.resources\/subscribe: the server offers no updates/,
      },
    )
    assert.equal(said(await pool.callTool('it', 'echo', { words: 'still here' })), 'still here')
  })

  test('a server that ends its subscriptions in an orderly way', async (t) => {
    const pool = poolOf(t, notifyingServer('2026-07-28'))
    const updates = []
    await pool.subscribe('it', 'a:b', (update) => updates.push(update))
    await pool.callTool('it', 'end')
    await until(() => updates.length > 0)
    assert.deepEqual(updates, [{ uri: 'a:b', renewed: true }])
  })

  test('a level holds for later sessions too', async (t) => {
    const file = join(folder, 'levels')
    const pool = poolOf(t, notifyingServer('2025-11-25', '', file))
    await pool.setLogLevel('it', 'warning')
    await pool.callTool('it', 'exit').catch(() => {})
    await pool.callTool('it', 'echo', { words: '' })
    const methods = asked(file)
    const later = methods.slice(methods.lastIndexOf('initialize'))
    assert.deepEqual(later, ['initialize', 'logging/setLevel', 'tools/call'])
  })

  test('a level for a server without a handshake is in each request', async (t) => {
    const file = join(folder, 'modern-levels')
    const pool = poolOf(t, notifyingServer('2026-07-28', '', file))
    await pool.setLogLevel('it', 'warning')
    await pool.callTool('it', 'echo', { words: '' })
    const last = JSON.parse(readFileSync(file, 'utf8').trim().split('\n').at(-1))
    assert.equal(last.params._meta['io.modelcontextprotocol/logLevel'], 'warning')
    assert.ok(!asked(file).includes('logging/setLevel'))
  })

  test('bad arguments, a refusal, a signal and a timeout', async (t) => {
    const pool = poolOf(t, notifyingServer('2025-11-25', '5'))
    const listen = () => {}
    for (const [given, code] of [
      [[5, listen], 'ERR_INVALID_ARG_TYPE'],
      [['', listen], 'ERR_INVALID_ARG_VALUE'],
      [['a:b'], 'ERR_INVALID_ARG_TYPE'],
      [['a:b', listen, { signal: AbortSignal.abort() }], 'ABORT_ERR'],
      [['a:b', listen, { onProgress: listen }], 'ERR_INVALID_CONFIG'],
    ])
      await assert.rejects(pool.subscribe('it', ...given), { code })
    assert.throws(() => new McpPool({ servers: {}, onLog: 5 }), {
      code: 'ERR_INVALID_CONFIG',
      message: 'onLog must be a function, got 5',
    })
  })

  test('a helper: subscriptions take no slot once they stand', async (t) => {
    const helper = createMcpHelper({
      configPath: writeConfig(folder, {}),
      servers: { it: notifyingServer() },
      transport: 'pool',
      maxConcurrent: 1,
    })
    t.after(() => helper.shutdown())
    const updates = []
    const leave = await Promise.all(
      ['a:b', 'a:c'].map((uri) => helper.subscribe('it', uri, (update) => updates.push(update))),
    )
    assert.equal(helper.getSemaphoreStatus().current, 0)
    await helper.callToolAsync('it', 'update', { uri: 'a:c' })
    assert.deepEqual(updates, [{ uri: 'a:c' }])
    for (const each of leave) each()
    const { name, protocolVersion } = await helper.getServerInfo('it')
    assert.deepEqual([name, protocolVersion], ['notifying', '2025-11-25'])
  })
})

describe('notifications', { skip: noProcessList }, () => {
  after(assertNothingLeft)

  test('changes of lists, each told once for many', async (t) => {
    const changed = []
    const onListChanged = (list, from) => changed.push([list, from.server])
    const pool = poolOf(t, notifyingServer(), { onListChanged })
    const notifications = ['tools', 'prompts', 'resources'].map((list, at) => ({
      method: `notifications/${list}/list_changed`,
      params: at === 0 ? undefined : { odd: at },
    }))
    await pool.callTool('it', 'notify', { notifications })
    await until(() => changed.length >= 3)
    assert.deepEqual(changed, [
      ['tools', 'it'],
      ['prompts', 'it'],
      ['resources', 'it'],
    ])
  })

  test('a server without a handshake is asked for changes of lists', async (t) => {
    const file = join(folder, 'changes')
    const pool = poolOf(t, notifyingServer('2026-07-28', '', file), { onListChanged() {} })
    await pool.callTool('it', 'echo', { words: '' })
    assert.ok(asked(file).includes('subscriptions/listen'))
  })

  test('notifications of wrong shapes, and of no kind that there is', async (t) => {
    const logs = []
    const pool = poolOf(t, notifyingServer(), { onLog: (message) => logs.push(message) })
    const updates = []
    await pool.subscribe('it', 'a:b', (update) => updates.push(update))
    const notifications = [
      { method: UPDATED },
      { method: UPDATED, params: null },
      { method: UPDATED, params: { uri: 5 } },
      { method: UPDATED, params: ['a:b'] },
      { method: 'notifications/subscriptions/acknowledged', params: 7 },
      { method: 'notifications/subscriptions/acknowledged', params: { _meta: 7 } },
      { method: 'notifications/unknown', params: {} },
      { method: UPDATED, params: { uri: 'a:b' } },
    ]
    await pool.callTool('it', 'notify', { notifications })
    assert.deepEqual(updates, [{ uri: 'a:b' }])
    assert.deepEqual(logs, [])
  })

  for (const [kind, given] of [
    ['updates of one resource', { method: UPDATED, member: 'uri', times: 1, repeat: 100_000 }],
    ['updates of ever other resources', { method: UPDATED, member: 'uri', times: 100_000 }],
    [
      'long log messages',
      { method: 'notifications/message', member: 'data', length: 10_000, times: 20_000 },
    ],
    [
      'changes of lists',
      { method: 'notifications/tools/list_changed', member: 'x', times: 100_000 },
    ],
  ])
    test(`a flood of ${kind}: bounded, and no other call is disturbed`, async (t) => {
      const heard = { logs: 0, lists: 0 }
      const options = {
        onLog: () => heard.logs++,
        onListChanged: () => heard.lists++,
        servers: { it: notifyingServer(), other: notifyingServer() },
      }
      const pool = new McpPool(options)
      t.after(() => pool.close())
      await pool.subscribe('it', 'a:b', () => {})
      await pool.callTool('other', 'echo', { words: '' })
      const before = process.memoryUsage.rss()
      const { repeat, ...flood } = given
      const notifications = [{ method: UPDATED, params: { uri: 'a:b' } }]
      const flooding = repeat
        ? pool.callTool('it', 'notify', { notifications, times: repeat })
        : pool.callTool('it', 'flood', flood)
      let echoes = 0
      const isOver = flooding.then(() => true)
      while (!(await Promise.race([isOver, Promise.resolve(false)]))) {
        assert.equal(
          said(await pool.callTool('other', 'echo', { words: `${echoes}` })),
          `${echoes}`,
        )
        echoes++
      }
      assert.ok(echoes > 0)
      assert.equal(said(await pool.callTool('it', 'echo', { words: 'after' })), 'after')
      assert.ok(process.memoryUsage.rss() - before < 150 * MIB)
    })
})

describe('answers of wrong shapes', { skip: noProcessList }, () => {
  after(assertNothingLeft)
  const GIVEN = {
    listResources: [],
    listResourceTemplates: [],
    readResource: ['a:b'],
    listPrompts: [],
    listSkills: [],
    getPrompt: ['name'],
    complete: [
      { type: 'ref/prompt', name: 'a' },
      { name: 'b', value: '' },
    ],
  }
  const WRONG = {
    readResource: ['{}', '{"contents":null}', '{"contents":{}}', '{"contents":[5]}'],
    getPrompt: ['{}', '{"messages":"text"}', '{"messages":[null]}'],
    complete: ['{}', '{"completion":[]}', '{"completion":{"values":[5]}}'],
    listResources: ['{"resources":{}}', '{"resources":[[]]}'],
    listResourceTemplates: ['{"resourceTemplates":"a"}'],
    listPrompts: ['{"prompts":[null]}'],
    listSkills: ['{"skills":{}}'],
  }

  for (const [method, given] of Object.entries(GIVEN))
    test(method, async () => {
      for (const answer of ['5', '"text"', '[]', 'true', ...WRONG[method]]) {
        const pool = new McpPool({ servers: { it: notifyingServer('2025-11-25', answer) } })
        await assert.rejects(
          pool[method]('it', ...given),
          {
            code: 'ERR_MCP',
            message: /^MCP call it\.[a-z/]+: the server's answer to [a-z/]+ (is|has) /,
          },
          answer,
        )
        assert.equal(said(await pool.callTool('it', 'echo', { words: 'ok' })), 'ok')
        await pool.close()
      }
    })
})

/** The methods that a server was asked for, in order. @param {string} file */
function asked(file) {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line).method)
}
