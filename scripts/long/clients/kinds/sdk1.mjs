// The client of the TypeScript SDK 1.x among our dependencies.

import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { opened } from './sdk.mjs'

/** @param {any} job */
export function open(job) {
  return opened(job, {
    client: new Client({ name: 'peer', version: '1.0.0' }),
    Stdio: StdioClientTransport,
    Http: StreamableHTTPClientTransport,
    call: (client, params, options) => client.callTool(params, undefined, options),
  })
}
