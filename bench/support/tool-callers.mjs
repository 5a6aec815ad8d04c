// Clients whose server stays open for many calls.

import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { createRuntime } from 'mcporter'
import { McpPool } from '../../index.js'

/**
 * @typedef {{ command?: string, args?: string[], url?: string }} Server a program, or an address
 * @typedef {{ call: (tool: string, args: object) => Promise<any>, close: () => Promise<void> }}
 *   Caller
 * @typedef {(server: Server) => Promise<Caller>} Open
 * @type {Record<string, Open>}
 */
export const callers = {
  async 'procward McpPool'(server) {
    const pool = new McpPool({
      servers: { server },
      idleTimeout: Infinity,
      maxBuffer: 64 * 2 ** 20,
    })
    return { call: (tool, args) => pool.callTool('server', tool, args), close: () => pool.close() }
  },
  async 'TypeScript SDK'(server) {
    const client = new Client({ name: 'bench', version: '1.0.0' })
    await client.connect(
      server.url === undefined
        ? new StdioClientTransport({ ...server, stderr: 'ignore' })
        : new StreamableHTTPClientTransport(new URL(server.url)),
    )
    return {
      call: (name, args) => client.callTool({ name, arguments: args }),
      close: () => client.close(),
    }
  },
  async 'mcporter runtime'(server) {
    const configPath = join(
      tmpdir(),
      `procward-bench-${process.pid}-${Math.random().toString(36).slice(2)}.json`,
    )
    writeFileSync(configPath, JSON.stringify({ imports: [], mcpServers: { server } }))
    const silent = { info() {}, warn() {}, error() {}, debug() {} }
    const runtime = await createRuntime({ configPath, logger: silent })
    return {
      call: (tool, args) => runtime.callTool('server', tool, { args }),
      async close() {
        await runtime.close()
        rmSync(configPath)
      },
    }
  },
}
