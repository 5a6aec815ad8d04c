// The client of the TypeScript SDK: what it makes of a server's answers is what ours has to be.

import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

/**
 * Connects to a server, until the test is done.
 * @param {import('node:test').TestContext} t
 * @param {{ url?: string, command?: string, args?: string[] }} server
 */
export async function sdkClient(t, { url, command, args }) {
  const transport =
    url === undefined
      ? new StdioClientTransport({ command, args, stderr: 'ignore' })
      : new StreamableHTTPClientTransport(new URL(url))
  const client = new Client({ name: 'sdk', version: '1.0.0' })
  await client.connect(transport)
  t.after(() => client.close())
  return client
}
