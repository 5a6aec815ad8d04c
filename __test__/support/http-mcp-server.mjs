// An MCP server over streamable HTTP, in this process: it notes what it is asked, and fails as it
// is told to.

import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { json } from 'node:stream/consumers'

/**
 * @typedef {{ status?: number, headers?: Record<string, string>, body?: unknown, hang?: boolean,
 *   cut?: boolean, done?: boolean }} Behaviour
 */

/**
 * `behave` says what to do instead of answering: with which `status`, nothing at all (`hang`), or
 * to break off (`cut`). It may answer itself, and then returns `done`.
 * @param {import('node:test').TestContext} t
 * @param {{ behave?: (message: any, request: import('node:http').IncomingMessage, response:
 *   import('node:http').ServerResponse) => Behaviour | undefined, asEvents?: boolean, tls?: { key:
 *   Buffer, cert: Buffer }, host?: string }} [options]
 */
export async function httpMcpServer(
  t,
  { behave = () => undefined, asEvents = false, tls, host = '127.0.0.1' } = {},
) {
  /**
   * @type {{ method: string, message: any, headers: import('node:http').IncomingHttpHeaders }[]}
   */
  const requests = []
  const sessions = new Set()
  const answers = {
    initialize: ({ protocolVersion }) => ({
      protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'http', version: '1.0.0' },
    }),
    'tools/list': () => ({ tools: [{ name: 'reflect', inputSchema: { type: 'object' } }] }),
    'tools/call': ({ arguments: args }) => ({
      content: [{ type: 'text', text: `received ${JSON.stringify(args)}` }],
    }),
  }

  const server = tls ? createTlsServer(tls) : createServer()
  server.on('request', async (request, response) => {
    const { method, headers } = request
    const message = method === 'POST' ? await json(request) : undefined
    requests.push({ method, message, headers })
    const behaviour = behave(message, request, response)
    if (behaviour?.hang || behaviour?.done) return
    if (behaviour?.cut) return asEvents ? breakOff(response) : request.socket.destroy()
    if (behaviour?.status)
      return send(response, behaviour.status, behaviour.body, behaviour.headers)
    if (method !== 'POST') return send(response, method === 'DELETE' ? 200 : 405)
    const session = headers['mcp-session-id']
    if (message.method === 'initialize') {
      const fresh = randomUUID()
      sessions.add(fresh)
      response.setHeader('mcp-session-id', fresh)
    } else if (!sessions.has(session)) return send(response, 404, { error: 'no such session' })
    const result = answers[message.method]?.(message.params)
    if (result === undefined) return send(response, 202)
    const answer = { jsonrpc: '2.0', id: message.id, result }
    if (!asEvents) return send(response, 200, answer)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(`event: message\ndata: ${JSON.stringify(answer)}\n\n`)
  })
  server.listen(0, host)
  await once(server, 'listening')
  const stop = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  t.after(stop)
  return {
    url: `${tls ? 'https' : 'http'}://${host}:${server.address().port}/mcp`,
    requests,
    stop,
    /** Forgets all sessions, as a server that was started again does. */
    restart: () => sessions.clear(),
    calls: () =>
      requests
        .filter(({ message }) => message?.method === 'tools/call')
        .map(({ message }) => message),
  }
}

/** @param {import('node:http').ServerResponse} response */
function send(response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : (JSON.stringify(body) ?? ''))
}

/**
 * The start of a stream of events, and its end before any.
 * @param {import('node:http').ServerResponse} response
 */
function breakOff(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write('id: 1\n\n', () => response.destroy())
}
