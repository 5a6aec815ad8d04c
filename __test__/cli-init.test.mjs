// `procward init`: what it sees of an app, and that the printed lines work in that app.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { appIn } from '../lib/cli/init/app.js'
import { temporaryFolder } from './fixtures/mcp-servers.mjs'
import { startApp } from './support/app-server.mjs'
import { documentOf, procward } from './support/cli.mjs'
import { compiled } from './support/typescript.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const noSignals = process.platform === 'win32' ? 'Windows knows no SIGTERM' : false

/** @param {Record<string, unknown>} files */
function appWith(files) {
  const folder = temporaryFolder()
  const modules = path.join(folder, 'node_modules')
  fs.mkdirSync(path.join(modules, '@types'), { recursive: true })
  for (const name of ['express', 'fastify', '@types/node', '@types/express'])
    fs.symlinkSync(path.join(root, 'node_modules', name), path.join(modules, name), 'junction')
  fs.symlinkSync(root, path.join(modules, 'procward'), 'junction')
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  }
  return folder
}

/** The apps: `//` and a word stand where lines of that kind go. */
const BODIES = {
  express: (create) => `${create}\nconst web = express()\n//routes
web.get('/own', (_req, res) => { res.send('own') })\nconst http = web.listen(0)\n//end\n`,
  unkept: (create) => `${create}\nconst web = express()\n//routes
web.get('/own', (_req, res) => { res.send('own') })\nweb.listen(0)\n//end\n`,
  fastify: (create) => `${create}\nconst web = Fastify()\n//routes
web.get('/own', async () => 'own')\nweb.listen({ port: 0 })\n//end\n`,
  'fastify at once': (create) => `${create}\n//routes
web.get('/own', async () => 'own')\nweb.listen({ port: 0 }, (error) => {
  if (error) throw error\n})\n//end\n`,
  'express at once': (create) => `${create}\n//routes
web.get('/own', (_req, res) => { res.send('own') })\nweb.listen(0, () => {\n})\n//end\n`,
  'http at once': (create) => `${create}\n//once\nhttp.createServer((req, res) => {\n//routes
res.end('own')\n}).listen(0)\n//end\n`,
  'http declared before': (
    create,
  ) => `${create}\n//once\nlet plain\nplain = createServer((req, res) => {
//routes\nres.end('own')\n})\nplain.listen(0)\n//end\n`,
  http: (create) => `${create}\n//once\nconst plain = createServer((req, res) => {\n//routes
res.end('own')\n})\nplain.listen(0)\n//end\n`,
}
const REQUIRE = {
  express: "const express = require('express')",
  fastify: "const Fastify = require('fastify')",
  http: "const { createServer } = require('node:http')",
}
const IMPORT = {
  express: "import express from 'express'",
  fastify: "import Fastify from 'fastify'",
  http: "import { createServer } from 'node:http'",
}

/** @type {[string, keyof typeof BODIES, string, string, object][]} */
const APPS = [
  ['Express, CommonJS', 'express', 'server.js', REQUIRE.express, {}],
  ['Express without a variable', 'unkept', 'src/index.cjs', REQUIRE.express, { type: 'module' }],
  ['Express, ES modules', 'express', 'app.js', IMPORT.express, { type: 'module' }],
  ['Express, TypeScript', 'express', 'src/main.mts', IMPORT.express, {}],
  ['Express in one line', 'express at once', 'app.js', "const web = require('express')()", {}],
  ['Fastify in one line', 'fastify at once', 'index.js', "const web = require('fastify')()", {}],
  ['plain HTTP in one line', 'http at once', 'index.js', "const http = require('http')", {}],
  ['Fastify, CommonJS', 'fastify', 'index.js', REQUIRE.fastify, {}],
  ['Fastify, ES modules', 'fastify', 'server.mjs', IMPORT.fastify, {}],
  ['Fastify, TypeScript', 'fastify', 'src/server.mts', IMPORT.fastify, {}],
  ['plain HTTP, CommonJS', 'http', 'server.js', REQUIRE.http, {}],
  ['plain HTTP, declared before', 'http declared before', 'server.js', REQUIRE.http, {}],
  ['plain HTTP, ES modules', 'http', 'main.mjs', IMPORT.http, {}],
  ['plain HTTP, TypeScript', 'http', 'server.mts', IMPORT.http, {}],
]

describe('the printed lines work', { skip: noSignals }, () => {
  for (const [what, kind, file, create, manifest] of APPS)
    test(`in ${what}`, async (t) => {
      const before = `//import\n${BODIES[kind](create)}`
      const folder = appWith({ 'package.json': manifest, [file]: before })
      const { app, steps } = documentOf(await procward(['init', '--json'], { cwd: folder }))
      const framework = kind === 'unkept' ? 'express' : kind.split(' ')[0]
      const modules = /^import/.test(create) ? 'module' : 'commonjs'
      const typescript = file.endsWith('.mts')
      assert.deepEqual(app, { framework, modules, typescript, file })
      assert.deepEqual(
        steps.map(({ kind }) => kind),
        [
          ...['install', 'import', 'routes', 'cleanup'],
          ...(UNKEPT.test(before) ? ['listen'] : []),
          ...['shutdown', 'guard'],
        ],
      )
      assert.equal(fs.readFileSync(path.join(folder, file), 'utf8'), before, 'it changes nothing')
      const program = path.join(folder, file)
      fs.writeFileSync(program, applied(before, steps))
      const runnable = typescript ? await compiled(folder, program) : program
      await answersAndEnds(t, folder, runnable)
      const { steps: left } = documentOf(await procward(['init', '--json'], { cwd: folder }))
      assert.deepEqual(
        left.map(({ kind }) => kind),
        ['install', 'guard'],
        'it sees what is there',
      )
    })
})

/** A statement that starts a server and keeps no variable of the server. */
const UNKEPT = /^(?:web\.listen\(0|http\.createServer).*$/m

/** Puts the lines where they belong. @param {string} text @param {any[]} steps */
function applied(text, steps) {
  const of = (/** @type {string} */ kind) =>
    steps.filter((step) => step.kind === kind).flatMap((step) => step.lines)
  const [routes, [listening], shutdown] = [of('routes'), of('listen'), of('shutdown')]
  let whole = text
  if (whole.includes('//once')) whole = whole.replace('//once', routes.shift())
  if (listening !== undefined) whole = whole.replace(UNKEPT, () => listening)
  return whole
    .replace('//import', of('import').join('\n'))
    .replace('//routes', routes.join('\n'))
    .replace('//end', [...of('cleanup'), ...shutdown].join('\n'))
}

/**
 * Starts the app, asks it for its own route and for one of procward's, and ends it by SIGTERM.
 * @param {import('node:test').TestContext} t
 * @param {string} folder
 * @param {string} file
 */
async function answersAndEnds(t, folder, file) {
  const env = { ...process.env, PROCWARD_ANNOUNCE: 'off' }
  const { server, exited, url } = await startApp(t, file, { cwd: folder, env })
  const get = async (/** @type {string} */ route) => (await fetch(`${url}${route}`)).text()
  assert.equal(await get('/own'), 'own')
  assert.equal(JSON.parse(await get('/api/health/processes')).cleanup.isRunning, true)
  assert.equal(JSON.parse(await get('/api/health')).status, 'ok')
  server.kill('SIGTERM')
  assert.deepEqual(await exited, [0, null])
}

test('the lines for the start go into the file that starts the server', async (t) => {
  const generated = "const { createServer } = require('http')\nconst server = createServer("
  const folder = appWith({
    'package.json': { scripts: { start: 'node ./bin/www' } },
    'app.js': `${REQUIRE.express}\nconst app = express()\n//\nmodule.exports = app`,
    'bin/www': `${generated}require('../app'))\nserver.listen(0)\n//`,
  })
  const { app, steps } = documentOf(await procward(['init', '--json'], { cwd: folder }))
  assert.equal(app.file, 'app.js')
  for (const file of ['app.js', 'bin/www']) {
    const own = steps.filter(({ where }) => where.startsWith(`${file}, `))
    const name = path.join(folder, file)
    const lines = own.flatMap(({ lines }) => lines).join('\n')
    fs.writeFileSync(
      name,
      fs.readFileSync(name, 'utf8').replace('//', () => lines),
    )
  }
  const env = { ...process.env, PROCWARD_ANNOUNCE: 'off' }
  const program = path.join(folder, 'bin/www')
  const { server, exited, url } = await startApp(t, program, { cwd: folder, env })
  const answer = await fetch(`${url}/api/health/processes`)
  assert.equal((await answer.json()).cleanup.isRunning, true)
  server.kill('SIGTERM')
  assert.deepEqual(await exited, [0, null])
})

describe('what it sees', () => {
  const NOTHING = { package: false, routes: false, cleanup: false, shutdown: false, guard: false }
  const CALL = 'const express = require("express")\nconst app = express()\n'
  /** @type {[string, Record<string, unknown>, object | undefined][]} */
  const SEEN = [
    ['nothing', {}, undefined],
    ['no server', { 'package.json': {}, 'index.js': 'console.log(1)' }, undefined],
    ['a broken package.json', { 'package.json': '{', 'server.js': CALL }, { framework: 'express' }],
    ['a package.json of null', { 'package.json': 'null', 'app.js': CALL }, { file: 'app.js' }],
    ['a folder in place of a file', { 'server.js/x': '', 'app.js': CALL }, { file: 'app.js' }],
    [
      'the script start',
      { 'package.json': { scripts: { start: 'node bin/www.js' } }, 'bin/www.js': CALL },
      { file: 'bin/www.js', start: 'node bin/www.js' },
    ],
    [
      'TypeScript behind a compiled start',
      {
        'package.json': { main: 'dist/index.js', scripts: { start: 'node dist/index.js' } },
        'dist/index.js': CALL,
        'src/index.ts': 'import express from "express"\nconst app: Express = express()\n',
      },
      { file: 'src/index.ts', isTypeScript: true, usesImport: true, name: 'app' },
    ],
    [
      'a file outside of the folder',
      { 'package.json': { main: '../../evil.js' }, 'app.js': CALL },
      { file: 'app.js' },
    ],
    [
      'a handler of signals',
      { 'app.js': `${CALL}process.on('SIGTERM', () => {})` },
      { handlesSignals: true },
    ],
    [
      'an app in a file of another name',
      { 'fastify.mjs': 'import Fastify from "fastify"\nconst web = Fastify()\n', 'a.js': '1' },
      { framework: 'fastify', file: 'fastify.mjs', usesImport: true, name: 'web' },
    ],
    [
      'an app of another name in src',
      {
        'src/api.ts': 'import { createServer } from "node:http"\nconst api = createServer()\n',
        'src/api.test.ts': 'import { createServer } from "node:http"\ncreateServer()\n',
      },
      { framework: 'http', file: 'src/api.ts', isTypeScript: true },
    ],
    [
      'the usual name, whatever else is there',
      { 'fastify.mjs': 'import Fastify from "fastify"\nFastify()\n', 'server.js': CALL },
      { framework: 'express', file: 'server.js' },
    ],
    [
      'one of several programs, without what the others have',
      {
        'a.js': `${CALL}const s = app.listen(0)\n`,
        'b.js': `${CALL}require("procward").cleanup.start()`,
      },
      { file: 'a.js', has: NOTHING },
    ],
    [
      'no test and no configuration',
      { 'app.test.js': CALL, 'vite.config.js': CALL, 'types.d.ts': CALL },
      undefined,
    ],
    ['a file that only creates', { 'other.js': 'express()' }, undefined],
    ['a file of 2 MiB', { 'app.js': CALL + '/'.repeat(2 ** 21) }, undefined],
  ]
  for (const [what, files, expected] of SEEN)
    test(what, () => {
      const found = appIn(appWith(files))
      if (expected === undefined || found === undefined) assert.equal(found, expected)
      else assert.deepEqual({ ...found, ...expected }, found)
    })

  test('an app that has all needs nothing, and one without a server is told so', async () => {
    const whole = `${CALL}const { cleanup, shutdown } = require('procward')
      app.use('/api/health', require('procward/health').healthRouter())
      cleanup.start(); process.on('SIGTERM', () => shutdown())`
    const manifest = {
      dependencies: { procward: '*', express: '*' },
      scripts: { start: 'node --require procward/register app.js' },
    }
    const cwd = appWith({ 'package.json': manifest, 'app.js': whole })
    const full = await procward(['init'], { cwd })
    const words = 'app.js is an Express app in CommonJS. It has all that procward needs.\n'
    assert.deepEqual([full.code, full.stdout], [0, words])
    const nothing = appWith({})
    const empty = await procward(['init'], { cwd: nothing })
    assert.deepEqual([empty.code, empty.stdout], [1, ''])
    assert.match(empty.stderr, /no Express, Fastify or plain HTTP server was found/)
    const [, page] = /(\S+getting-started\.md)/.exec(empty.stderr) ?? []
    assert.ok(fs.existsSync(path.resolve(nothing, page)), 'the page that it names is there')
  })
})
