// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders look like that.

// Calls under configurations with a bad entry or file: it harms no other, and the calls that it
// concerns say why.

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { McpPool } from '../index.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import cli from '../lib/mcporter/cli.js'
import { temporaryFolder } from './fixtures/mcp-servers.mjs'
import { makeHome } from './support/homes.mjs'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'
import { until } from './support/until.mjs'

const parent = temporaryFolder()
const good = {
  command: process.execPath,
  args: [fileURLToPath(new URL('fixtures/verbatim-server.mjs', import.meta.url))],
}
const url = 'http://127.0.0.1:9/'
/** Longer than a look at the files counts. */
const A_LOOK = 1100

afterEach(assertNothingLeft)

/**
 * Works with a helper whose configuration is in these files.
 * @param {Record<string, unknown>} files
 * @param {(helper: import('../lib/mcp-helper').McpHelper, at: { project: string, home: string }) =>
 *   Promise<void>} work
 * @param {import('../lib/mcp-helper').McpHelperOptions} [options]
 */
async function withHelper(files, work, { env, ...options } = {}) {
  const { home, project } = makeHome(parent, files)
  const place = {
    cwd: project,
    env: { HOME: home, USERPROFILE: home, XDG_CONFIG_HOME: '', ...env },
  }
  const helper = createMcpHelper({ ...place, ...options })
  try {
    await work(helper, { project, home })
  } finally {
    await helper.shutdown()
  }
}

/** The project's own file with these servers. @param {Record<string, unknown>} mcpServers */
const configured = (mcpServers) => ({ 'project/config/mcporter.json': { imports: [], mcpServers } })

/** @param {Promise<unknown>} call @returns {Promise<any>} */
const failureOf = (call) =>
  call.then(
    () => assert.fail('it should fail'),
    (error) => error,
  )

/** @param {import('../lib/mcp-helper').McpHelper} helper @param {string} [server] */
const started = (helper, server = 'good') => helper.callToolAsync(server, 'started')

const BAD = {
  'a variable without a name': { ...good, env: { '': 'hush' } },
  'a variable with "=" in its name': { ...good, env: { 'A=hush': 'x' } },
  'a variable with a null byte': { ...good, env: { A: 'hush\0' } },
  'a command with a null byte': { command: 'hush\0' },
  'an argument with a null byte': { ...good, args: ['hush\0'] },
  'a folder with a null byte': { ...good, cwd: 'hush\0' },
  'a header with a line break': { url, headers: { a: 'hu\nsh' } },
  'a header that Latin-1 lacks': { url, headers: { a: 'hush…' } },
  'a header without a name': { url, headers: { '': 'hush' } },
  'an address of another kind': { url: 'ftp://hush/' },
  'no address': { url: 'hush' },
  'a number for a text': { ...good, env: { PORT: 3000, A: 'hush' } },
  'no file for its variables': { ...good, envFile: 'none.env' },
  null: null,
}

/** Faults that mcporter leaves out of an editor's entry, or mends. */
const MENDED = ['a folder with a null byte', 'a number for a text']

test('an unknown server, where the file of the project is not there, names the file', async () => {
  await withHelper({ 'home/x': '' }, async (helper, { project }) => {
    const { code, message } = await failureOf(helper.callToolAsync('everything', 'echo'))
    assert.equal(code, 'ERR_UNKNOWN_SERVER')
    const place = join(project, 'config', 'mcporter.json')
    const words = `there is no server 'everything' in mcporter's configuration; there is no file ${place}`
    assert.equal(message, `MCP call everything.echo: ${words}`)
  })
  await withHelper(configured({ good }), async (helper) => {
    const { message } = await failureOf(helper.callToolAsync('everything', 'echo'))
    assert.match(message, /configuration; there are: good$/)
  })
})

describe('a bad entry harms no other entry', { skip: noProcessList }, () => {
  for (const [name, bad] of Object.entries(BAD)) {
    for (const [where, files] of Object.entries({
      'mcporter.json': (servers) => configured(servers),
      'a file of an editor': (mcpServers) => ({ 'project/.cursor/mcp.json': { mcpServers } }),
    })) {
      test(`${name}, in ${where}`, () =>
        withHelper(
          files({ bad, good }),
          async (helper) => {
            assert.ok((await started(helper)).cwd)
            if (where !== 'mcporter.json' && MENDED.includes(name))
              return void (await started(helper, 'bad'))
            const error = await failureOf(helper.callToolAsync('bad', 'started'))
            // An editor's file may hold other things than servers.
            const isKnown = bad !== null || where === 'mcporter.json'
            const code =
              /name/.test(name) && 'env' in (bad ?? {})
                ? 'ERR_SERVER_UNAVAILABLE'
                : 'ERR_INVALID_CONFIG'
            assert.equal(error.code, isKnown ? code : 'ERR_UNKNOWN_SERVER', error.message)
            assert.match(error.message, /^MCP call bad\.started: /)
            assert.ok(!inspect(error).includes('hush'), inspect(error))
            if (isKnown) assert.match(error.file, /(mcporter|mcp)\.json$/)
          },
          { transport: 'pool' },
        ))
    }
  }

  test('that appears and is repaired while the process runs', () =>
    withHelper(
      configured({ good }),
      async (helper, { project }) => {
        const write = (mcpServers) =>
          writeFileSync(
            join(project, 'config', 'mcporter.json'),
            JSON.stringify({ imports: [], mcpServers }),
          )
        const pid = async () => helper.getPoolStatus().sessions.map(({ pid }) => pid)
        await started(helper)
        const before = await pid()
        write({ ...BAD, good })
        await sleep(A_LOOK)
        await started(helper)
        assert.deepEqual(await pid(), before, 'it is the same session')
        write({ null: good, good })
        await sleep(A_LOOK)
        await started(helper, 'null')
      },
      { transport: 'pool' },
    ))
})

describe('a call names the reason why its server cannot be called', { skip: noProcessList }, () => {
  for (const [way, options] of Object.entries({
    auto: {},
    'auto, without mcporter': { mcporterBin: 'no-such-mcporter' },
    pool: { transport: 'pool' },
    'mcporter, which is missing': { transport: 'mcporter', mcporterBin: 'no-such-mcporter' },
    mcporter: { transport: 'mcporter' },
  })) {
    test(`an entry that is invalid: ${way}`, () =>
      withHelper(
        configured({ bad: { ...good, env: { PORT: 3000, TOKEN: 'hush' } } }),
        async (helper, { project }) => {
          const file = join(project, 'config', 'mcporter.json')
          for (const call of [
            () => helper.callToolAsync('bad', 'x'),
            () => helper.listToolsAsync('bad'),
            () => helper.callToolRaw('bad', 'x'),
          ]) {
            const error = await failureOf(call())
            assert.match(error.message, /env\.PORT must be a string/)
            assert.ok(error.message.includes(file), error.message)
            assert.deepEqual([error.file, error.problem], [file, 'env.PORT must be a string'])
            assert.ok(!error.message.includes('hush'))
            assert.match(error.code, /^ERR_(INVALID_CONFIG|MCPORTER|MCPORTER_NOT_FOUND)$/)
          }
        },
        options,
      ))

    test(`a file that is broken: ${way}`, () =>
      withHelper(
        { 'project/config/mcporter.json': '{"mcpServers": {"a": {"command": "hush"}}' },
        async (helper, { project }) => {
          const ignored = [
            {
              file: join(project, 'config', 'mcporter.json'),
              problem: 'it is no JSON: "}" is missing in line 1',
            },
          ]
          const error = await failureOf(helper.callToolAsync('a', 'x'))
          assert.deepEqual(error.ignored, ignored, error.message)
          assert.ok(
            error.message.includes(`${ignored[0].file} was passed over: ${ignored[0].problem}`),
            error.message,
          )
          assert.match(error.code, /^ERR_(UNKNOWN_SERVER|MCPORTER_NOT_FOUND)$/)
          assert.deepEqual(helper.getPoolStatus().ignored, ignored)
          assert.ok(!inspect(error).includes('hush'))
        },
        options,
      ))
  }

  test('with mcporter, an entry of another server, for which mcporter refuses the whole file', () =>
    withHelper(
      configured({ bad: { ...good, env: { PORT: 3000 } }, good }),
      async (helper) => {
        const error = await failureOf(helper.callToolAsync('good', 'started'))
        assert.equal(error.code, 'ERR_MCPORTER')
        assert.match(
          error.message,
          /; the entry 'bad' in .*mcporter\.json can't be used: env\.PORT must be a string$/,
        )
      },
      { transport: 'mcporter' },
    ))

  test('a file with which mcporter would not start, while servers in other files and in code are called', () =>
    withHelper(
      {
        'project/config/mcporter.json': '[]',
        'home/.mcporter/mcporter.json': { imports: [], mcpServers: { good } },
      },
      async (helper, { project }) => {
        await started(helper)
        await started(helper, 'coded')
        const error = await failureOf(helper.callToolAsync('other', 'x'))
        const file = join(project, 'config', 'mcporter.json')
        assert.deepEqual([error.code, error.file], ['ERR_INVALID_CONFIG', file])
        assert.match(error.message, /must be an object with mcpServers.*; there are: good, coded$/)
      },
      { servers: { coded: good } },
    ))

  test('a named file that is missing at first', () =>
    withHelper(
      {},
      async (helper, { project }) => {
        const error = await failureOf(started(helper))
        assert.deepEqual(
          [error.code, error.file],
          ['ERR_INVALID_CONFIG', join(project, 'own.json')],
        )
        assert.match(error.message, /there is no such file/)
        writeFileSync(
          join(project, 'own.json'),
          JSON.stringify({ imports: [], mcpServers: { good } }),
        )
        await started(helper)
        assert.deepEqual(helper.getPoolStatus().ignored, [])
      },
      { configPath: 'own.json', transport: 'pool' },
    ))

  test('McpPool has the same errors', async () => {
    const { project } = makeHome(parent, {
      'project/own.json': { imports: [], mcpServers: { bad: 5 } },
    })
    const pool = new McpPool({ configPath: join(project, 'own.json') })
    await assert.rejects(pool.callTool('bad', 'x'), {
      code: 'ERR_INVALID_CONFIG',
      problem: 'it must be an object',
    })
    writeFileSync(join(project, 'own.json'), '{')
    await sleep(A_LOOK)
    await assert.rejects(pool.callTool('other', 'x'), {
      code: 'ERR_INVALID_CONFIG',
      file: join(project, 'own.json'),
    })
    assert.deepEqual(
      pool.getStatus().ignored.map(({ file }) => file),
      [join(project, 'own.json')],
    )
    await pool.close()
  })
})

test('the status names each server, its transport and its problem', { skip: noProcessList }, () =>
  withHelper(
    configured({
      good,
      bad: { command: 5 },
      sse: { url, type: 'sse' },
      odd: { ...good, env: { 'A=hush': 'x' } },
    }),
    async (helper) => {
      assert.deepEqual(helper.getPoolStatus().servers, [
        { name: 'coded', transport: 'mcporter', reason: 'chosen', problem: null },
      ])
      await started(helper)
      const { servers, ignored } = helper.getPoolStatus()
      assert.deepEqual(ignored, [])
      assert.deepEqual(servers, [
        { name: 'good', transport: 'pool', reason: null, problem: null },
        {
          name: 'bad',
          transport: 'pool',
          reason: 'invalid',
          problem: 'command must be a string or an array of strings',
        },
        {
          name: 'sse',
          transport: 'mcporter',
          reason: 'sse',
          problem: 'its type is sse, the transport before Streamable HTTP',
        },
        {
          name: 'odd',
          transport: 'mcporter',
          reason: 'environment',
          problem: 'env.A must have a name without "="',
        },
        { name: 'coded', transport: 'mcporter', reason: 'chosen', problem: null },
      ])
    },
    { servers: { coded: { ...good, transport: 'mcporter' } } },
  ),
)

describe('names', { skip: noProcessList }, () => {
  const names = [
    'microsoft/playwright-mcp',
    'my npx thing',
    'npx x',
    '-h',
    '--config',
    ' padded ',
    'help',
    'https://x/y',
    'a:b',
  ]

  test('any name is a server over sessions', () =>
    withHelper(
      configured(Object.fromEntries(names.map((name) => [name, good]))),
      async (helper) => {
        for (const name of names) assert.ok((await started(helper, name)).cwd, name)
      },
    ))

  test('a name that mcporter would misread is refused before mcporter starts', () =>
    withHelper(
      configured({ 'a/b': good }),
      async (helper) => {
        const error = await failureOf(started(helper, 'a/b'))
        assert.equal(error.code, 'ERR_INVALID_ARG_VALUE')
        assert.match(error.message, /"a\/b".*address/)
      },
      { transport: 'mcporter', mcporterBin: 'no-such-mcporter' },
    ))

  for (const name of ['my npx thing', '-x', 'npx'])
    test(`and others through mcporter: ${name}`, () =>
      withHelper(
        configured({ [name]: good }),
        async (helper) => assert.ok((await started(helper, name)).cwd),
        {
          transport: 'mcporter',
        },
      ))
})

describe('envFile', { skip: noProcessList }, () => {
  for (const transport of /** @type {const} */ (['pool', 'mcporter']))
    test(`means the same through ${transport}`, () =>
      withHelper(
        {
          ...configured({
            it: {
              ...good,
              envFile: '.env',
              args: [...good.args, '${FILE}'],
              env: { ENTRY: 'entry' },
            },
          }),
          'project/.env': 'ENTRY=file\nFILE=file\nOUTER=file\n',
        },
        async (helper) => {
          const { env, args } = await started(helper, 'it')
          const { ENTRY, FILE, OUTER, BARE } = env
          assert.deepEqual(
            { args, ENTRY, FILE, OUTER, BARE },
            { args: ['file'], ENTRY: 'entry', FILE: 'file', OUTER: 'file', BARE: 'process' },
          )
        },
        { transport, env: { OUTER: 'process', BARE: 'process' } },
      ))
})

describe('a limit of one server holds on every transport', { skip: noProcessList }, () => {
  for (const transport of /** @type {const} */ (['pool', 'mcporter']))
    test(`maxBuffer, through ${transport}`, () =>
      withHelper(
        configured({ small: good, large: good }),
        async (helper) => {
          const long = { result: { content: [{ type: 'text', text: 'x'.repeat(50_000) }] } }
          await assert.rejects(helper.callToolAsync('small', 'answer', long), {
            code: 'ERR_MAX_BUFFER',
          })
          assert.equal(
            (await helper.callToolAsync('large', 'answer', long)).content[0].text.length,
            50_000,
          )
        },
        { transport, servers: { small: { maxBuffer: 20_000 } } },
      ))
})

test('a process of mcporter gets the limits of its server and the variables to pass on', async () => {
  /** @type {any[]} */
  const runs = []
  const runner = /** @type {any} */ ({
    run: async (_command, _args, options) => {
      runs.push(options)
      return { exitCode: 0, stdout: '', stderr: '' }
    },
  })
  const settings = {
    bin: process.execPath,
    cwd: process.cwd(),
    env: { A: 'a', B: 'b' },
    maxBuffer: 1,
    killGrace: 2,
  }
  const own = { killGrace: 3, variables: { B: 'file' } }
  const mcporter = new cli.Mcporter(runner, settings, (server) => (server === 'own' ? own : {}))
  for (const server of ['own', 'other']) {
    await mcporter.list({ server, tool: 'list_tools', timeout: 1000 }, performance.now() + 1000)
  }
  assert.deepEqual(
    runs.map(({ maxBuffer, killGrace, env: { A, B } }) => [maxBuffer, killGrace, A, B]),
    [
      [1, 3, 'a', 'file'],
      [1, 2, 'a', 'b'],
    ],
  )
})

describe('list_tools', { skip: noProcessList }, () => {
  test("starts no mcporter beside a session, and returns mcporter's output", () =>
    withHelper(
      configured({ it: { ...good, description: 'about it', cwd: '.' } }),
      async (helper, { project }) => {
        const { durationMs, ...listed } = await helper.callToolAsync('it', 'list_tools')
        assert.ok(Number.isInteger(durationMs))
        assert.deepEqual(listed, {
          mode: 'server',
          name: 'it',
          status: 'ok',
          description: 'about it',
          transport: `STDIO ${[good.command, ...good.args].join(' ')}`,
          source: { kind: 'local', path: join(project, 'config', 'mcporter.json') },
          tools: ['answer', 'started'].map((name) => ({
            name,
            inputSchema: { type: 'object' },
            options: [],
          })),
        })
        assert.deepEqual(
          (await helper.callToolAsync('coded', 'list_tools')).transport,
          listed.transport,
        )
        assert.equal((await helper.listToolsAsync('it')).length, 2)
      },
      { mcporterBin: 'no-such-mcporter', transport: 'pool', servers: { coded: good } },
    ))
})

test('a warm server of a configuration starts without a call', { skip: noProcessList }, () =>
  withHelper(
    configured({ good }),
    (helper) => until(() => helper.getPoolStatus().sessions[0]?.state === 'idle'),
    { minWarm: 1 },
  ),
)

test('a server is defined at its first call, among any number of servers', {
  skip: noProcessList,
}, () => {
  const many = Object.fromEntries(
    Array.from({ length: 1000 }, (_, at) => [`s${at}`, { ...good, env: { AT: `${at}` } }]),
  )
  return withHelper(
    configured({ ...many, last: good }),
    async (helper, { project }) => {
      // The addon is told of a server with its first call alone.
      const native = /** @type {any} */ (await import('../lib/native.js')).default
      const { define } = native.McpSessions.prototype
      /** @type {string[]} */
      const defined = []
      native.McpSessions.prototype.define = function (key, server) {
        defined.push(server.name)
        return define.call(this, key, server)
      }
      try {
        await started(helper, 's7')
        await started(helper, 'last')
        await started(helper, 's7')
        assert.deepEqual(defined, ['s7', 'last'])
        const changed = Object.fromEntries(
          Object.entries(many).map(([name, entry]) => [name, { ...entry, env: {} }]),
        )
        mkdirSync(join(project, 'config'), { recursive: true })
        writeFileSync(
          join(project, 'config', 'mcporter.json'),
          JSON.stringify({ imports: [], mcpServers: changed }),
        )
        await sleep(A_LOOK)
        assert.equal((await started(helper, 's7')).env.AT, undefined)
        assert.deepEqual(defined, ['s7', 'last', 's7'])
        assert.equal(helper.getPoolStatus().servers.length, 1000)
      } finally {
        native.McpSessions.prototype.define = define
      }
    },
    { transport: 'pool' },
  )
})
