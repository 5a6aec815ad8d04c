// The floor: what a client costs that checks, limits and outlives nothing.

import { spawn } from 'node:child_process'
import { once } from 'node:events'

const introduction = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'bench', version: '1.0.0' },
}

/** A server's process, a line for each message. @type {import('./tool-callers.mjs').Open} */
export async function bareStdio({ command, args }) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  /** @type {Map<number, (result: any) => void>} */
  const waiting = new Map()
  let [number, rest] = [0, '']
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const { id, result } = JSON.parse(line)
      waiting.get(id)?.(result)
      waiting.delete(id)
    }
  })
  const send = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  const request = (method, params) =>
    new Promise((resolve) => {
      waiting.set(++number, resolve)
      send({ id: number, method, params })
    })
  await request('initialize', introduction)
  send({ method: 'notifications/initialized' })
  return {
    call: (name, args) => request('tools/call', { name, arguments: args }),
    async close() {
      child.stdin.end()
      await once(child, 'exit')
    },
  }
}

/** `fetch` to a server that answers with JSON. @type {import('./tool-callers.mjs').Open} */
export async function bareFetch({ url }) {
  let number = 0
  const request = async (method, params) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: ++number, method, params }),
    })
    const { result } = JSON.parse(await response.text())
    return result
  }
  await request('initialize', introduction)
  return {
    call: (name, args) => request('tools/call', { name, arguments: args }),
    async close() {},
  }
}
