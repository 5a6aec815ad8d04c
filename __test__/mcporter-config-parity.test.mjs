// biome-ignore-all lint/suspicious/noTemplateCurlyInString: mcporter's placeholders look like that.

// The servers that we find in a configuration, beside those that mcporter finds, and how each
// starts them.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import configuration from '../lib/mcporter/config/index.js'
import places from '../lib/mcporter/config/places.js'
import { CONFIGURATIONS } from './fixtures/configurations.mjs'
import { temporaryFolder } from './fixtures/mcp-servers.mjs'
import { environment, makeHome } from './support/homes.mjs'
import { listedServers, olderThan, printedCalls } from './support/mcporter.mjs'

const parent = temporaryFolder()
const call = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'started', arguments: {} } })}\n`
describe('the servers there are', () => {
  for (const [name, files, { env = {}, configPath, since } = {}] of CONFIGURATIONS) {
    test(name, { skip: since !== undefined && olderThan(since) }, async () => {
      const { home, project, here } = makeHome(parent, files)
      const given = environment(
        home,
        Object.fromEntries(Object.entries(env).map(([key, value]) => [key, here(value)])),
      )
      const asked = { cwd: project, env: given, configPath: here(configPath) }
      const ours = await configuration.readConfiguration({
        ...places.placesHere(asked),
        env: given,
      })
      const theirs = await listedServers(asked)
      const from = (kind) => ours.servers.filter(({ source }) => source.kind === kind)
      assert.deepEqual(
        [...from('local'), ...from('import')].map(({ definition }) => plain(definition)),
        theirs.map(common),
      )
    })
  }
})

describe('how a server is started', () => {
  const server = fileURLToPath(new URL('fixtures/verbatim-server.mjs', import.meta.url))
  const node = process.execPath
  const own = {
    A: 'own',
    B: '${A}',
    C: '${OUTER}',
    D: '${NONE:-d}',
    E: '${NONE}',
    F: '$env:OUTER',
    G: 'x${OUTER}',
  }
  const env = { OUTER: 'outer', EMPTY: '', SET: 'set', PORT: '80' }

  for (const [name, entry, since] of [
    ['as one text', { command: `"${node}" "${server}" 'a b' c` }],
    ['as a list', { command: [node, server, 'a b', '', '"'] }],
    [
      'with variables',
      { command: node, args: [server], env: { ...own, SET: 'other', EMPTY: '', OUTER: '' } },
    ],
    [
      'with variables made of others',
      {
        command: node,
        args: [server],
        env: { H: '$${OUTER}-${SET}', I: '${OUTER}/x', J: '\\${OUTER}' },
      },
    ],
    [
      'with variables that are empty outside',
      { command: node, args: [server], env: { EMPTY: 'own', K: '${EMPTY}', L: '${EMPTY:-l}' } },
    ],
    [
      'with placeholders in its arguments',
      {
        command: '$env:NODE_HERE',
        args: [server, '$env:OUTER', '${OUTER}/${PORT}', '$OUTER', 'a$env:OUTER'],
      },
    ],
    [
      'with placeholders for its own variables',
      { command: node, args: [server, '${OUTER}'], env: { OUTER: 'own' } },
    ],
    [
      'with defaults in its arguments',
      { command: node, args: [server, '${NONE:-a b}', '${EMPTY:-e}', '${OUTER:-o}'] },
      '0.12',
    ],
    ['in a folder', { command: node, args: [server], cwd: '../..' }, '0.12'],
    ['by a path that is relative', { command: './run server', args: [server] }],
  ]) {
    test(name, { skip: since !== undefined && olderThan(since) }, async () => {
      const { home, project } = makeHome(parent, {
        'project/config/mcporter.json': { imports: [], mcpServers: { it: entry } },
        'project/config/run server': `#!/bin/sh\nexec "${node}" "$@"\n`,
      })
      chmodSync(`${project}/config/run server`, 0o755)
      const given = environment(home, { ...env, NODE_HERE: node })
      const [{ transport }] = (
        await configuration.readConfiguration({
          ...places.placesHere({ cwd: project }),
          home,
          env: given,
        })
      ).servers
      const [theirs] = await printedCalls({
        cwd: project,
        env: given,
        calls: [{ server: 'it', tool: 'started', args: {} }],
      })
      const started = JSON.parse(theirs)
      // The program that runs mcporter's commands sets it, the shell the other.
      for (const variable of ['MCPORTER_DISABLE_AUTORUN', 'PWD']) delete started.env[variable]
      const { kind, command, args, ...place } = transport
      const run = execFileSync(command, args, { ...place, input: call, encoding: 'utf8' })
      const ours = JSON.parse(run).result.structuredContent
      delete ours.env.PWD
      assert.deepEqual([kind, ours], ['stdio', started])
    })
  }
})

describe('how a server is connected to', () => {
  const env = { TOKEN: 'secret', EMPTY: '' }

  for (const [name, entry] of [
    [
      'headers',
      {
        headers: {
          'X-A': 'a',
          'X-B': '${TOKEN}',
          'X-C': 'c ${TOKEN} ${EMPTY}.',
          'X-D': '$env:TOKEN',
        },
      },
    ],
    ['a bearer token', { bearerToken: 'a' }],
    ['a bearer token from a variable', { bearer_token: '${TOKEN}' }],
    [
      'a variable as the whole header',
      { bearerTokenEnv: 'TOKEN', headers: { Authorization: 'Basic x' } },
    ],
    [
      'its own variables',
      { headers: { 'X-A': '${OWN}${TOKEN}' }, env: { OWN: 'own', TOKEN: 'other' } },
    ],
    ['what it accepts', { headers: { ACCEPT: 'text/html', 'X-A': 'a' } }],
  ]) {
    test(name, async (t) => {
      /** @type {import('node:http').IncomingHttpHeaders[]} */
      const seen = []
      const http = createServer(({ headers }, response) => {
        seen.push(headers)
        response.writeHead(500).end()
      })
      await new Promise((resolve) => http.listen(0, '127.0.0.1', () => resolve(undefined)))
      t.after(() => http.close())
      const url = `http://127.0.0.1:${/** @type {any} */ (http.address()).port}/mcp`
      const { home, project } = makeHome(parent, {
        'project/config/mcporter.json': { imports: [], mcpServers: { it: { url, ...entry } } },
      })
      const given = environment(home, env)
      const [{ transport }] = (
        await configuration.readConfiguration({
          ...places.placesHere({ cwd: project }),
          home,
          env: given,
        })
      ).servers
      await printedCalls({
        cwd: project,
        env: given,
        calls: [{ server: 'it', tool: 'x', args: {} }],
      })
      const ours = Object.fromEntries(
        Object.entries(transport.headers).map(([key, value]) => [key.toLowerCase(), value]),
      )
      const theirs = Object.fromEntries(
        Object.entries(seen[0]).filter(([key]) => /^(x-|authorization)/.test(key)),
      )
      assert.deepEqual([transport.url, ours], [url, theirs])
      assert.match(seen[0].accept, /application\/json, text\/event-stream/)
    })
  }
})

/** What mcporter lists of a server, of what every version lists. */
function common({
  name,
  description,
  source,
  transport,
  baseUrl,
  command,
  args,
  cwd,
  headers,
  env = {},
  ...rest
}) {
  const { auth, tokenCacheDir, allowedTools, blockedTools } = rest
  const where = { kind: source.kind, path: source.path, importKind: source.importKind }
  const how = transport === 'http' ? { url: baseUrl, headers } : { command, args, cwd }
  return {
    name,
    description,
    source: where,
    transport,
    ...how,
    env,
    auth,
    tokenCacheDir,
    allowedTools,
    blockedTools,
  }
}

/** The same of our definition. */
function plain({ transport: { kind, url, ...how }, oauth: { tokenCacheDir }, ...definition }) {
  return common({ ...definition, ...how, baseUrl: url, transport: kind, tokenCacheDir })
}
