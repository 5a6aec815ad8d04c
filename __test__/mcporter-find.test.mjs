import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import find from '../lib/mcporter/find.js'

const MANIFEST = JSON.stringify({
  name: 'mcporter',
  main: 'dist/index.js',
  bin: { mcporter: 'dist/cli.js' },
  exports: { '.': { import: './dist/index.js' } },
})
const NODE = '#!/usr/bin/env node\n'
const SHELL = '#!/bin/sh\nexec node "$@"\n'

/** An installed mcporter. */
const installed = (folder, separator = '/') => ({
  [[folder, 'package.json'].join(separator)]: MANIFEST,
  [[folder, 'dist', 'cli.js'].join(separator)]: NODE,
  [[folder, 'dist', 'index.js'].join(separator)]: '',
})
const script = (folder, separator = '/') => ({
  script: [folder, 'dist', 'cli.js'].join(separator),
  library: [folder, 'dist', 'index.js'].join(separator),
})

/** Looks among these files alone: contents, or `{ link }`. */
function look(
  files,
  { platform = 'linux', searchPath = '', folders = ['/srv/app'], cwd = '/srv/app', bin } = {},
) {
  const resolve = (path) => (typeof files[path] === 'object' ? resolve(files[path].link) : path)
  return find.findMcporter({
    bin,
    cwd,
    folders,
    searchPath,
    platform,
    files: {
      isFile: (path) => typeof files[resolve(path)] === 'string',
      realpath: resolve,
      read: (path) => files[resolve(path)] ?? '',
    },
  })
}

const windows = { platform: 'win32', cwd: 'C:\\app', folders: ['C:\\app'] }
const npmGlobal = 'C:\\npm\\node_modules\\mcporter'

for (const [name, files, where, expected] of [
  [
    'dependency',
    installed('/srv/app/node_modules/mcporter'),
    {},
    script('/srv/app/node_modules/mcporter'),
  ],
  [
    'dependency of a workspace above',
    installed('/srv/node_modules/mcporter'),
    {},
    script('/srv/node_modules/mcporter'),
  ],
  [
    'dependency of the main script',
    installed('/opt/tool/node_modules/mcporter'),
    { folders: ['/srv/app', '/opt/tool/bin'] },
    script('/opt/tool/node_modules/mcporter'),
  ],
  [
    'bin as a string, no library',
    {
      '/srv/app/node_modules/mcporter/package.json': '{"name":"mcporter","bin":"cli.mjs"}',
      '/srv/app/node_modules/mcporter/cli.mjs': '',
    },
    {},
    { script: '/srv/app/node_modules/mcporter/cli.mjs' },
  ],
  [
    "pnpm's link to its store",
    {
      '/srv/app/node_modules/mcporter/package.json': MANIFEST,
      '/srv/app/node_modules/mcporter/dist/cli.js': { link: '/store/mcporter/dist/cli.js' },
      ...installed('/store/mcporter'),
    },
    {},
    script('/store/mcporter'),
  ],
  [
    'the dependency goes before PATH',
    { ...installed('/srv/app/node_modules/mcporter'), '/usr/bin/mcporter': 'ELF' },
    { searchPath: '/usr/bin' },
    script('/srv/app/node_modules/mcporter'),
  ],
  [
    'a broken dependency does not',
    { '/srv/app/node_modules/mcporter/package.json': '{"name":', '/usr/bin/mcporter': 'ELF' },
    { searchPath: '/usr/bin' },
    { command: '/usr/bin/mcporter' },
  ],
  [
    'PATH: a link to the script',
    {
      '/usr/local/bin/mcporter': { link: '/usr/lib/mcporter/dist/cli.js' },
      ...installed('/usr/lib/mcporter'),
    },
    { searchPath: '/bin::/usr/local/bin' },
    script('/usr/lib/mcporter'),
  ],
  [
    'PATH: a script without extension',
    { '/bin/mcporter': NODE },
    { searchPath: '/bin' },
    { script: '/bin/mcporter' },
  ],
  [
    'PATH: a compiled binary',
    { '/opt/bin/mcporter': '\x7fELF' },
    { searchPath: '/opt/bin' },
    { command: '/opt/bin/mcporter' },
  ],
  [
    'PATH: a shell script',
    { '/opt/bin/mcporter': SHELL },
    { searchPath: '/opt/bin' },
    { command: '/opt/bin/mcporter' },
  ],
  [
    "PATH: pnpm's shell script in .bin",
    { '/x/node_modules/.bin/mcporter': SHELL, ...installed('/x/node_modules/mcporter') },
    { searchPath: '/x/node_modules/.bin' },
    script('/x/node_modules/mcporter'),
  ],
  [
    'Windows: npm -g',
    {
      'C:\\npm\\mcporter': SHELL,
      'C:\\npm\\mcporter.cmd': '@ECHO off',
      ...installed(npmGlobal, '\\'),
    },
    { ...windows, searchPath: 'C:\\Windows;C:\\npm' },
    script(npmGlobal, '\\'),
  ],
  [
    'Windows: .bin of another app',
    {
      'D:\\x\\node_modules\\.bin\\mcporter.cmd': '@ECHO off',
      ...installed('D:\\x\\node_modules\\mcporter', '\\'),
    },
    { ...windows, searchPath: 'D:\\x\\node_modules\\.bin' },
    script('D:\\x\\node_modules\\mcporter', '\\'),
  ],
  [
    'Windows: a .cmd alone',
    { 'C:\\b\\mcporter.cmd': '' },
    { ...windows, searchPath: 'C:\\b' },
    { command: 'C:\\b\\mcporter.cmd' },
  ],
  [
    'Windows: .exe',
    { 'C:\\b\\mcporter.exe': 'MZ' },
    { ...windows, searchPath: 'C:\\b' },
    { command: 'C:\\b\\mcporter.exe' },
  ],
  [
    'Windows: dependency',
    installed('C:\\app\\node_modules\\mcporter', '\\'),
    windows,
    script('C:\\app\\node_modules\\mcporter', '\\'),
  ],
  [
    'chosen: a path relative to the working folder, before the dependency',
    { '/srv/app/tools/mcporter': 'ELF', ...installed('/srv/app/node_modules/mcporter') },
    { bin: './tools/mcporter' },
    { command: '/srv/app/tools/mcporter' },
  ],
  ['chosen: a script', installed('/m'), { bin: '/m/dist/cli.js' }, script('/m')],
  [
    'chosen: a name on PATH',
    { '/opt/bin/mcporter-next': 'ELF' },
    { bin: 'mcporter-next', searchPath: '/opt/bin' },
    { command: '/opt/bin/mcporter-next' },
  ],
  [
    'chosen: Windows, without extension',
    { 'C:\\m\\mcporter.cmd': '' },
    { ...windows, bin: 'C:\\m\\mcporter' },
    { command: 'C:\\m\\mcporter.cmd' },
  ],
]) {
  test(name, () => assert.deepEqual(look(files, where), expected))
}

describe('not found', () => {
  const other = { '/srv/app/node_modules/mcporter/package.json': '{"name":"other","bin":"x.js"}' }

  for (const [name, files, where, expected] of [
    [
      'nowhere',
      {},
      { searchPath: '/usr/bin' },
      /neither in a node_modules folder.* nor on PATH.*npm install mcporter/,
    ],
    ['another package in its place', other, {}, /npm install mcporter/],
    [
      'a chosen path that is not there',
      installed('/srv/app/node_modules/mcporter'),
      { bin: '/no/such' },
      /"\/no\/such"/,
    ],
    [
      'a chosen name that is not on PATH',
      {},
      { bin: 'mcporter-next', searchPath: '/bin' },
      /"mcporter-next", named by MCPORTER_BIN/,
    ],
  ]) {
    test(name, () => {
      assert.throws(() => look(files, where), { code: 'ERR_MCPORTER_NOT_FOUND', message: expected })
    })
  }

  test('the message names places, not the folders of this machine', () => {
    assert.throws(
      () => look({}, { searchPath: '/secret/bin' }),
      ({ message }) => !message.includes('/srv/app') && !message.includes('/secret'),
    )
  })
})
