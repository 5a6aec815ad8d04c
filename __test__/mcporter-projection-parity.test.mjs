// What the projection makes of a server's own result, beside what mcporter itself prints of the
// same call.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import projection from '../lib/mcporter/projection.js'
import { temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { referenceCalls } from './fixtures/reference-calls.mjs'
import { RESULTS } from './fixtures/results.mjs'
import { olderThan, printedCalls } from './support/mcporter.mjs'

const folder = temporaryFolder()

describe('every shape of a result', async () => {
  const command = [
    process.execPath,
    fileURLToPath(new URL('fixtures/verbatim-server.mjs', import.meta.url)),
  ]
  const configPath = writeConfig(folder, { verbatim: { command } })
  const calls = RESULTS.map(([, result]) => ({
    server: 'verbatim',
    tool: 'answer',
    args: { result },
  }))
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
  const { servers, calls, reset } = referenceCalls(folder)

  for (const [server, list] of Object.entries(calls)) {
    test(server, { timeout: 120_000 }, async () => {
      const { env, ...command } = servers[server]
      reset(server)
      const raw = await resultsOf({ ...command, env: { ...process.env, ...env } }, list)
      reset(server)
      const configPath = writeConfig(folder, { [server]: servers[server] })
      const printed = await printedCalls({
        configPath,
        calls: list.map(([tool, args]) => ({ server, tool, args })),
      })
      assert.deepEqual(
        raw.map((result) => projection.project(result)),
        printed.map((output) => JSON.parse(output)),
      )
      assert.equal(raw.length, list.length)
    })
  }
})

/**
 * @param {{ command: string, args: string[], env: NodeJS.ProcessEnv }} server
 * @param {[string, object][]} calls
 */
async function resultsOf(server, calls) {
  const client = new Client({ name: 'parity', version: '1.0.0' })
  await client.connect(new StdioClientTransport({ ...server, stderr: 'ignore' }))
  const results = []
  for (const [name, args] of calls) results.push(await client.callTool({ name, arguments: args }))
  await client.close()
  return results
}
