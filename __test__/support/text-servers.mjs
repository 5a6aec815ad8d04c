// The servers of text-server.mjs, over each transport.

import { randomUUID } from 'node:crypto'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { answerTo } from '../fixtures/text-server.mjs'
import { listen } from './http.mjs'

const script = fileURLToPath(new URL('../fixtures/text-server.mjs', import.meta.url))

/** How to start one that speaks over pipes. @param {string} [manner] */
export function textServer(...manner) {
  return { command: process.execPath, args: [script, ...manner] }
}

/**
 * One that speaks over streamable HTTP, in this process.
 * @param {import('node:test').TestContext} t
 * @param {{ asEvents?: boolean }} [options]
 */
export async function httpTextServer(t, { asEvents = false } = {}) {
  const session = randomUUID()
  const { origin } = await listen(t, async (request, response) => {
    if (request.method !== 'POST')
      return response.writeHead(request.method === 'DELETE' ? 200 : 405).end()
    const answer = answerTo(await json(request))
    if (answer === undefined) return response.writeHead(202).end()
    const headers = {
      'mcp-session-id': session,
      'content-type': asEvents ? 'text/event-stream' : 'application/json',
    }
    response.writeHead(200, headers).end(asEvents ? `event: message\ndata: ${answer}\n\n` : answer)
  })
  return { url: `${origin}/mcp` }
}
