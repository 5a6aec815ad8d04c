// What four idle sessions add to the memory of the process that has them; the way is the program's
// argument.

// What a server of any kind has loaded already.
import 'node:child_process'
import 'node:crypto'
import 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const [way] = process.argv.slice(2)
const script = new URL(
  '../node_modules/@modelcontextprotocol/server-everything/dist/index.js',
  import.meta.url,
)
const server = { command: process.execPath, args: [fileURLToPath(script)] }
const names = ['one', 'two', 'three', 'four']

const ways = {
  async nothing() {
    return async () => {}
  },
  async procward() {
    const { McpPool } = await import('../../index.js')
    const pool = new McpPool({
      servers: Object.fromEntries(names.map((name) => [name, server])),
      idleTimeout: Infinity,
    })
    for (const name of names) await pool.callTool(name, 'echo', { message: name })
    return () => pool.close()
  },
  async sdk() {
    const { Client } = await import('@modelcontextprotocol/sdk/client/index.js')
    const { StdioClientTransport } = await import('@modelcontextprotocol/sdk/client/stdio.js')
    const clients = []
    for (const name of names) {
      const client = new Client({ name: 'bench', version: '1.0.0' })
      await client.connect(new StdioClientTransport({ ...server, stderr: 'ignore' }))
      await client.callTool({ name: 'echo', arguments: { message: name } })
      clients.push(client)
    }
    return () => Promise.all(clients.map((client) => client.close()))
  },
}

async function settled() {
  for (let time = 0; time < 3; time++) {
    globalThis.gc()
    await sleep(200)
  }
  return process.memoryUsage.rss()
}

const before = await settled()
const close = await ways[way]()
const after = await settled()
await close()
console.log(JSON.stringify({ added: after - before }))
