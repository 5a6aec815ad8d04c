import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import npx from '../lib/mcporter/npx/index.js'
import requests from '../lib/mcporter/npx/request.js'

const NOW = 1e12
const DAY = 86_400_000
const NODE = '#!/usr/bin/env node\n'

describe('the request of a command line', () => {
  const memory = {
    wanted: '@s/memory',
    name: '@s/memory',
    version: '',
    command: undefined,
    args: [],
  }

  for (const [line, expected] of [
    ['npx @s/memory', memory],
    ['npx -y @s/memory', memory],
    ['npx --yes -q @s/memory', memory],
    ['/usr/bin/npx -y -- @s/memory', memory],
    ['C:\\node\\npx.cmd -y @s/memory', memory],
    ['NPX.CMD @s/memory', memory],
    ['npx @s/memory -y --port 3 -- x', { ...memory, args: ['-y', '--port', '3', '--', 'x'] }],
    ['npx -y @s/memory@1.2.3', { ...memory, wanted: '@s/memory@1.2.3', version: '1.2.3' }],
    ['npx -y memory@^1.2', { ...memory, wanted: 'memory@^1.2', name: 'memory', version: '^1.2' }],
    [
      'npx memory@latest',
      { ...memory, wanted: 'memory@latest', name: 'memory', version: 'latest' },
    ],
    ['npx -y -p @s/memory serve a', { ...memory, command: 'serve', args: ['a'] }],
    ['npx --package=@s/memory -y -- serve', { ...memory, command: 'serve' }],
    ['npx', undefined],
    ['npx -y', undefined],
    ['npx -p @s/memory', undefined],
    ['npx -p a -p b serve', undefined],
    ['npx -p=a --package b serve', undefined],
    ['npx --no memory', undefined],
    ['npx --prefer-offline memory', undefined],
    ['npx -c memory', undefined],
    ['npx ./memory', undefined],
    ['npx .', undefined],
    ['npx github:s/memory', undefined],
    ['npx s/memory', undefined],
    ['npx memory@npm:other', undefined],
    ['npx memory@https://example.org/a.tgz', undefined],
    ['npx memory@', undefined],
    ['npm exec memory', undefined],
    ['pnpx memory', undefined],
    ['npxx memory', undefined],
  ]) {
    test(line, () => {
      const [command, ...args] = line.split(' ')
      assert.deepEqual(requests.npxRequest(command, args), expected)
    })
  }
})

/** A package in that folder, and its programs' links beside it. */
function installed(
  modules,
  name,
  version,
  { bin = { [name.replace(/^@.*\//, '')]: 'cli.js' }, first = NODE } = {},
) {
  const folder = `${modules}/${name}`
  const programs = typeof bin === 'string' ? { [name.replace(/^@.*\//, '')]: bin } : bin
  const links = Object.entries(programs).flatMap(([program, file]) => [
    [`${folder}/${file.replace('./', '')}`, first],
    [`${modules}/.bin/${program}`, { link: `${folder}/${file.replace('./', '')}` }],
  ])
  return {
    [`${folder}/package.json`]: JSON.stringify({ name, version, bin }),
    ...Object.fromEntries(links),
  }
}

const PROJECT = '/srv/app/node_modules'
const app = { '/srv/app/package.json': '{}' }
const cache = (wanted) =>
  `/home/me/.npm/_npx/${createHash('sha512').update(wanted).digest('hex').slice(0, 16)}`

/** What replaces this command in a folder with these files: texts, or `{ link }`. */
async function bypass(
  line,
  table,
  { cwd = '/srv/app/config', looked = {}, platform = 'linux', env = {}, ...rest } = {},
) {
  const [command, ...args] = line.split(' ')
  const resolve = (path) => (typeof table[path] === 'object' ? resolve(table[path].link) : path)
  const isThere = (path) => typeof table[resolve(path)] === 'string'
  const files = {
    read: async (path) => table[resolve(path)],
    start: async (path) => table[resolve(path)],
    isFile: async (path) => isThere(path),
    realpath: async (path) => resolve(path),
    modified: async (path) => {
      const isFolder = Object.keys(table).some(
        (each) => each.startsWith(`${path}/`) || each.startsWith(`${path}\\`),
      )
      return isFolder ? (looked[path] ?? NOW - DAY / 2) : undefined
    },
  }
  const here = {
    platform,
    home: '/home/me',
    node: '/usr/bin/node',
    folders: [],
    now: NOW,
    maxAge: DAY,
    files,
    ...rest,
  }
  return npx.bypassNpx(
    { kind: 'stdio', command, args, cwd, env: { PATH: '/usr/bin', ...env } },
    here,
  )
}

const LOCAL = installed(PROJECT, '@s/memory', '1.2.3')
const CACHED = (wanted, version = '1.2.3', name = '@s/memory') =>
  installed(`${cache(wanted)}/node_modules`, name, version)
const GLOBAL = {
  ...installed('/usr/lib/node_modules', '@s/memory', '1.2.3'),
  '/usr/bin/memory': { link: '/usr/lib/node_modules/@s/memory/cli.js' },
}
const CLI = `${PROJECT}/@s/memory/cli.js`
const inCache = (wanted) => `${cache(wanted)}/node_modules/@s/memory/cli.js`
const ancient = (wanted) => ({ looked: { [cache(wanted)]: NOW - DAY } })
const workspaces = { '/srv/package.json': '{"workspaces":["app"]}' }

describe('the program of a package', () => {
  for (const [name, line, table, expected, where] of [
    ['nothing installed', 'npx -y @s/memory', app, undefined],
    ['in the project', 'npx -y @s/memory', { ...app, ...LOCAL }, CLI],
    ['in the project: a version', 'npx -y @s/memory@1.2.3', { ...app, ...LOCAL }, CLI],
    ['in the project: a range', 'npx -y @s/memory@^1.0', { ...app, ...LOCAL }, CLI],
    ['in the project: another version', 'npx -y @s/memory@1.2.4', { ...app, ...LOCAL }, undefined],
    ['in the project: another range', 'npx -y @s/memory@2', { ...app, ...LOCAL }, undefined],
    [
      'in the project: a tag is for npx to look up',
      'npx -y @s/memory@latest',
      { ...app, ...LOCAL },
      undefined,
    ],
    ['in a project without a manifest', 'npx @s/memory', LOCAL, CLI],
    [
      'above the project',
      'npx @s/memory',
      { ...app, ...installed('/srv/node_modules', '@s/memory', '1.0.0') },
      undefined,
    ],
    [
      'in the workspaces of the project',
      'npx @s/memory',
      { ...app, ...workspaces, ...installed('/srv/node_modules', '@s/memory', '1.0.0') },
      '/srv/node_modules/@s/memory/cli.js',
    ],
    [
      'in the workspaces, where the project has another',
      'npx @s/memory@1.0.0',
      { ...app, ...workspaces, ...LOCAL, ...installed('/srv/node_modules', '@s/memory', '1.0.0') },
      undefined,
    ],
    [
      'a folder of its own',
      'npx @s/memory',
      { ...LOCAL, '/srv/app/config/package.json': '{}' },
      undefined,
    ],
    ['a program of the package', 'npx -p @s/memory memory', { ...app, ...LOCAL }, CLI],
    ['a program that it does not have', 'npx -p @s/memory other', { ...app, ...LOCAL }, undefined],
    [
      'another program that has its name',
      'npx @s/memory',
      { ...app, ...LOCAL, [`${PROJECT}/.bin/memory`]: '#!/bin/sh\n' },
      undefined,
    ],
    [
      'a program without a link',
      'npx @s/memory',
      { ...app, ...LOCAL, [`${PROJECT}/.bin/memory`]: undefined },
      undefined,
    ],
    [
      'a name that is a program',
      'npx memory',
      { ...app, ...installed(PROJECT, 'memory', '1.0.0') },
      `${PROJECT}/memory/cli.js`,
    ],
    [
      'a name that is a program above the project',
      'npx memory',
      { ...app, ...installed('/srv/node_modules', 'memory', '1.0.0') },
      '/srv/node_modules/memory/cli.js',
    ],
    [
      "a name that is another package's program",
      'npx memory',
      { ...app, ...installed(PROJECT, 'other', '1.0.0', { bin: { memory: 'cli.js' } }) },
      undefined,
    ],
    [
      "a name that is the project's own program",
      'npx memory',
      {
        '/srv/app/package.json': '{"name":"app","bin":{"memory":"x.js"}}',
        ...installed(PROJECT, 'memory', '1.0.0'),
      },
      undefined,
    ],
    [
      'installed globally',
      'npx @s/memory',
      { ...app, ...GLOBAL },
      '/usr/lib/node_modules/@s/memory/cli.js',
    ],
    [
      'installed globally, another version',
      'npx @s/memory@2.0.0',
      { ...app, ...GLOBAL },
      undefined,
    ],
    [
      'installed globally is not asked for a program',
      'npx -p @s/memory memory',
      { ...app, ...GLOBAL },
      undefined,
    ],
    [
      'installed globally where npm is told',
      'npx @s/memory',
      { ...app, ...GLOBAL },
      undefined,
      { env: { npm_config_prefix: '/opt' } },
    ],
    [
      'the project before the cache',
      'npx @s/memory',
      { ...app, ...LOCAL, ...CACHED('@s/memory') },
      CLI,
    ],
    ['the cache', 'npx @s/memory', { ...app, ...CACHED('@s/memory') }, inCache('@s/memory')],
    [
      'the cache: a version',
      'npx @s/memory@1.2.3',
      { ...app, ...CACHED('@s/memory@1.2.3') },
      inCache('@s/memory@1.2.3'),
    ],
    [
      'the cache: a version, however long ago',
      'npx @s/memory@1.2.3',
      { ...app, ...CACHED('@s/memory@1.2.3') },
      inCache('@s/memory@1.2.3'),
      ancient('@s/memory@1.2.3'),
    ],
    [
      'the cache: a range',
      'npx @s/memory@1',
      { ...app, ...CACHED('@s/memory@1') },
      inCache('@s/memory@1'),
    ],
    [
      'the cache: a tag',
      'npx @s/memory@next',
      { ...app, ...CACHED('@s/memory@next') },
      inCache('@s/memory@next'),
    ],
    [
      'the cache: npx looked too long ago',
      'npx @s/memory',
      { ...app, ...CACHED('@s/memory') },
      undefined,
      ancient('@s/memory'),
    ],
    [
      'the cache: npx looked for a tag too long ago',
      'npx @s/memory@latest',
      { ...app, ...CACHED('@s/memory@latest') },
      undefined,
      ancient('@s/memory@latest'),
    ],
    [
      'the cache: the wrong version',
      'npx @s/memory@2.0.0',
      { ...app, ...CACHED('@s/memory@2.0.0') },
      undefined,
    ],
    [
      'the cache: of another request',
      'npx @s/memory@1',
      { ...app, ...CACHED('@s/memory') },
      undefined,
    ],
    [
      'the cache where npm is told',
      'npx @s/memory',
      Object.fromEntries(
        Object.entries(CACHED('@s/memory')).map(([path, content]) => [
          path.replace('/home/me/.npm', '/cache'),
          typeof content === 'string'
            ? content
            : { link: content.link.replace('/home/me/.npm', '/cache') },
        ]),
      ),
      inCache('@s/memory').replace('/home/me/.npm', '/cache'),
      { env: { NPM_CONFIG_CACHE: '/cache' } },
    ],
    [
      "the host app's, of exactly that version",
      'npx @s/memory@1.2.3',
      LOCAL,
      CLI,
      { cwd: '/etc/mcp', folders: ['/srv/app/bin'] },
    ],
    [
      "not the host app's where any version will do",
      'npx @s/memory',
      LOCAL,
      undefined,
      { cwd: '/etc/mcp', folders: ['/srv/app'] },
    ],
    [
      'a broken manifest',
      'npx @s/memory',
      { ...app, ...LOCAL, [`${PROJECT}/@s/memory/package.json`]: '{' },
      undefined,
    ],
  ]) {
    test(name, async () => {
      const transport = await bypass(line, table, where)
      assert.deepEqual(
        transport && [transport.command, transport.args[0]],
        expected && ['/usr/bin/node', expected],
      )
    })
  }
})

describe('the start of the program', () => {
  const of = (options) => ({ ...app, ...installed(PROJECT, '@s/memory', '1.0.0', options) })

  for (const [name, options, expected] of [
    ['one program of another name', { bin: { other: 'cli.js' } }, [CLI]],
    ['one program with two names', { bin: { a: 'cli.js', b: 'cli.js' } }, [CLI]],
    [
      'the program with the name of the package',
      { bin: { other: 'other.js', memory: 'cli.js' } },
      [CLI],
    ],
    ['programs of other names', { bin: { a: 'a.js', b: 'b.js' } }, undefined],
    ['no program', { bin: {} }, undefined],
    ['one as a text', { bin: './cli.js' }, [CLI]],
    ['a plain Node.js', { first: '#!/usr/bin/node\nx' }, [CLI]],
    ['Windows line ends', { first: '#!/usr/bin/env node\r\nx' }, [CLI]],
    [
      'options of Node.js',
      { first: '#!/usr/bin/env -S node --no-warnings --max-old-space-size=99\n' },
      ['--no-warnings', '--max-old-space-size=99', CLI],
    ],
    ['options beyond this', { first: '#!/usr/bin/env -S node --title="a b"\n' }, undefined],
    ['variables', { first: '#!/usr/bin/env -S A=1 node\n' }, undefined],
    ['another runtime', { first: '#!/usr/bin/env bun\n' }, undefined],
    ['a shell', { first: '#!/bin/sh\nexec node\n' }, undefined],
    ['a name that only starts like it', { first: '#!/usr/bin/env nodejs-wrapper\n' }, undefined],
    ['no first line of that kind', { first: 'console.log(1)' }, undefined],
    ['a binary', { first: '\x7fELF' }, undefined],
  ]) {
    test(name, async () => {
      const transport = await bypass('npx @s/memory', of(options))
      assert.deepEqual(transport?.args, expected)
    })
  }

  test('with the arguments, the folder and the variables of the server, and PATH as npx sets it', async () => {
    const above = ['/srv/app/config', '/srv/app', '/srv', ''].map(
      (folder) => `${folder}/node_modules/.bin`,
    )
    const table = { ...app, ...CACHED('@s/memory') }
    const { PATH, ...env } = (await bypass('npx -y @s/memory a --b', table, { env: { A: '1' } }))
      .env
    assert.deepEqual(PATH.split(':'), [
      `${cache('@s/memory')}/node_modules/.bin`,
      ...above,
      '/usr/bin',
    ])
    assert.deepEqual(env, { A: '1' })
    const { args, cwd, kind } = await bypass('npx -y @s/memory a --b', table)
    assert.deepEqual(
      [kind, cwd, args],
      ['stdio', '/srv/app/config', [inCache('@s/memory'), 'a', '--b']],
    )
  })

  test('on Windows', async () => {
    const modules = 'C:\\npm\\_npx\\'.concat(cache('memory').split('/').at(-1), '\\node_modules')
    const table = {
      'D:\\app\\package.json': '{}',
      [`${modules}\\memory\\package.json`]:
        '{"name":"memory","version":"1.0.0","bin":"dist/cli.js"}',
      [`${modules}\\memory\\dist\\cli.js`]: NODE,
      [`${modules}\\.bin\\memory.cmd`]: '@ECHO off',
    }
    const here = {
      platform: 'win32',
      home: 'C:\\Users\\me',
      node: 'C:\\node\\node.exe',
      cwd: 'D:\\app',
    }
    const env = { Npm_Config_Cache: 'C:\\npm' }
    const transport = await bypass('npx.cmd -y memory x', table, { ...here, env })
    assert.deepEqual(
      [transport.command, transport.args],
      ['C:\\node\\node.exe', [`${modules}\\memory\\dist\\cli.js`, 'x']],
    )
    assert.equal(transport.env.PATH.split(';')[0], `${modules}\\.bin`)
  })
})
