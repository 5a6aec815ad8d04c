// `procward doctor` in homes and projects of all kinds.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { healthRouter } from 'procward/health'
import { getGuarantees } from '../index.js'
import { nodeCheck } from '../lib/cli/doctor/machine.js'
import { deadUrl, documentOf, listening, procward } from './support/cli.mjs'
import { noShell } from './support/commands.mjs'
import { makeHome } from './support/homes.mjs'

const parent = mkdtempSync(join(tmpdir(), 'procward-doctor-'))
after(() => rmSync(parent, { recursive: true, force: true }))

const NO_EDITORS = { imports: [] }
const LOCAL = { command: 'node', args: ['server.js'] }

/**
 * What the doctor says in a project, by name; several of one name are joined.
 * @param {Record<string, unknown>} files
 * @param {Record<string, string>} [env]
 * @param {string[]} [args]
 */
async function examined(files, env = {}, args = []) {
  const { home, project, here } = makeHome(parent, files)
  const own = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, here(value)]))
  const place = {
    cwd: project,
    env: { HOME: home, USERPROFILE: home, XDG_CONFIG_HOME: '', ...own },
  }
  const outcome = await procward(['doctor', '--json', ...args], place)
  const { checks, ...document } = documentOf(outcome)
  /** @type {Record<string, string>} */
  const said = {}
  for (const { name, status, message } of checks) {
    said[name] = [said[name], `${status}: ${message}`].filter(Boolean).join('\n')
  }
  const { stdout, stderr } = await procward(['doctor', ...args], place)
  return {
    ...document,
    code: outcome.code,
    said,
    all: outcome.stdout + outcome.stderr + stdout + stderr,
    stdout,
    project,
  }
}

/** The configuration of a project. @param {Record<string, object>} mcpServers */
const configured = (mcpServers) => ({
  'project/config/mcporter.json': { ...NO_EDITORS, mcpServers },
})

test('a healthy setup has no warning', async () => {
  const { said, ...rest } = await examined(
    configured({ memory: LOCAL, asana: { url: 'https://h.example/mcp' } }),
  )
  assert.deepEqual([rest.code, rest.ok, rest.schemaVersion, rest.command], [0, true, 1, 'doctor'])
  const { level, mechanism, cgroup } = getGuarantees()
  assert.equal(said.node, `ok: Node.js ${process.versions.node}`)
  assert.match(
    said.addon,
    new RegExp(`^ok: procward \\d.* for ${process.platform}-${process.arch}`),
  )
  const word = { complete: 'ok: complete', 'best-effort': 'warn: best effort' }[level]
  assert.ok(said.guarantee.startsWith(`${word}: trees are held by a ${mechanism}`), said.guarantee)
  if (process.platform === 'linux')
    assert.match(said.cgroup, cgroup ? /^ok: each tree/ : /^ok: none/)
  assert.equal(said.call, 'ok: a process was started and has ended')
  assert.match(said.memory, /^ok: \d+ [MGT]iB, (no limit|the limit of)/)
  assert.equal(
    said.environment,
    'ok: 3 calls at once, 1 min 0 s each; cleanup every 1 min 0 s of what is older than 5 min 0 s, scope tree',
  )
  assert.equal(said.configuration, 'ok: 2 MCP servers: memory, asana')
  assert.match(said.mcporter, /^ok: \d+\.\d+\.\d+; no configured server needs it$/)
  assert.ok(!('server' in said) && !('npx' in said))
  assert.match(rest.stdout, /^ok {4}node {11}Node\.js /m)
})

describe('the environment', () => {
  test('each malformed variable fails by name', async () => {
    const env = {
      MCP_MAX_CONCURRENT: 'abc',
      MCP_LIMIT_LEASE: '1s',
      MCP_LIMIT_DIR: 'relative',
      CLEANUP_INTERVAL: '-1',
      CLEANUP_SCOPE: 'all',
      PROCWARD_WARDEN: 'no',
    }
    const { code, ok, said } = await examined({}, env)
    assert.deepEqual([code, ok], [1, false])
    for (const name of Object.keys(env))
      assert.match(said.environment, new RegExp(`^fail: ${name} must be `, 'm'))
    assert.match(said.guarantee, /^fail: PROCWARD_WARDEN/)
  })

  test('the address of a fleet is checked, and its server is asked', async () => {
    const malformed = await examined({}, { MCP_LIMIT_URL: 'redis://:secret@localhost:x' })
    assert.equal(malformed.code, 1)
    assert.match(malformed.said.limit, /^fail: MCP_LIMIT_URL: its port must be a number/)
    const { code, said, all } = await examined({}, { MCP_LIMIT_URL: 'redis://:secret@127.0.0.1:1' })
    assert.equal(code, 1)
    assert.equal(said.limit, 'fail: cannot use redis://127.0.0.1:1: the connection was refused')
    assert.ok(!(malformed.all + all).includes('secret'))
    assert.match((await examined({}, { MCP_LIMIT_URL: 'host' })).said.limit, /^ok: shared by all/)
  })

  test("scope 'machine' is a warning", async () => {
    const { code, said } = await examined({}, { CLEANUP_SCOPE: 'machine' })
    assert.equal(code, 0)
    assert.match(said.environment, /^warn: .* scope machine: that ends every old Node\.js process/)
  })

  test('without wardens the guarantee is lower', {
    skip: process.platform !== 'linux' && 'Linux only',
  }, async () => {
    const { code, said } = await examined({}, { PROCWARD_WARDEN: 'off' })
    assert.equal(code, 0)
    assert.match(said.guarantee, /^warn: best effort/)
  })
})

test('a missing addon is reported, and the other checks run', async () => {
  const { code, said } = await examined({}, { NAPI_RS_NATIVE_LIBRARY_PATH: '/nowhere.node' })
  assert.equal(code, 1)
  assert.match(
    said.addon,
    /^fail: procward's native addon cannot be loaded on .*: there is no file \/nowhere\.node/,
  )
  assert.ok('environment' in said && 'configuration' in said && !('call' in said))
})

test('an old Node.js fails', () => {
  assert.deepEqual(nodeCheck('18.19.0'), {
    name: 'node',
    status: 'fail',
    message: 'Node.js 18.19.0, needs >=20',
  })
  assert.equal(nodeCheck('24.1.0').status, 'ok')
})

describe("mcporter's configuration", () => {
  test('none', async () => {
    const { code, said } = await examined({
      'project/config/mcporter.json': { ...NO_EDITORS, mcpServers: {} },
    })
    assert.deepEqual([code, said.configuration], [0, 'ok: no MCP servers'])
  })

  test('no file of the project', async () => {
    const { code, said } = await examined({ 'project/other.json': {} })
    const words = `warn: no MCP servers; there is no file ${join('config', 'mcporter.json')} in this folder, and none in ${join('~', '.mcporter', 'mcporter.json')} and the files of editors; docs/mcp-servers.md says what to write`
    assert.deepEqual([code, said.configuration], [0, words])
  })

  test('an unreadable file fails without its folder and its text', async () => {
    const files = { 'hunter2/mine.json': '{ "mcpServers": { "a": { "env": { "KEY": "correcthorse"' }
    const { code, said, all } = await examined(files, {
      MCPORTER_CONFIG: '{folder}/hunter2/mine.json',
    })
    assert.equal(code, 1)
    assert.equal(
      said.configuration,
      `fail: ${join('...', 'mine.json')}: it is no JSON: "}" is missing in line 1`,
    )
    assert.doesNotMatch(all, /hunter2|correcthorse/)
  })

  test('an ignored file is named', async () => {
    const { code, said, all } = await examined({ 'project/config/mcporter.json': '{ correcthorse' })
    assert.equal(code, 0)
    assert.match(
      said.configuration,
      /^warn: config.mcporter\.json is passed over: it is no JSON: a word without quotes in line 1$/m,
    )
    assert.doesNotMatch(all, /correcthorse/)
  })

  test('servers that cannot be used are named with the reason', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: mcporter's placeholder
    const url = 'https://h.example/${PROCWARD_NOWHERE}'
    const { code, said } = await examined(
      configured({ lost: { url }, empty: { description: 'nothing' } }),
    )
    assert.equal(code, 0)
    assert.match(
      said.configuration,
      /^warn: lost in config.mcporter\.json cannot be used: .*PROCWARD_NOWHERE/m,
    )
    assert.match(
      said.configuration,
      /^warn: empty in config.mcporter\.json cannot be used: it has neither a command nor a URL$/m,
    )
  })

  test('entries and files of editors are named too, with the field and the reason', async () => {
    const files = {
      'project/config/mcporter.json': {
        mcpServers: { bare: { ...LOCAL, envFile: '{folder}/hunter2/.env' } },
      },
      'project/.cursor/mcp.json': {
        mcpServers: { odd: { command: 5, env: { KEY: 'correcthorse' } } },
      },
      'home/.cursor/mcp.json': '{ "correcthorse"',
    }
    const { code, said, all } = await examined(files)
    assert.equal(code, 0)
    const lines = said.configuration.split('\n')
    assert.deepEqual(lines.slice(1).sort(), [
      `warn: bare in ${join('config', 'mcporter.json')} cannot be used: envFile ${join('...', '.env')}: there is no such file`,
      `warn: odd in ${join('.cursor', 'mcp.json')} cannot be used: command must be a string or an array of strings`,
      `warn: ${join('~', '.cursor', 'mcp.json')} is passed over: it can't be parsed: ":" is missing in line 1`,
    ])
    assert.doesNotMatch(all, /correcthorse|hunter2/)
  })

  test('servers by npx are counted, and those with an installed package', {
    skip: noShell,
  }, async () => {
    // Of the dependencies of this project; its version is the one that is asked for.
    const here = '@modelcontextprotocol/server-memory'
    const modules = fileURLToPath(new URL('../node_modules', import.meta.url))
    const { version } = JSON.parse(readFileSync(join(modules, here, 'package.json'), 'utf8'))
    const npx = (wanted) => ({ command: 'npx', args: ['-y', wanted] })
    const servers = { here: npx(`${here}@${version}`), gone: npx('no-such-server@1.2.3') }
    const { home, project } = makeHome(parent, configured(servers))
    symlinkSync(modules, join(project, 'node_modules'))
    const { stdout } = await procward(['doctor'], { cwd: project, env: { HOME: home } })
    assert.match(stdout, /^warn {2}npx {12}2 servers by npx, 1 of them started without it; /m)
  })

  test('servers that cannot start are named with the reason, without their folders', {
    skip: noShell,
  }, async () => {
    const { code, said, all } = await examined({
      'project/tools/data': 'no program',
      'project/tools/hunter2/x': '',
      ...configured({
        fine: LOCAL,
        remote: { url: 'https://h.example/mcp' },
        missing: { command: 'procward-no-such-program' },
        elsewhere: { command: 'node', env: { PATH: '/hunter2' } },
        data: { command: '{folder}/project/tools/data' },
        gone: { command: '/hunter2/gone' },
        folder: { command: '{folder}/project/tools/hunter2' },
        away: { ...LOCAL, cwd: '/hunter2' },
        'no folder': { ...LOCAL, cwd: '{folder}/project/tools/data' },
      }),
    })
    const at = join('config', 'mcporter.json')
    assert.equal(code, 0)
    assert.deepEqual(said.configuration.split('\n'), [
      'warn: 9 MCP servers: fine, remote, missing, elsewhere, data, gone, folder, away, no folder; 7 of 9 cannot start',
      `warn: missing in ${at} cannot start: its command procward-no-such-program is not in PATH`,
      `warn: elsewhere in ${at} cannot start: its command node is not in the PATH of the entry's env`,
      `warn: data in ${at} cannot start: its command ${join('tools', 'data')} is not executable`,
      `warn: gone in ${at} cannot start: there is no file ${join('...', 'gone')}, its command`,
      `warn: folder in ${at} cannot start: its command ${join('tools', 'hunter2')} is a folder`,
      `warn: away in ${at} cannot start: its cwd is not there`,
      `warn: no folder in ${at} cannot start: its cwd is no folder`,
    ])
    assert.doesNotMatch(all, /\/hunter2\/gone/)
  })

  test('a long list of servers is cut with a count', async () => {
    const servers = Array.from({ length: 69 }, (_, at) => [`server-${at}`, LOCAL])
    const { said } = await examined(configured(Object.fromEntries(servers)))
    assert.match(said.configuration, /^ok: 69 MCP servers: server-0, .*, server-9 and 59 more$/)
  })

  test('no secret of a definition is printed', async () => {
    const secrets = {
      argv: {
        command: 'node',
        args: ['s.js', '--api-key', 'hunter2'],
        env: { KEY: 'correcthorse' },
        cwd: '/battery',
      },
      url: {
        url: 'https://staple:enigma@h.example/xyzzy?key=plugh',
        headers: { Authorization: 'Bearer frobozz' },
      },
    }
    const { all, said } = await examined(configured(secrets))
    assert.match(said.configuration, /argv, url/)
    assert.doesNotMatch(all, /hunter2|correcthorse|battery|staple|enigma|xyzzy|plugh|frobozz/)
  })
})

describe('mcporter', () => {
  const NEEDY = configured({ sse: { url: 'https://h.example/sse', type: 'sse' } })

  /** A mcporter that wants this Node.js. @param {string} node */
  function installed(node) {
    const folder = mkdtempSync(join(parent, 'mcporter-'))
    const place = join(folder, 'node_modules', 'mcporter')
    mkdirSync(place, { recursive: true })
    const manifest = {
      name: 'mcporter',
      version: '9.8.7',
      bin: { mcporter: 'cli.js' },
      engines: { node },
    }
    writeFileSync(join(place, 'package.json'), JSON.stringify(manifest))
    writeFileSync(join(place, 'cli.js'), '#!/usr/bin/env node\n')
    return join(place, 'cli.js')
  }

  test('is fine if it is needed and installed', async () => {
    const { code, said } = await examined(NEEDY, { MCPORTER_BIN: installed('>=20') })
    assert.deepEqual([code, said.mcporter], [0, 'ok: 9.8.7; needed by 1 server: sse'])
  })

  test('fails if it needs another Node.js or is missing at its configured path', async () => {
    const other = await examined(NEEDY, { MCPORTER_BIN: installed('>=99') })
    assert.deepEqual(
      [other.code, other.said.mcporter],
      [1, 'fail: 9.8.7; needed by 1 server: sse; it wants Node.js >=99'],
    )
    const gone = await examined(NEEDY, { MCPORTER_BIN: '/hunter2/mcporter' })
    assert.deepEqual(
      [gone.code, gone.said.mcporter],
      [1, 'fail: MCPORTER_BIN names something that is not there'],
    )
    assert.doesNotMatch(gone.all, /hunter2/)
  })
})

describe('a server', () => {
  const source = {
    helper: {
      getSemaphoreStatus: () => ({ maxConcurrent: 3, current: 0, queued: 0, available: 3 }),
      getActiveProcesses: () => [],
    },
  }

  test('is asked if it is named', async (t) => {
    const url = await listening(t, healthRouter(source))
    const { code, said } = await examined({}, { PROCWARD_URL: url })
    assert.deepEqual([code, said.server], [0, `ok: ${url} is ready`])
  })

  test('that is not ready is a warning, and an absent one fails', async (t) => {
    const getReadiness = () => ({ ready: false, reason: 'draining' })
    const url = await listening(t, healthRouter({ helper: { ...source.helper, getReadiness } }))
    const draining = await examined({}, {}, ['--url', url])
    assert.deepEqual(
      [draining.code, draining.said.server],
      [0, `warn: ${url} is not ready: shutting down`],
    )
    const dead = await deadUrl()
    const gone = await examined({}, {}, ['--url', dead])
    assert.deepEqual([gone.code, gone.said.server], [1, `fail: cannot reach ${dead}: ECONNREFUSED`])
  })
})
