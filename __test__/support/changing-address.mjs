// Servers with health routes, and an address behind which they take turns.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../fixtures/health-host.cjs', import.meta.url))

/** A server with health routes. @param {import('node:test').TestContext} t */
export async function serverOf(t) {
  const child = spawn(process.execPath, [PROGRAM, 'loopback'], {
    env: { ...process.env, PROCWARD_ANNOUNCE: 'off' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(async () => {
    const exited = once(child, 'exit')
    child.stdin.end()
    await exited
  })
  const [url] = await once(createInterface({ input: child.stdout }), 'line')
  return { pid: child.pid, port: Number(new URL(url).port) }
}

/**
 * An address behind which one process answers, and then another.
 * @param {import('node:test').TestContext} t
 * @param {number} first - its port
 */
export async function addressOf(t, first) {
  /** @type {number | undefined} */
  let port = first
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set()
  const cut = () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  const proxy = createServer((near) => {
    if (port === undefined) return near.destroy()
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    near.pipe(far).pipe(near)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.after(() => {
    cut()
    proxy.close()
  })
  const address = /** @type {import('node:net').AddressInfo} */ (proxy.address())
  return {
    url: `http://127.0.0.1:${address.port}/api/health/dashboard`,
    /** Lets no process answer. */
    cut() {
      port = undefined
      cut()
    },
    switchTo(/** @type {number} */ other) {
      port = other
      cut()
    },
  }
}
