// biome-ignore-all lint/suspicious/noTemplateCurlyInString: mcporter's placeholders look like that.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import configuration from '../lib/mcporter/config/index.js'
import filter from '../lib/mcporter/config/tool-filter.js'
import { memoryFiles } from './support/memory-files.mjs'

const PROJECT = '/srv/app/config/mcporter.json'
const url = 'https://example.org/mcp'

/** Reads these entries, or files. @param {Record<string, any>} mcpServers */
function read(mcpServers, { files = {}, env = {}, ...rest } = {}) {
  const all = { [PROJECT]: { imports: [], mcpServers }, ...files }
  const here = { env, home: '/home/me', cwd: '/srv/app', platform: 'linux', ...rest }
  return configuration.readConfiguration({ ...here, files: memoryFiles(all) })
}

/** The one server of that entry. */
async function one(entry, rest) {
  const { servers } = await read({ it: entry }, rest)
  assert.equal(servers.length, 1)
  return servers[0]
}

describe('a server needs a process of mcporter', () => {
  for (const [name, entry, needs, env] of [
    ['a command', { command: 'node a.js' }, undefined],
    ['a URL', { url }, undefined],
    ['a static token', { url, bearerToken: 'x' }, undefined],
    ['OAuth', { url, auth: 'oauth' }, 'oauth'],
    [
      'OAuth of a command is for signing in only',
      { command: 'node', auth: 'oauth', oauthCommand: { args: ['auth'] } },
      undefined,
    ],
    [
      'a token that is refreshed',
      { url, auth: 'refreshable_bearer', refresh: { tokenEndpoint: url } },
      'refresh',
    ],
    [
      'a token that would be refreshed',
      { url, auth: 'refreshable_bearer', bearerToken: 'x' },
      undefined,
    ],
    [
      'a token that is refreshed for a command',
      { command: 'node', auth: 'Refreshable_Bearer' },
      'refresh',
    ],
    ['type sse', { url, type: 'sse' }, 'sse'],
    ['transport sse', { url, transport: 'sse' }, 'sse'],
    ['type stdio', { command: 'node', type: 'stdio' }, undefined],
    ['an address of SSE', { url: 'https://example.org/sse/?a=1' }, 'sse'],
    ['an address that ends like it', { url: 'https://example.org/asse' }, undefined],
    ["Node.js's HTTP", { url, httpFetch: 'node-http1' }, 'http-fetch'],
    ['the default HTTP', { url, http_fetch: 'default' }, undefined],
    ['a host that mcporter knows', { url: 'https://API.sunsama.com/mcp' }, 'http-fetch'],
    [
      'that host, overruled',
      { url: 'https://api.sunsama.com/mcp', httpFetch: 'default' },
      undefined,
    ],
    [
      'chrome-devtools',
      { command: 'npx chrome-devtools-mcp@latest --autoConnect' },
      'chrome-devtools',
    ],
    [
      'chrome-devtools by its path',
      { command: ['node', '/x/chrome-devtools-mcp/a.js', '--auto-connect'] },
      'chrome-devtools',
    ],
    ['chrome-devtools as it is', { command: 'npx chrome-devtools-mcp' }, undefined],
    [
      'chrome-devtools that is left alone',
      {
        command: 'chrome-devtools-mcp --autoConnect',
        env: { MCPORTER_DISABLE_CHROME_DEVTOOLS_COMPAT: '1' },
      },
      undefined,
    ],
    ['recording', { url }, 'recording', { MCPORTER_RECORD: 'x' }],
    [
      'recording this one',
      { url },
      'recording',
      { MCPORTER_RECORD: 'x', MCPORTER_RECORD_SERVER: 'it' },
    ],
    [
      'recording another',
      { url },
      undefined,
      { MCPORTER_RECORD: 'x', MCPORTER_RECORD_SERVER: 'that' },
    ],
    ['replaying', { command: 'node' }, 'recording', { MCPORTER_REPLAY: 'x' }],
    ['a key of a newer mcporter', { url, protocolVersion: 'legacy' }, 'unknown-key'],
    ['a variable in its arguments', { command: 'node', args: ['${NONE}'] }, 'variable'],
    ['a variable in its headers', { url, headers: { a: '$env:NONE' } }, 'variable'],
    ['a variable in its environment', { command: 'node', env: { A: '$env:NONE' } }, 'variable'],
    ['a variable that may be missing', { command: 'node', env: { A: '${NONE}' } }, undefined],
    ['a variable in its URL', { url: 'https://${NONE}/' }, 'variable'],
    ['a variable in its folder', { command: 'node', cwd: '${NONE}/x' }, 'variable'],
    ['neither command nor URL', { args: ['x'] }, 'invalid'],
    ['an empty command', { command: [] }, 'invalid'],
    ['no URL', { url: 'example.org' }, 'invalid'],
    ['a URL of another kind', { url: 'ftp://example.org/' }, 'invalid'],
    ['a header that no request can have', { url, headers: { 'a b': 'x' } }, 'invalid'],
    [
      'a variable with a name that only Node.js lets pass',
      { command: 'node', env: { 'A=B': 'x' } },
      'environment',
    ],
    ['a variable without a name', { command: 'node', env: { '': 'x' } }, 'environment'],
    ['a variable without a name and a value', { command: 'node', env: { '': '' } }, undefined],
    ['arguments that are no texts', { command: 'node', args: [1] }, 'invalid'],
    ['a variable that is no text', { command: 'node', env: { A: 1 } }, 'invalid'],
    [
      'a lifecycle that is none',
      { command: 'node', lifecycle: { mode: 'keep-alive', idleTimeoutMs: 0 } },
      'invalid',
    ],
    ['both filters', { command: 'node', allowedTools: ['a'], blocked_tools: ['b'] }, 'invalid'],
    ['null', null, 'invalid'],
  ]) {
    test(name, async () => {
      const server = await one(entry, { env })
      assert.deepEqual(
        [server.needs, typeof server.reason],
        [needs, needs === undefined ? 'undefined' : 'string'],
      )
      assert.equal(server.transport === undefined, ['invalid', 'variable'].includes(needs))
    })
  }

  test('one bad entry makes only its own server unusable', async () => {
    const { servers } = await read({ bad: { command: 5 }, good: { command: 'node' } })
    assert.deepEqual(
      servers.map(({ name, needs }) => [name, needs]),
      [
        ['bad', 'invalid'],
        ['good', undefined],
      ],
    )
  })
})

describe('no error contains a secret', () => {
  const secret = 'hunter2'
  const text = `{"mcpServers": {"it": {"command": "node", "env": {"KEY": "${secret}"}} "x"`

  test('of an entry', async () => {
    for (const entry of [
      { command: [1, secret] },
      { command: 'node', env: { KEY: [secret] } },
      { url: `https://me:${secret}@`, bearerToken: secret },
      { url, headers: { a: `${secret} \${NONE}` } },
      { command: 'node', args: [`--token=${secret}`, '$env:NONE'] },
      { url, auth: 'oauth', oauthClientSecret: secret, refresh: secret },
    ]) {
      const { reason, needs } = await one(entry)
      assert.ok(needs !== undefined && !reason.includes(secret), reason)
    }
  })

  test('of a file', async () => {
    const { refusal } = await read({}, { configPath: '/x.json', files: { '/x.json': text } })
    assert.equal(refusal.code, 'ERR_INVALID_CONFIG')
    assert.ok(!inspect(refusal).includes(secret), inspect(refusal))
    const files = {
      [PROJECT]: text,
      '/srv/app/.codex/config.toml': `[mcp_servers.x]\nenv = { KEY = "${secret}"`,
    }
    const { ignored } = await read({}, { files })
    assert.deepEqual(ignored.map(({ file }) => file).sort(), Object.keys(files).sort())
    assert.ok(!inspect(ignored).includes(secret), inspect(ignored))
  })
})

describe('mcporter would not start', () => {
  const other = '/home/me/.mcporter/mcporter.json'
  for (const [name, content, expected] of [
    ['no object', '[]', /it must be an object with mcpServers/],
    ['no servers', {}, /must be an object with mcpServers/],
    ['servers that are a list', { mcpServers: [] }, /must be an object with mcpServers/],
    [
      'an editor that is none',
      { mcpServers: {}, imports: ['emacs'] },
      /imports must be an array of cursor, /,
    ],
    [
      'imports that are no list',
      { mcpServers: {}, imports: 'cursor!' },
      /imports must be an array/,
    ],
    [
      'a time that is none',
      { mcpServers: {}, daemonIdleTimeoutMs: 'x' },
      /daemonIdleTimeoutMs must be/,
    ],
    [
      'a file that may not be read',
      Object.assign(new Error('x'), { code: 'EACCES' }),
      /can't be read: EACCES/,
    ],
  ]) {
    test(`${name}: the file is named, and the servers of other files are there`, async () => {
      const files = { [PROJECT]: content, [other]: { imports: [], mcpServers: { it: { url } } } }
      const { refusal, ignored, servers } = await read({}, { files })
      assert.deepEqual([refusal.code, refusal.file], ['ERR_INVALID_CONFIG', PROJECT])
      assert.match(refusal.message, expected)
      assert.deepEqual(
        ignored.map(({ file }) => file),
        [PROJECT],
      )
      assert.match(ignored[0].problem, expected)
      assert.deepEqual(
        servers.map(({ name }) => name),
        ['it'],
      )
    })
  }

  test('a named file that is not there', async () => {
    const { refusal, servers } = await read({}, { configPath: './none.json' })
    assert.deepEqual(
      [refusal.code, refusal.file, servers],
      ['ERR_INVALID_CONFIG', '/srv/app/none.json', []],
    )
    assert.match(refusal.message, /\/srv\/app\/none\.json: there is no such file/)
  })
})

describe('keys', () => {
  const key = async (entry, rest) => (await one(entry, rest)).key
  const base = { command: 'node', args: ['a'], env: { A: '${A}', B: 'b' } }
  const env = { A: 'a', OTHER: 'x' }

  test('stay the same when nothing changes that a session sees', async () => {
    const keys = await Promise.all([
      key(base, { env }),
      key({ ...base, description: 'about', allowedTools: ['x'], lifecycle: 'ephemeral' }, { env }),
      key({ command: ['node', 'a'], env: { B: 'b', A: 'a' } }, { env: { OTHER: 'y', PATH: 'z' } }),
    ])
    assert.equal(new Set(keys).size, 1)
    assert.match(keys[0], /^[\da-f]{64}$/)
  })

  test('differ with each setting that a session sees', async () => {
    const keys = await Promise.all([
      key(base, { env }),
      key({ ...base, args: ['b'] }, { env }),
      key({ ...base, cwd: '..' }, { env }),
      key({ ...base, env: { A: '${A}' } }, { env }),
      key(base, { env: { A: 'other' } }),
      key({ url }),
      key({ url, headers: { a: 'b' } }),
      key({ url, bearerToken: 'x' }),
      key({ url, bearerTokenEnv: 'T' }, { env: { T: 'x' } }),
      key({ url, bearerTokenEnv: 'T' }, { env: { T: 'y' } }),
      key({ url, bearerTokenEnv: 'T' }),
      key({ command: 5 }),
    ])
    assert.equal(new Set(keys).size, keys.length)
    const { servers } = await read({ a: base, b: base }, { env })
    assert.notEqual(servers[0].key, servers[1].key, 'two servers of the same configuration')
  })
})

describe('lifecycle', () => {
  for (const [name, entry, expected, env] of [
    ['none', { command: 'node' }, undefined],
    ['keep-alive', { command: 'node', lifecycle: 'keep-alive' }, { mode: 'keep-alive' }],
    ['ephemeral', { command: 'node', lifecycle: 'ephemeral' }, { mode: 'ephemeral' }],
    [
      'with a time',
      { command: 'node', lifecycle: { mode: 'keep-alive', idleTimeoutMs: 5 } },
      { mode: 'keep-alive', idleTimeoutMs: 5 },
    ],
    [
      'ephemeral with a time',
      { command: 'node', lifecycle: { mode: 'ephemeral', idleTimeoutMs: 5 } },
      { mode: 'ephemeral' },
    ],
    ['a server with a state', { command: 'npx @Playwright/MCP@latest' }, { mode: 'keep-alive' }],
    [
      'a server with a state, overruled',
      { command: 'npx @playwright/mcp', lifecycle: 'ephemeral' },
      { mode: 'ephemeral' },
    ],
    ['all', { url }, { mode: 'keep-alive' }, { MCPORTER_KEEPALIVE: '*' }],
    [
      'this one',
      { url, lifecycle: 'ephemeral' },
      { mode: 'keep-alive' },
      { MCPORTER_KEEPALIVE: 'x, IT' },
    ],
    ['another', { url }, undefined, { MCPORTER_KEEPALIVE: 'x' }],
    [
      'not this one',
      { url, lifecycle: 'keep-alive' },
      undefined,
      { MCPORTER_DISABLE_KEEPALIVE: 'it' },
    ],
    ['no one', { command: 'npx playwright/mcp' }, undefined, { MCPORTER_NO_KEEPALIVE: '*' }],
    [
      'by its kind',
      { command: 'npx @playwright/mcp' },
      undefined,
      { MCPORTER_NO_KEEPALIVE: 'playwright' },
    ],
  ]) {
    test(name, async () => assert.deepEqual((await one(entry, { env })).lifecycle, expected))
  }

  test("the daemon's timeout is that of the last file that has one", async () => {
    const home = { mcpServers: {}, imports: [], daemonIdleTimeoutMs: 7 }
    const files = { '/home/me/.mcporter/mcporter.json': home }
    assert.equal((await read({}, { files })).idleTimeout, 7)
    files[PROJECT] = { ...home, daemonIdleTimeoutMs: undefined, daemon_idle_timeout_ms: 8 }
    assert.equal((await read({}, { files })).idleTimeout, 8)
  })
})

test('tool filters', async () => {
  for (const [filters, expected] of [
    [{}, [true, true]],
    [{ allowedTools: ['a'] }, [true, false]],
    [{ allowed_tools: [] }, [false, false]],
    [{ blockedTools: ['a'] }, [false, true]],
    [{ blocked_tools: [] }, [true, true]],
  ]) {
    const server = await one({ command: 'node', ...filters })
    assert.deepEqual(
      ['a', 'b'].map((tool) => filter.isAllowed(server, tool)),
      expected,
    )
  }
})

describe('paths of files on other systems', () => {
  const command = { command: 'x' }
  const windows = { platform: 'win32', home: 'C:\\Users\\me', cwd: 'D:\\app', files: {} }
  const mac = { platform: 'darwin', home: '/Users/me', cwd: '/app' }
  /** Each with a server of its own; the named ones are found. */
  async function found(here, paths) {
    const files = Object.fromEntries(
      paths.map((path, index) => [
        path,
        path.includes('opencode')
          ? { mcp: { [index]: command } }
          : { mcpServers: { [index]: command } },
      ]),
    )
    const { servers } = await configuration.readConfiguration({
      env: {},
      ...here,
      files: memoryFiles(files),
    })
    return servers.map(({ source }) => source.path)
  }

  test('Windows', async () => {
    const paths = [
      'D:\\app\\.cursor\\mcp.json',
      'C:\\Users\\me\\AppData\\Roaming\\Cursor\\User\\mcp.json',
      'C:\\Users\\me\\.claude.json',
      'C:\\Users\\me\\AppData\\Roaming\\Claude\\settings.json',
      'E:\\roaming\\Codeium\\windsurf\\mcp_config.json',
      'E:\\roaming\\opencode\\opencode.json',
      'E:\\roaming\\Code\\User\\mcp.json',
    ]
    assert.deepEqual(
      (await found({ ...windows, env: { AppData: 'E:\\roaming' } }, paths)).sort(),
      paths.sort(),
    )
  })

  test('macOS', async () => {
    const paths = [
      '/Users/me/Library/Application Support/Cursor/User/mcp.json',
      '/Users/me/Library/Application Support/Claude/settings.json',
      '/Users/me/Library/Application Support/Code - Insiders/User/mcp.json',
    ]
    assert.deepEqual(await found(mac, paths), paths)
  })

  test("a project of Claude Code's, whatever the case of its path on Windows", async () => {
    const files = {
      'C:\\Users\\me\\.claude.json': { projects: { 'd:\\APP\\': { mcpServers: { it: command } } } },
    }
    const { servers } = await configuration.readConfiguration({
      env: {},
      ...windows,
      files: memoryFiles(files),
    })
    assert.deepEqual(
      servers.map(({ name }) => name),
      ['it'],
    )
  })

  test('a command and variables on Windows', async () => {
    const entry = {
      command: '.\\bin\\x',
      args: ['${userprofile}'],
      env: { PATH: '${Path};x', new: '${NEW:-n}' },
    }
    const files = { 'D:\\app\\config\\mcporter.json': { imports: [], mcpServers: { it: entry } } }
    const env = { Path: 'C:\\bin', USERPROFILE: 'C:\\Users\\me', NEW: '' }
    const { servers } = await configuration.readConfiguration({
      ...windows,
      env,
      files: memoryFiles(files),
    })
    assert.deepEqual(servers[0].transport, {
      kind: 'stdio',
      command: 'D:\\app\\config\\bin\\x',
      args: ['C:\\Users\\me'],
      cwd: 'D:\\app\\config',
      env: { PATH: 'C:\\bin;x', USERPROFILE: 'C:\\Users\\me', new: 'n' },
    })
  })
})
