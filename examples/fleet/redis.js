'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { createServer } = require('node:net')

/** How long Redis may take to start, in ms. */
const START_TIMEOUT = 10_000

/** Starts a Redis on a free port of loopback, without files. */
async function startRedis() {
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '']
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const stop = () => child.kill('SIGKILL')
  process.once('exit', stop)
  await new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      const hint = 'The demo needs the program redis-server, which is not installed.'
      reject(new Error(`${hint} On Debian: apt-get install redis-server`, { cause }))
    })
    child.once('exit', () => reject(new Error('redis-server ended at its start')))
    child.stdout.on('data', (data) => {
      if (String(data).includes('Ready to accept connections')) resolve(undefined)
    })
    setTimeout(() => reject(new Error('redis-server does not start')), START_TIMEOUT).unref()
  })
  return { url: `redis://127.0.0.1:${port}`, stop }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return port
}

module.exports = { startRedis }
