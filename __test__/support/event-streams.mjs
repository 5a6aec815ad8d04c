// Server-sent events, as a client reads them.

import { once } from 'node:events'
import http from 'node:http'

/** An open stream, and what came through it. */
export async function subscribe(port, path, headers = {}) {
  const sent = http.get({ host: '127.0.0.1', port, path, headers, agent: false })
  sent.on('error', () => {})
  const [response] = await once(sent, 'response')
  const stream = { response, text: '', ended: false, close: () => sent.destroy() }
  response.setEncoding('utf8').on('data', (chunk) => {
    stream.text += chunk
  })
  response.on('error', () => {})
  response.on('close', () => {
    stream.ended = true
  })
  return stream
}

/** The events of a stream as a browser reads them. */
export function eventsOf({ text }) {
  const blocks = text.split('\n\n').slice(0, -1)
  return blocks
    .map((block) =>
      Object.fromEntries(block.split('\n').map((line) => /^(\w*): ?(.*)$/.exec(line).slice(1))),
    )
    .filter(({ event }) => event !== undefined)
}
