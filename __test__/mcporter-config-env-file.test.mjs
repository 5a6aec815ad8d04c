// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders look like that.

// `envFile` of an entry: where the file is, what is in it, and what comes before what.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import envFile from '../lib/mcporter/config/env-file.js'
import configuration from '../lib/mcporter/config/index.js'
import { memoryFiles } from './support/memory-files.mjs'

const PROJECT = '/srv/app/config/mcporter.json'
const url = 'https://example.org/mcp'

/** The one server of these files. @param {Record<string, unknown>} files */
async function one(files, { env = {}, ...rest } = {}) {
  const here = {
    env,
    home: '/home/me',
    cwd: '/srv/app',
    platform: /** @type {const} */ ('linux'),
    ...rest,
  }
  const { servers } = await configuration.readConfiguration({ ...here, files: memoryFiles(files) })
  assert.equal(servers.length, 1)
  return servers[0]
}

/** @param {object} entry */
const local = (entry) => ({
  [PROJECT]: { imports: [], mcpServers: { it: { command: 'node', ...entry } } },
})

describe('its path', () => {
  for (const [file, written, expected] of [
    [PROJECT, '.env', '/srv/app/.env'],
    [PROJECT, './secrets/mcp.env', '/srv/app/secrets/mcp.env'],
    [PROJECT, '/etc/mcp.env', '/etc/mcp.env'],
    [PROJECT, '~/mcp.env', '/home/me/mcp.env'],
    [PROJECT, '${workspaceFolder}/.env', '/srv/app/.env'],
    [PROJECT, '${workspaceFolder}/${env:STAGE}.env', '/srv/app/test.env'],
    [PROJECT, '${userHome}/${STAGE}.env', '/home/me/test.env'],
    [PROJECT, '${NONE:-default}.env', '/srv/app/default.env'],
    ['/srv/app/.vscode/mcp.json', '.env', '/srv/app/.env'],
    ['/srv/app/.vscode/mcp.json', '${workspaceFolder}/.env', '/srv/app/.env'],
    ['/srv/app/.cursor/mcp.json', '.env', '/srv/app/.env'],
    ['/srv/app/opencode.json', '.env', '/srv/app/.env'],
    ['/home/me/.cursor/mcp.json', '.env', '/home/me/.env'],
    ['/home/me/.config/Code/User/mcp.json', '.env', '/home/me/.config/Code/User/.env'],
    ['/elsewhere/servers.json', '.env', '/elsewhere/.env'],
  ]) {
    test(`${written} in ${file}`, () => {
      const places = {
        env: { STAGE: 'test' },
        home: '/home/me',
        cwd: '/srv/app',
        platform: /** @type {const} */ ('linux'),
      }
      assert.equal(envFile.envFilePath(written, file, /** @type {any} */ (places)), expected)
    })
  }

  test('on Windows', () => {
    const places = {
      env: {},
      home: 'C:\\Users\\me',
      cwd: 'D:\\app',
      platform: /** @type {const} */ ('win32'),
    }
    const at = (written) =>
      envFile.envFilePath(written, 'D:\\app\\.vscode\\mcp.json', /** @type {any} */ (places))
    assert.deepEqual(['.env', '${workspaceFolder}\\.env', '~\\.env'].map(at), [
      'D:\\app\\.env',
      'D:\\app\\.env',
      'C:\\Users\\me\\.env',
    ])
  })
})

test('its content', async () => {
  const text = [
    '# a comment',
    'PLAIN=a b # and a comment',
    "SINGLE='#1 \\n'",
    'DOUBLE="a\\nb"',
    'MANY="a',
    'b"',
    'export EXPORTED=x',
    'EMPTY=',
    'SPACED = y ',
    'JSON={"a":"b"}',
    'not a variable',
    'URL=https://x/?a=b',
  ].join('\r\n')
  const { transport } = await one({ ...local({ envFile: '.env' }), '/srv/app/.env': text })
  assert.deepEqual(transport.env, {
    PLAIN: 'a b',
    SINGLE: '#1 \\n',
    DOUBLE: 'a\nb',
    MANY: 'a\nb',
    EXPORTED: 'x',
    EMPTY: '',
    SPACED: 'y',
    JSON: '{"a":"b"}',
    URL: 'https://x/?a=b',
  })
})

test('precedence: env, then the file, then the environment of this process', async () => {
  const env = { A: 'process', B: 'process', C: 'process' }
  const files = {
    ...local({ envFile: '.env', env: { C: 'entry' } }),
    '/srv/app/.env': 'B=file\nC=file\nD=file',
  }
  const { transport } = await one(files, { env })
  assert.deepEqual(transport.env, { A: 'process', B: 'file', C: 'entry', D: 'file' })
})

test('placeholders of the entry find its variables', async () => {
  const entry = {
    envFile: '.env',
    args: ['--token=${TOKEN}', '$env:TOKEN'],
    env: { COPY: '${TOKEN}' },
  }
  const { transport } = await one({ ...local(entry), '/srv/app/.env': 'TOKEN=t' })
  assert.deepEqual([transport.args, transport.env.COPY], [['--token=t', 't'], 't'])
})

test('an entry of an editor has the same', async () => {
  const files = {
    '/srv/app/.vscode/mcp.json': {
      servers: { it: { type: 'stdio', command: 'x', envFile: '.env' } },
    },
  }
  const { transport, definition } = await one({ ...files, '/srv/app/.env': 'A=1' })
  assert.deepEqual([transport.env, definition.fileVariables], [{ A: '1' }, { A: '1' }])
})

test("its variables are part of a server's identity", async () => {
  const key = async (text) =>
    (await one({ ...local({ envFile: '.env' }), '/srv/app/.env': text })).key
  const keys = await Promise.all(['A=1', 'A=2', 'B=1', 'A=1\nB=2'].map(key))
  assert.equal(new Set(keys).size, keys.length)
  assert.equal(await key('# a comment\nA=1'), keys[0])
})

describe('an unusable file affects its own entry only', () => {
  const there = {
    '/srv/app/.env': Object.assign(new Error('x'), { code: 'EACCES', syscall: 'open' }),
  }
  for (const [name, files, entry, reason] of [
    [
      'a file that is not there',
      {},
      { envFile: '.env' },
      'envFile /srv/app/.env: there is no such file',
    ],
    [
      'a file that may not be read',
      there,
      { envFile: '.env' },
      "envFile /srv/app/.env: it can't be read: EACCES",
    ],
    ['a name with a null byte', {}, { envFile: 'a\0' }, 'envFile must not have a null byte'],
    ['no text', {}, { envFile: ['.env'] }, 'envFile must be a string'],
    [
      'a variable that is not set',
      {},
      { envFile: '${NONE}.env' },
      'the environment variable NONE must be set',
    ],
    [
      'a null byte in it',
      { '/srv/app/.env': 'A=hush\0' },
      { envFile: '.env' },
      'envFile.A must not have a null byte',
    ],
  ]) {
    test(name, async () => {
      const mcpServers = { it: { command: 'node', ...entry }, good: { command: 'node' } }
      const all = { [PROJECT]: { imports: [], mcpServers }, ...files }
      const here = {
        env: {},
        home: '/home/me',
        cwd: '/srv/app',
        platform: /** @type {const} */ ('linux'),
      }
      const { servers } = await configuration.readConfiguration({
        ...here,
        files: memoryFiles(all),
      })
      assert.deepEqual(
        servers.map(({ reason }) => reason),
        [reason, undefined],
      )
    })
  }

  test('an empty name and a server with an address need no file', async () => {
    for (const entry of [{ envFile: '' }, { envFile: null }, { url, envFile: 'none' }]) {
      assert.equal((await one(local(entry))).needs, undefined)
    }
  })
})

test('a process of mcporter gets all variables except those that mcporter uses itself', () => {
  const variables = {
    TOKEN: 't',
    Path: 'x',
    HOME: 'h',
    XDG_CONFIG_HOME: 'x',
    MCPORTER_CONFIG: 'm',
    __proto__x: 'p',
  }
  assert.deepEqual(envFile.passedOn(variables), { TOKEN: 't', Path: 'x', __proto__x: 'p' })
})
