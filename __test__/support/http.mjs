// A handler behind a real server, and plain requests to it.

import { once } from 'node:events'
import http from 'node:http'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'

/**
 * @param {import('node:test').TestContext} t
 * @param {http.RequestListener} handler
 * @param {number} [listenPort]
 */
export async function listen(t, handler, listenPort = 0) {
  const server = http.createServer(handler)
  server.listen(listenPort, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    const closed = server.listening ? once(server, 'close') : undefined
    server.close()
    server.closeAllConnections()
    await closed
    // The server's last answers hear of their end a moment later.
    await setImmediate()
  })
  return {
    server,
    port: server.address().port,
    origin: `http://127.0.0.1:${server.address().port}`,
  }
}

/**
 * A request with any headers, `Host` too, which fetch() does not let through.
 * @param {number} port
 * @param {string} path
 * @param {http.RequestOptions & { body?: string }} [options]
 */
export async function request(port, path, { body, ...options } = {}) {
  const sent = http.request({ host: '127.0.0.1', port, path, agent: false, ...options })
  sent.end(body)
  const [response] = await once(sent, 'response')
  return { status: response.statusCode, headers: response.headers, text: await text(response) }
}
