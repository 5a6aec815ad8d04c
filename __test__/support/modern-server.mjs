// The server of fixtures/modern-server.mjs, over each transport.

import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { modernHandler } from '../fixtures/modern-server.mjs'
import { listen } from './http.mjs'

const script = fileURLToPath(new URL('../fixtures/modern-server.mjs', import.meta.url))
const protocol = '2026-07-28'

/** How to start one that speaks over pipes. */
export function modernServer() {
  return { command: process.execPath, args: [script], protocol }
}

/**
 * One that speaks over HTTP, in this process, and what it was sent.
 * @param {import('node:test').TestContext} t
 */
export async function httpModernServer(t) {
  /** @type {{ headers: Record<string, string>, message: any }[]} */
  const requests = []
  const handler = modernHandler()
  t.after(() => handler.close())
  const { origin } = await listen(t, async (request, response) => {
    const body = await buffer(request)
    const { method, headers } = request
    requests.push({ headers, message: JSON.parse(String(body)) })
    const answer = await handler.fetch(new Request(`${origin}/mcp`, { method, headers, body }))
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
  return { url: `${origin}/mcp`, protocol, requests }
}
