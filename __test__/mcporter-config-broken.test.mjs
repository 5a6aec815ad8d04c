// Files and entries that can't be used are named with the reason, and all others are there.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import filesModule from '../lib/mcporter/config/files.js'
import configuration from '../lib/mcporter/config/index.js'
import places from '../lib/mcporter/config/places.js'
import { temporaryFolder } from './fixtures/mcp-servers.mjs'
import { makeHome } from './support/homes.mjs'
import { memoryFiles } from './support/memory-files.mjs'

const PROJECT = '/srv/app/config/mcporter.json'
const CURSOR = '/srv/app/.cursor/mcp.json'
const url = 'https://example.org/mcp'
const good = { command: 'node' }

/** @param {Record<string, unknown>} files */
function read(files) {
  const here = {
    env: {},
    home: '/home/me',
    cwd: '/srv/app',
    platform: /** @type {const} */ ('linux'),
  }
  return configuration.readConfiguration({ ...here, files: memoryFiles(files) })
}

const names = (servers) => servers.map(({ name }) => name)

describe('an entry that is invalid: its field is named, and never a value', () => {
  for (const [field, entry] of [
    ['it must be an object', 5],
    ['command must be a string or an array of strings', { command: 5 }],
    ['command[1] must be a string', { command: ['node', 5] }],
    ['command must not have a null byte', { command: 'hush\0' }],
    ['command must not be empty', { command: ['', 'x'] }],
    ['args must be an array of strings', { ...good, args: 'hush' }],
    ['args[1] must be a string', { ...good, args: ['hush', 5] }],
    ['args[1] must not have a null byte', { ...good, args: ['a', 'hush\0'] }],
    ['cwd must be a string', { ...good, cwd: 5 }],
    ['cwd must not have a null byte', { ...good, cwd: 'hush\0' }],
    ['env must be an object of strings', { ...good, env: ['hush'] }],
    ['env.PORT must be a string', { ...good, env: { A: 'hush', PORT: 3000 } }],
    ['env["MY PORT"] must be a string', { ...good, env: { 'MY PORT': 3000 } }],
    ['env.TOKEN must be a string', { ...good, env: { 'TOKEN=hush': 3000 } }],
    ['env.A must not have a null byte', { ...good, env: { A: 'hush\0' } }],
    ['env["A\\u0000"] must have a name without null bytes', { ...good, env: { 'A\0': 'hush' } }],
    ['url must be a string', { url: 5 }],
    ['url must be an http: or https: URL', { url: 'hush' }],
    ['baseUrl must be an http: or https: URL', { baseUrl: 'ws://hush/' }],
    ['headers must be an object of strings', { url, headers: 'hush' }],
    ['headers.a must be a string', { url, headers: { a: 5 } }],
    [
      'headers.a must not have a line break, a control character or one beyond Latin-1',
      { url, headers: { a: 'hu\nsh' } },
    ],
    [
      'headers.a must not have a line break, a control character or one beyond Latin-1',
      { url, headers: { a: 'hush…' } },
    ],
    [
      'headers.Authorization must have the name of an HTTP header',
      { url, headers: { 'Authorization: hush': 'x' } },
    ],
    [
      'headers.Authorization must not have a line break, a control character or one beyond Latin-1',
      { url, bearerToken: 'hu\nsh' },
    ],
    ['envFile must be a string', { ...good, envFile: 5 }],
    ['it has neither a command nor a URL', { args: ['hush'] }],
    ['the environment variable NONE must be set', { ...good, args: ['$env:NONE'] }],
  ]) {
    test(field, async () => {
      const { servers, ignored, refusal } = await read({
        [PROJECT]: { imports: [], mcpServers: { it: entry, good } },
      })
      assert.deepEqual(names(servers), ['it', 'good'])
      const [{ needs, reason, transport }, other] = servers
      assert.deepEqual(
        [needs, reason, transport],
        [reason.includes('variable') ? 'variable' : 'invalid', field, undefined],
      )
      assert.deepEqual([other.needs, ignored, refusal], [undefined, [], undefined])
      assert.ok(!inspect(servers[0].reason).includes('hush'))
    })
  }

  test('of an editor: only without another entry of the name, and only if it looks like a server', async () => {
    const { servers, unusable } = await read({
      [PROJECT]: { mcpServers: {} },
      [CURSOR]: {
        mcpServers: { a: { command: 5 }, b: { url: 'x' }, c: { args: ['x'] }, no: { x: 1 }, good },
      },
      '/home/me/.cursor/mcp.json': { mcpServers: { a: { url } } },
      // All of it may be servers, or none.
      '/home/me/.claude.json': { theme: { type: 'dark' } },
    })
    assert.deepEqual(names(servers), ['good', 'a'])
    assert.deepEqual(
      unusable.map(({ name, source, reason }) => [name, source.path, reason]),
      [
        ['c', CURSOR, 'it has neither a command nor a URL'],
        ['b', CURSOR, 'baseUrl must be an http: or https: URL'],
      ],
    )
  })

  test('of an editor: a command that is not a string', async () => {
    const { unusable } = await read({
      [PROJECT]: { mcpServers: {} },
      [CURSOR]: { servers: { a: { command: [1] } } },
    })
    assert.deepEqual(unusable[0].reason, 'command[0] must be a string')
  })
})

describe('a file that is broken', () => {
  const deep = (open, close) =>
    `{"mcpServers": {"it": ${open.repeat(100_000)}1${close.repeat(100_000)}}}`

  for (const [name, text, problem] of [
    [
      'a missing brace',
      '{"mcpServers": {"a": {"command": "hush"}}',
      /^it is no JSON: "}" is missing in line 1$/,
    ],
    [
      'a comment without an end',
      '{"mcpServers": {}} /* hush',
      /^it is no JSON: a comment without an end in line 1$/,
    ],
    ['a name without quotes', '{\n"mcpServers":\n{hush: 1}}', /^it is no JSON: .* in line 3$/],
    ...[
      ['{"a": [1, 2', '"]" is missing'],
      ['{"a": "hush', 'a text without its closing quote'],
      ['{"a": "hu\tsh"}', 'a control character within a text'],
      ['{"a": "\\x"}', '"\\" before a character that must not follow it'],
      ['{"a": "\\u00"}', '"\\u" without four hexadecimal digits'],
      ['{"a" 1}', '":" is missing'],
      ['{"a": 1 "b": 2}', '"," is missing'],
      ['{1: 2}', 'a name in quotes is missing'],
      ['{"a": 1.}', 'an unfinished number'],
      ['{} {}', 'more text after the end'],
    ].map(([text, words]) => [
      words,
      text,
      new RegExp(`^it is no JSON: ${words.replaceAll('\\', '\\\\')} in line 1$`),
    ]),
    ['nothing', '', /^it is no JSON: a value is missing in line 1$/],
    [
      'nesting without an end',
      `{"mcpServers": ${'['.repeat(100_000)}`,
      /^it is no JSON: it is nested too deeply$/,
    ],
    [
      'nesting beside a comment',
      `// hush\n${deep('[', ']')}`,
      /^it is no JSON: it is nested too deeply$/,
    ],
  ]) {
    test(name, async () => {
      const { ignored, servers } = await read({
        [PROJECT]: text,
        [CURSOR]: { mcpServers: { good } },
      })
      assert.deepEqual([ignored.length, ignored[0].file, names(servers)], [1, PROJECT, ['good']])
      assert.match(ignored[0].problem, problem)
    })
  }

  test('a deeply nested entry harms no other', async () => {
    for (const [open, close] of ['[]', ['{"a":', '}']]) {
      const { servers } = await read({ [PROJECT]: deep(open, close) })
      assert.deepEqual([servers[0].needs, servers[0].reason !== undefined], ['invalid', true])
    }
    const text = `{"mcpServers": {"it": {"command": "node", "x": ${'['.repeat(100_000)}${']'.repeat(100_000)}}}}`
    const { servers } = await read({ [PROJECT]: text })
    assert.equal(servers[0].needs, undefined)
  })

  test('of an editor, TOML too', async () => {
    const toml = `[mcp_servers.x]\nenv = { KEY = "hush"`
    const nested = `x = ${'['.repeat(100_000)}`
    for (const text of [toml, nested]) {
      const { ignored } = await read({
        [PROJECT]: { mcpServers: {} },
        '/home/me/.codex/config.toml': text,
      })
      assert.match(
        ignored[0].problem,
        /^it can't be parsed: (invalid TOML in line \d|it is nested too deeply)/,
      )
      assert.ok(!inspect(ignored).includes('hush'))
    }
  })
})

describe('names that are special in JavaScript', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    for (const comment of ['', '// a comment\n'])
      test(`${name}${comment && ', beside a comment'}`, async () => {
        const entry = `{"command": "node", "env": {${JSON.stringify(name)}: "x"}}`
        const text = `${comment}{"imports": [], "mcpServers": {${JSON.stringify(name)}: ${entry}, "good": {"command": "x"}}}`
        const { servers } = await read({ [PROJECT]: text })
        assert.deepEqual(names(servers), [name, 'good'])
        assert.equal(servers[0].transport.command, 'node')
        assert.deepEqual(Object.entries(servers[0].transport.env), [[name, 'x']])
        assert.deepEqual(Object.keys(servers[1].transport.env), [])
        assert.equal(/** @type {any} */ ({}).command, undefined)
      })
  }
})

describe('a byte order mark, which editors on Windows write', () => {
  const json = JSON.stringify({
    mcpServers: { it: { command: 'node', envFile: '.env', args: ['ü'] } },
  })
  const encodings = {
    'UTF-8': (text) => Buffer.from(`\ufeff${text}`),
    'UTF-16': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
    'UTF-16, the other way round': (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
  }
  const parent = temporaryFolder()
  for (const [name, encoded] of Object.entries(encodings)) {
    test(name, async () => {
      const { home, project } = makeHome(parent, {})
      mkdirSync(join(project, '.codex'))
      mkdirSync(join(project, '.cursor'))
      writeFileSync(join(project, '.cursor', 'mcp.json'), encoded(json))
      writeFileSync(
        join(project, '.codex', 'config.toml'),
        encoded('[mcp_servers.toml]\ncommand = "x"'),
      )
      writeFileSync(join(project, '.env'), encoded('FIRST=1'))
      const here = { ...places.placesHere({ cwd: project }), env: {}, home }
      const { servers, ignored } = await configuration.readConfiguration(here)
      assert.deepEqual([names(servers), ignored], [['it', 'toml'], []])
      assert.deepEqual(
        [servers[0].transport.args, servers[0].transport.env],
        [['ü'], { FIRST: '1' }],
      )
    })
  }
})

describe('of real files', { skip: process.platform === 'win32' && 'POSIX permissions' }, () => {
  const parent = temporaryFolder()

  test('a folder, a pipe and a device in the place of a file', async () => {
    const { project, home } = makeHome(parent, { 'project/.cursor/mcp.json/x': '' })
    mkdirSync(join(project, 'config'))
    execFileSync('mkfifo', [join(project, 'config', 'mcporter.json')])
    const here = { ...places.placesHere({ cwd: project }), env: {}, home }
    const { ignored, refusal } = await configuration.readConfiguration(here)
    assert.deepEqual(ignored, [
      {
        file: join(project, 'config', 'mcporter.json'),
        problem: "it can't be read: EINVAL (it is no regular file)",
      },
      {
        file: join(project, '.cursor', 'mcp.json'),
        problem: "it can't be read: EISDIR (it is a folder)",
      },
    ])
    assert.equal(refusal.code, 'ERR_INVALID_CONFIG')
    await assert.rejects(filesModule.files.read('/dev/zero'), { code: 'EINVAL' })
  })

  test('a home without permission counts as absent, and an unreadable file is named', (t) => {
    const { folder, project, home } = makeHome(parent, {
      'home/.mcporter/mcporter.json': { mcpServers: { home: good } },
      'home/.cursor/mcp.json': { mcpServers: { home: good } },
      'project/config/mcporter.json': { mcpServers: { good } },
      'project/.cursor/mcp.json': { mcpServers: { unread: good } },
    })
    for (const each of [parent, folder, project]) chmodSync(each, 0o755)
    chmodSync(home, 0o000)
    chmodSync(join(project, '.cursor', 'mcp.json'), 0o000)
    const reading = `
      const { readConfiguration } = require('./lib/mcporter/config')
      const { placesHere } = require('./lib/mcporter/config/places')
      readConfiguration(placesHere({ cwd: process.argv[1], env: { HOME: process.argv[2], XDG_CONFIG_HOME: '' } }))
        .then(({ servers, ignored, refusal }) => console.log(JSON.stringify([servers.map(({ name }) => name), ignored, !refusal])))`
    // As another user, because root may enter and read everything.
    const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
    const node = (...args) =>
      execFileSync(process.execPath, args, {
        ...user,
        encoding: 'utf8',
        env: {},
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    try {
      node('-e', "require('./lib/mcporter/config')")
    } catch (error) {
      return t.skip(`no process as another user: ${error.message.slice(0, 200)}`)
    }
    const stdout = node('-e', reading, project, home)
    chmodSync(home, 0o755)
    const unread = {
      file: join(project, '.cursor', 'mcp.json'),
      problem: "it can't be read: EACCES",
    }
    assert.deepEqual(JSON.parse(stdout), [['good'], [unread], true])
  })
})
