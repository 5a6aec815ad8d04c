// Every snippet of README and docs/ is run as it stands there, in an app of its own.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { commandsIn, snippetsOf } from '../scripts/docs/snippets.mjs'
import { root } from '../scripts/steps.mjs'
import { temporaryFolder } from './fixtures/mcp-servers.mjs'
import { startApp } from './support/app-server.mjs'
import { SETTINGS, settingOf } from './support/snippet-settings.mjs'
import { compiled } from './support/typescript.mjs'

const mcpServer = fileURLToPath(new URL('fixtures/snippet-server.mjs', import.meta.url))
/** `npm run check:long bundlers` builds with these. */
const ELSEWHERE = ['docs/bundlers.md']
const PACKAGES = ['express', 'fastify', 'pino', '@opentelemetry/api', '@types/express']
/** No measurement, only an end to waiting. */
const timeout = 60_000

const documents = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
  .filter((name) => name.endsWith('.md') && !ELSEWHERE.includes(name))
  .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }))
const snippets = documents.flatMap(({ name, text }) => snippetsOf(name, text))
const ofLanguage = (/** @type {string[]} */ ...languages) =>
  snippets.filter(({ language }) => languages.includes(language))

const app = appFolder()

describe('snippets', () => {
  for (const { document, line, text } of ofLanguage('json'))
    test(`${document}:${line} is JSON`, () => void JSON.parse(text))

  for (const snippet of ofLanguage('js'))
    test(`${snippet.document}:${snippet.line} runs`, async (t) => {
      const { before = '', after = '', request } = settingOf(snippet.text) ?? {}
      const isModule = /^import /m.test(snippet.text) || /\.mjs$/.test(snippet.file ?? '')
      const whole = `${before}${snippet.text}${after}`
      // A snippet with the name of a file is whole, and runs without anything around it.
      const isWhole = isModule || snippet.file !== undefined
      const program = isWhole ? whole : `(async () => {\n${whole}\n})()`
      const file = join(app, `snippet-${snippet.line}.${isModule ? 'mjs' : 'cjs'}`)
      writeFileSync(file, program)
      if (request === undefined) await runToItsEnd(file)
      else await answers(t, file, request)
    })

  for (const snippet of ofLanguage('ts'))
    test(`${snippet.document}:${snippet.line} has right types, and runs`, async (t) => {
      const file = join(app, `snippet-${snippet.line}.mts`)
      writeFileSync(file, snippet.text)
      const types = ['--typeRoots', join(root, 'node_modules', '@types'), '--types', 'node']
      const program = await compiled(app, file, types)
      const { request } = settingOf(snippet.text) ?? {}
      if (request === undefined) await runToItsEnd(program)
      else await answers(t, program, request)
    })

  test('of a shell are the steps of a new user', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const commands = ofLanguage('bash').flatMap(({ text }) => text.match(/npm (run )?\w+/g) ?? [])
    assert.deepEqual(commands, ['npm install', 'npm run demo', 'npm install', 'npm test'])
    assert.ok(scripts.demo && scripts.test)
  })

  test('are all used by their settings', () => {
    const unused = SETTINGS.filter(
      ({ starts }) => !snippets.some(({ text }) => text.startsWith(starts)),
    )
    assert.deepEqual(unused, [])
  })

  test('name commands that there are', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(root, 'bin', 'procward.js'),
      '--help',
    ])
    const named = new Set(documents.flatMap(({ text }) => commandsIn(text)))
    assert.ok(named.size > 4)
    assert.deepEqual(
      [...named].filter((command) => !new RegExp(`\\b${command}\\b`).test(stdout)),
      [],
    )
  })
})

/** Makes the app that a reader of the documents has. */
function appFolder() {
  const folder = temporaryFolder()
  const modules = join(folder, 'node_modules')
  for (const scope of ['@opentelemetry', '@types'])
    mkdirSync(join(modules, scope), { recursive: true })
  for (const name of PACKAGES)
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'junction')
  symlinkSync(root, join(modules, 'procward'), 'junction')
  mkdirSync(join(folder, 'config'))
  const entry = { command: process.execPath, args: [mcpServer] }
  const mcpServers = { 'asana-v2': entry, docs: entry, everything: entry }
  writeFileSync(
    join(folder, 'config', 'mcporter.json'),
    JSON.stringify({ imports: [], mcpServers }),
  )
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin', 'convert'), '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  return folder
}

function environment() {
  const { MCPORTER_CONFIG: _, ...env } = process.env
  return {
    ...env,
    PORT: '0',
    ALERT_URL: 'http://127.0.0.1:9/',
    HOME: app,
    PATH: `${join(app, 'bin')}:${env.PATH}`,
  }
}

/** @param {string} file */
async function runToItsEnd(file) {
  const options = { cwd: app, env: environment(), timeout }
  const { stderr } = await promisify(execFile)(process.execPath, [file], options)
  assert.ok(!/Error/.test(stderr), stderr)
}

/**
 * Starts a server, asks it for a path, and stops it.
 * @param {import('node:test').TestContext} t
 * @param {string} file
 * @param {string} path
 */
async function answers(t, file, path) {
  const { server, exited, url } = await startApp(t, file, { cwd: app, env: environment() })
  assert.equal((await fetch(`${url}${path}`)).status, 200)
  server.kill('SIGTERM')
  await exited
}
