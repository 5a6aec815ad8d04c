// A way to Redis that can be cut: connections break, or nothing passes any more.

import { once } from 'node:events'
import { createConnection, createServer } from 'node:net'

/** @param {number} port of Redis */
export async function startProxy(port) {
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set()
  let isCut = false
  const server = createServer((near) => {
    if (isCut) return near.destroy()
    const far = createConnection({ host: '127.0.0.1', port })
    for (const socket of [near, far]) {
      socket.setNoDelay(true)
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far)
    far.pipe(near)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    url: `redis://127.0.0.1:${address.port}`,
    /** Breaks all connections, and takes none. */
    cut() {
      isCut = true
      for (const socket of sockets) socket.destroy()
    },
    /** Lets nothing pass, and breaks no connection. */
    stall() {
      for (const socket of sockets) socket.pause()
    },
    mend() {
      isCut = false
      for (const socket of sockets) socket.resume()
    },
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
