// The reference server "everything" over streamable HTTP, for real, on the loopback address.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { referenceServer } from '../fixtures/mcp-servers.mjs'

const loopback = new URL('loopback.mjs', import.meta.url).href

/**
 * @param {number} [port] any free one by default
 * @returns {Promise<{ url: string, port: number, stop: () => Promise<void> }>}
 */
export async function everythingOverHttp(port = 0) {
  const { command, args } = referenceServer('everything')
  const server = spawn(command, ['--import', loopback, ...args, 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const exited = once(server, 'exit')
  const stop = async () => {
    server.kill('SIGKILL')
    await exited
  }
  const actual = await new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).on('line', (line) => {
      const [, told] = /^port (\d+)$/.exec(line) ?? []
      if (told) resolve(Number(told))
    })
    exited.then(() => reject(new Error('the server ended before it listened')))
  })
  return { url: `http://127.0.0.1:${actual}/mcp`, port: actual, stop }
}
