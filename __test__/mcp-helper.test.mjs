import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { createMcpHelper } from '../lib/mcp-helper.js'
import {
  deadServer,
  mcporter,
  oddServer,
  referenceServer,
  temporaryFolder,
  writeConfig,
} from './fixtures/mcp-servers.mjs'

const folder = temporaryFolder()
const data = join(folder, 'data')
let configPath
let helper

before(() => {
  mkdirSync(data)
  writeFileSync(join(data, 'a.txt'), 'contents of a')
  configPath = writeConfig(folder, {
    everything: referenceServer('everything'),
    filesystem: referenceServer('filesystem', data),
    memory: { ...referenceServer('memory'), env: { MEMORY_FILE_PATH: join(data, 'memory.json') } },
    thinking: referenceServer('sequential-thinking'),
    'odd "näme".v1': oddServer,
    dead: deadServer,
  })
})

for (const transport of ['pool', 'mcporter']) {
  describe(`through ${transport}`, () => {
    before(() => {
      helper = createMcpHelper({ configPath, transport })
    })
    after(() => helper.shutdown())

    describe('a call resolves with', () => {
      test('structured content: a knowledge graph', async () => {
        const entities = [{ name: 'ünï "q"', entityType: 'line\nbreak', observations: ['💥', ''] }]
        assert.deepEqual(await helper.callToolAsync('memory', 'create_entities', { entities }), {
          entities,
        })
        assert.deepEqual(await helper.callToolAsync('memory', 'read_graph'), {
          entities,
          relations: [],
        })
        await helper.callToolAsync('memory', 'delete_entities', { entityNames: [entities[0].name] })
      })

      test('structured content: a file', async () => {
        const path = join(data, 'a.txt')
        assert.deepEqual(await helper.callToolAsync('filesystem', 'read_text_file', { path }), {
          content: 'contents of a',
        })
      })

      test('structured content: a thought', async () => {
        const thought = {
          thought: 'one',
          nextThoughtNeeded: false,
          thoughtNumber: 1,
          totalThoughts: 1,
        }
        const answer = await helper.callToolAsync('thinking', 'sequentialthinking', thought)
        assert.equal(answer.thoughtHistoryLength, 1)
      })

      test('text, and 100 KiB of it', async () => {
        const message = 'ä"\\\n'.repeat(20 * 1024)
        const answer = await helper.callToolAsync('everything', 'echo', { message })
        assert.deepEqual(answer, { content: [{ type: 'text', text: `Echo: ${message}` }] })
      })

      test('text that is JSON', async () => {
        assert.deepEqual(
          await helper.callToolAsync('odd "näme".v1', 'text', { text: '[1,{"a":null}]' }),
          [1, { a: null }],
        )
      })

      test('arguments arrive unchanged, also beyond the size of an argument vector', async () => {
        const args = {
          nested: [{ deep: { list: [[], {}, null, true, -1.5e-7] } }],
          '--server': '--config',
          'a=b': "'$(x)` %PATH% !x! ^ & | < >",
          surrogate: '\ud800',
          own: JSON.parse('{"__proto__":{"polluted":1}}'),
          long: 'x'.repeat(300 * 1024),
        }
        const { content } = await helper.callToolAsync('odd "näme".v1', 'reflect', args)
        assert.equal(content[0].text, `received ${JSON.stringify(args)}`)
      })

      test('tools with names that are special to mcporter or to a shell', async () => {
        const named = await helper.callToolAsync('odd "näme".v1', 'help')
        assert.equal(named.content[0].text, 'the tool named help')
        const dotted = await helper.callToolAsync('odd "näme".v1', 'dotted.name "quoted" ünïcode')
        assert.equal(dotted.content[0].text, 'found')
      })

      test("mcporter's word for listing tools", async () => {
        const { mode, name, tools } = await helper.callToolAsync('memory', 'list_tools')
        assert.deepEqual(
          [mode, name, tools.some((tool) => tool.name === 'read_graph')],
          ['server', 'memory', true],
        )
      })
    })

    test('listToolsAsync', async () => {
      const tools = await helper.listToolsAsync('everything')
      const echo = tools.find(({ name }) => name === 'echo')
      assert.deepEqual(Object.keys(echo), ['name', 'description', 'inputSchema'])
      assert.deepEqual(echo.inputSchema.required, ['message'])
    })

    describe('a call rejects with', () => {
      test('isError', async () => {
        const error = await helper
          .callToolAsync('everything', 'echo', { message: 5 })
          .catch((error) => error)
        assert.equal(error.code, 'ERR_TOOL')
        assert.equal(error.result.isError, true)
        assert.match(error.message, /everything\.echo.*Input validation error/)
      })

      test('isError with JSON, which mcporter prints like a result', async () => {
        const call = helper.callToolAsync('odd "näme".v1', 'json-error')
        await assert.rejects(call, { code: 'ERR_TOOL', result: { reason: 'no such campaign' } })
      })

      test('isError resolves with rejectOnError: false', async () => {
        const answer = await helper.callToolAsync(
          'everything',
          'echo',
          {},
          { rejectOnError: false },
        )
        assert.equal(answer.isError, true)
        const lenient = createMcpHelper({ configPath, transport, rejectOnError: false })
        assert.deepEqual(await lenient.callToolAsync('odd "näme".v1', 'json-error'), {
          reason: 'no such campaign',
        })
        await lenient.shutdown()
      })

      test('an unknown tool, with rejectOnError: false too', async () => {
        const call = helper.callToolAsync(
          'everything',
          'eco',
          { message: 'x' },
          { rejectOnError: false },
        )
        const error = await call.catch((error) => error)
        assert.equal(error.code, 'ERR_UNKNOWN_TOOL')
        assert.match(
          error.message,
          /everything\.eco: there is no tool 'eco' on server 'everything'; there are: echo, /,
        )
        assert.ok(error.available.includes('get-sum'))
        assert.match(error.cause.message, /Tool eco not found/)
      })

      test('a missing tool named help', async () => {
        await assert.rejects(helper.callToolAsync('memory', 'help'), {
          code: 'ERR_UNKNOWN_TOOL',
          message: /read_graph/,
        })
      })

      test('an unknown server', async () => {
        const names = 'everything, filesystem, memory, thinking, odd "näme".v1, dead'
        const expected = {
          code: 'ERR_UNKNOWN_SERVER',
          message: new RegExp(`there is no server 'memori'.*: ${names}$`),
        }
        await assert.rejects(helper.callToolAsync('memori', 'read_graph'), expected)
        await assert.rejects(helper.listToolsAsync('memori'), expected)
      })

      test('a server that does not start', async () => {
        const calls = [
          helper.callToolAsync('dead', 'x', { secret: 'hush' }),
          helper.listToolsAsync('dead'),
        ]
        for (const { reason: error } of await Promise.allSettled(calls)) {
          assert.equal(error.code, transport === 'pool' ? 'ERR_SERVER_START' : 'ERR_MCPORTER')
          assert.match(error.message, /^MCP call dead\.(x|list_tools): /)
          if (transport === 'mcporter') assert.equal(error.issue.kind, 'offline')
          else assert.equal(error.exitCode, 3)
          assert.match(error.stderr, /no licence/)
          assert.ok(!error.message.includes('hush'))
        }
      })

      test('a configuration that can not be read', async () => {
        const broken = createMcpHelper({ configPath: join(folder, 'none.json'), transport })
        const expected =
          transport === 'pool'
            ? { code: 'ERR_INVALID_CONFIG', message: /none\.json.*: there is no such file/ }
            : {
                code: 'ERR_MCPORTER',
                exitCode: 1,
                message: /memory\.read_graph: mcporter exited with code 1.*ENOENT/,
              }
        await assert.rejects(broken.callToolAsync('memory', 'read_graph'), expected)
        await broken.shutdown()
      })

      test('more output than maxBuffer', async () => {
        const narrow = createMcpHelper({ configPath, transport, maxBuffer: 10_000 })
        const call = narrow.callToolAsync('everything', 'echo', { message: 'x'.repeat(20_000) })
        await assert.rejects(call, { code: 'ERR_MAX_BUFFER', message: /everything\.echo/ })
        await narrow.shutdown()
      })
    })
  })
}

test('a missing mcporter is found once it is installed', async () => {
  const bin = join(folder, 'mcporter.mjs')
  const later = createMcpHelper({ configPath, transport: 'mcporter', mcporterBin: bin })
  const expected = {
    code: 'ERR_MCPORTER_NOT_FOUND',
    message: /memory\.read_graph: .*npm install mcporter/,
  }
  await assert.rejects(later.callToolAsync('memory', 'read_graph'), expected)
  writeFileSync(bin, `import ${JSON.stringify(pathToFileURL(mcporter.script))}\n`)
  assert.ok(await later.callToolAsync('memory', 'read_graph'))
  await later.shutdown()
})

test('an mcporter that is not JavaScript gets its arguments on the command line', {
  skip: process.platform === 'win32' && 'needs a shell script',
}, async () => {
  const bin = join(folder, 'mcporter')
  writeFileSync(bin, `#!/bin/sh\nexec '${process.execPath}' '${mcporter.script}' "$@"\n`, {
    mode: 0o755,
  })
  const plain = createMcpHelper({ configPath, transport: 'mcporter', mcporterBin: bin })
  const args = { text: 'it\'s "quoted" $HOME\n' }
  const answer = await plain.callToolAsync('odd "näme".v1', 'text', args)
  assert.deepEqual(answer, { content: [{ type: 'text', text: args.text }] })
  await assert.rejects(plain.callToolAsync('everything', 'echo', {}), { code: 'ERR_TOOL' })
  await plain.shutdown()
})
