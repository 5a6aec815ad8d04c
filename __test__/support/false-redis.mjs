// Servers that speak the protocol of Redis, and answer as a test says.

import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Starts a server on loopback that answers each command; resolves with its address.
 * @param {{ after(work: () => unknown): void }} t
 * @param {(command: string[]) => string | undefined} answer - the reply as it is sent, or nothing
 */
export async function startFalseRedis(t, answer) {
  const sockets = new Set()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    let text = ''
    socket.setEncoding('latin1').on('data', (data) => {
      text += data
      for (let command = taken(); command !== undefined; command = taken())
        socket.write(answer(command) ?? '')
    })

    /** Takes the first command out of the text, if it is there as a whole. */
    function taken() {
      const [, count] = /^\*(\d+)\r\n/.exec(text) ?? []
      if (count === undefined) return undefined
      const parts = []
      let at = text.indexOf('\n') + 1
      while (parts.length < Number(count)) {
        const [head, length] = /^\$(\d+)\r\n/.exec(text.slice(at, at + 20)) ?? []
        if (head === undefined) return undefined
        const from = at + head.length
        at = from + Number(length) + 2
        if (text.length < at) return undefined
        parts.push(text.slice(from, at - 2))
      }
      text = text.slice(at)
      return parts
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`
}
