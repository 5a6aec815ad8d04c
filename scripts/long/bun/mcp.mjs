// Calls a real MCP server over stdio, from the configuration that the first argument names.
import assert from 'node:assert/strict'
import { getActiveProcesses } from 'procward'
import { createMcpHelper } from 'procward/mcp-helper'

const helper = createMcpHelper({ configPath: process.argv[2], transport: 'pool' })
const tools = await helper.listToolsAsync('everything')
assert.ok(tools.some(({ name }) => name === 'echo'))
const messages = Array.from({ length: 20 }, (_, at) => `message ${at}`)
const results = await Promise.all(
  messages.map((message) => helper.callToolAsync('everything', 'echo', { message })),
)
for (const [at, { content }] of results.entries())
  assert.deepEqual(content, [{ type: 'text', text: `Echo: ${messages[at]}` }])
await assert.rejects(helper.callToolAsync('everything', 'no-such-tool'), {
  code: 'ERR_UNKNOWN_TOOL',
})
await helper.shutdown()
assert.deepEqual(getActiveProcesses(), [])
