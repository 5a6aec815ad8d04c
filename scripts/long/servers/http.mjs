// Servers over HTTP as processes of their own, and a page for those that want to fetch one.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../../__test__/support/free-port.mjs'

/** No measurement, only an end to waiting. */
const STARTING = 60_000
const LOOK = 100

/** Without one, browsers ask for one and complain at some time. */
const ICON = '<link rel="icon" href="data:,">'
const PAGE = `<!doctype html>${ICON}<title>Page</title><h1>Campaigns</h1>
<p>Words: <b>ünï</b> &amp; 語</p><ul><li>one<li>two</ul>
<input aria-label="Name"><button onclick="document.title = 'Clicked'; console.log('clicked')">Click</button>`

// An interrupted check leaves no server behind.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

/**
 * Starts a server that listens on the port it is told, and waits until it does.
 * @param {(port: number) => { command: string, args: string[], env?: Record<string, string> }} how
 * @param {string} [path] of the address
 */
export async function startServer(how, path = '/mcp') {
  const port = await freePort()
  const { command, args, env } = how(port)
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (/** @type {Buffer} */ bytes) => {
    said = (said + bytes).slice(-2000)
  })
  const exited = once(child, 'exit')
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const stop = async () => {
    process.off('exit', kill)
    kill()
    await exited
  }
  const end = performance.now() + STARTING
  while (!(await listens(port))) {
    if (child.exitCode !== null)
      throw new Error(`it ended before it listened: ${said.trim().split('\n').at(-1)}`)
    if (performance.now() > end) {
      await stop()
      throw new Error('it does not listen')
    }
    await sleep(LOOK)
  }
  return { definition: { url: `http://127.0.0.1:${port}${path}` }, stop }
}

/** @type {Record<string, string>} */
const pages = { '/page.html': PAGE, '/empty.html': `<!doctype html>${ICON}<title>Empty</title>` }

/** Pages on the loopback address. @returns {Promise<{ url: string, stop: () => Promise<void> }>} */
export async function startPage() {
  const server = createServer((request, response) => {
    const found = pages[request.url ?? '']
    response.writeHead(found === undefined ? 404 : 200, {
      'content-type': 'text/html; charset=utf-8',
    })
    response.end(found ?? 'there is none')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const stop = async () => {
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${port}`, stop }
}

/** @param {number} port @returns {Promise<boolean>} */
function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const tell = (/** @type {boolean} */ answer) => () => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', tell(true)).once('error', tell(false))
  })
}
