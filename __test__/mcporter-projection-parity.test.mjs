// What the projection makes of a server's own result, beside what mcporter itself prints of the same call.

import assert from 'node:assert/strict'
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import projection from '../lib/mcporter/projection.js'
import { referenceServer, temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { RESULTS } from './fixtures/results.mjs'
import { olderThan, printedCalls } from './support/mcporter.mjs'

const folder = temporaryFolder()

describe('every shape of a result', async () => {
  const command = [process.execPath, fileURLToPath(new URL('fixtures/verbatim-server.mjs', import.meta.url))]
  const configPath = writeConfig(folder, { verbatim: { command } })
  const calls = RESULTS.map(([, result]) => ({ server: 'verbatim', tool: 'answer', args: { result } }))
  /** @type {Promise<string[]> | undefined} */
  let printing

  for (const [index, [name, result, , since]] of RESULTS.entries()) {
    test(name, { skip: since !== undefined && olderThan(since) }, async () => {
      printing ??= printedCalls({ configPath, calls })
      const printed = await printing
      assert.deepEqual(projection.project(result), JSON.parse(printed[index]))
    })
  }
})

describe("every tool of the protocol's own servers", () => {
  const place = join(folder, 'files')
  const file = join(place, 'fixed.txt')
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  const entity = { name: 'a', entityType: 'b', observations: ['c'] }
  const relation = { from: 'a', to: 'd', relationType: 'knows' }

  /** Not among them: what tells the time, the environment or chance. @type {Record<string, [string, object][]>} */
  const calls = {
    everything: [
      ['echo', { message: 'hi' }],
      ['echo', { message: '{"a": 1}' }],
      ['echo', {}],
      ['get-annotated-message', { messageType: 'error', includeImage: true }],
      ['get-resource-links', { count: 3 }],
      ['get-structured-content', { location: 'New York' }],
      ['get-sum', { a: 1, b: 2 }],
      ['get-tiny-image', {}],
      ['gzip-file-as-resource', { name: 'a.gz', data: 'data:text/plain,hi', outputType: 'resource' }],
      ['toggle-simulated-logging', {}],
      ['trigger-long-running-operation', { duration: 0.1, steps: 2 }],
    ],
    filesystem: [
      ['read_file', { path: file }],
      ['read_text_file', { path: file, head: 1 }],
      ['read_text_file', { path: join(place, 'none') }],
      ['read_media_file', { path: join(place, 'a.png') }],
      ['read_multiple_files', { paths: [file, join(place, 'none')] }],
      ['write_file', { path: join(place, 'new.json'), content: '{"a": 1}' }],
      ['read_text_file', { path: join(place, 'new.json') }],
      ['edit_file', { path: join(place, 'new.json'), edits: [{ oldText: '1', newText: '2' }] }],
      ['create_directory', { path: join(place, 'inner') }],
      ['list_directory', { path: place }],
      ['list_directory_with_sizes', { path: place }],
      ['directory_tree', { path: place }],
      ['move_file', { source: join(place, 'new.json'), destination: join(place, 'inner', 'moved.json') }],
      ['search_files', { path: place, pattern: '**/*.json' }],
      ['get_file_info', { path: file }],
      ['list_allowed_directories', {}],
    ],
    memory: [
      ['create_entities', { entities: [entity, { ...entity, name: 'd' }] }],
      ['create_relations', { relations: [relation] }],
      ['add_observations', { observations: [{ entityName: 'a', contents: ['e'] }] }],
      ['add_observations', { observations: [{ entityName: 'none', contents: ['e'] }] }],
      ['read_graph', {}],
      ['search_nodes', { query: 'c' }],
      ['open_nodes', { names: ['a'] }],
      ['delete_observations', { deletions: [{ entityName: 'a', observations: ['e'] }] }],
      ['delete_relations', { relations: [relation] }],
      ['delete_entities', { entityNames: ['a', 'd'] }],
      ['read_graph', { unexpected: true }],
    ],
    'sequential-thinking': [
      ['sequentialthinking', { thought: 'a', nextThoughtNeeded: true, thoughtNumber: 1, totalThoughts: 2 }],
      ['sequentialthinking', { thought: 'b' }],
    ],
  }

  /** The files as they were, the fixed one too. */
  function reset() {
    for (const name of ['inner', 'new.json']) rmSync(join(place, name), { recursive: true, force: true })
    rmSync(join(folder, 'memory.json'), { force: true })
  }

  mkdirSync(place)
  writeFileSync(file, 'first\nsecond\n')
  writeFileSync(join(place, 'a.png'), Buffer.from(png, 'base64'))
  // An access time after the others, so that reading doesn't move it.
  utimesSync(file, new Date(Date.now() + 3_600_000), new Date(0))

  for (const [server, list] of Object.entries(calls)) {
    test(server, { timeout: 120_000 }, async () => {
      const started = {
        ...referenceServer(server, ...(server === 'filesystem' ? [place] : [])),
        env: { ...process.env, MEMORY_FILE_PATH: join(folder, 'memory.json') },
      }
      reset()
      const raw = await resultsOf(started, list)
      reset()
      const { env, ...command } = started
      const configured = { ...command, env: { MEMORY_FILE_PATH: env.MEMORY_FILE_PATH } }
      const configPath = writeConfig(folder, { [server]: configured })
      const printed = await printedCalls({ configPath, calls: list.map(([tool, args]) => ({ server, tool, args })) })
      assert.deepEqual(
        raw.map((result) => projection.project(result)),
        printed.map((output) => JSON.parse(output)),
      )
      assert.equal(raw.length, list.length)
    })
  }
})

/** @param {{ command: string, args: string[], env: NodeJS.ProcessEnv }} server @param {[string, object][]} calls */
async function resultsOf(server, calls) {
  const client = new Client({ name: 'parity', version: '1.0.0' })
  await client.connect(new StdioClientTransport({ ...server, stderr: 'ignore' }))
  const results = []
  for (const [name, args] of calls) results.push(await client.callTool({ name, arguments: args }))
  await client.close()
  return results
}
