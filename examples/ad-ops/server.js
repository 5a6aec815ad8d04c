'use strict'

const { once } = require('node:events')
const http = require('node:http')
const express = require('express')
const { temporaryDataFolder } = require('./data-folder')
const health = require('./routes/health')
const tools = require('./routes/tools')
const mcpHelper = require('./scripts/mcp-helper')
const { onStopSignal } = require('./stop-signals')
const processCleanup = require('./utils/process-cleanup')

const HOST = '127.0.0.1'
/** How long a stop may take, in ms, before the server goes anyway. */
const STOP_TIMEOUT = 4500
/** How long clients may take to read their last answers, in ms. */
const LAST_ANSWERS = 1000

function createApp() {
  const app = express()
  app.disable('x-powered-by')
  app.get('/', (_req, res) => res.json({ name: 'ad-ops', pid: process.pid, health: '/api/health' }))
  app.use('/api/health', health)
  app.use('/api/tools', tools)
  return app
}

/**
 * Starts the server; port 0 takes any free one.
 * @param {{ port?: number }} [options]
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
async function start({ port = 3002 } = {}) {
  process.env.AD_OPS_DATA ||= temporaryDataFolder()
  const server = http.createServer(createApp()).listen(port, HOST)
  await once(server, 'listening')
  processCleanup.start()
  const { port: actual } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return { url: `http://${HOST}:${actual}`, stop: () => stop(server) }
}

/** @param {http.Server} server */
async function stop(server) {
  processCleanup.stop()
  const closed = once(server, 'close')
  // A connection that is kept alive after its last answer would hold the stop up.
  server.keepAliveTimeout = 1
  server.close()
  await mcpHelper.shutdown()
  const impatience = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS)
  await closed
  clearTimeout(impatience)
}

async function main() {
  const { url, stop } = await start({ port: Number(process.env.PORT || 3002) })
  console.log(`Ad Ops server listening on ${url}`)
  console.log(`Dashboard: ${url}/api/health/dashboard`)

  onStopSignal(async (signal) => {
    console.log(`${signal}: ending the running calls`)
    setTimeout(() => {
      console.error(`Not stopped after ${STOP_TIMEOUT} ms, leaving anyway`)
      process.exit(1)
    }, STOP_TIMEOUT).unref()
    await stop()
    if (process.connected) process.disconnect()
  })
}

if (require.main === module) {
  main().catch((error) => {
    const hint = error.code === 'EADDRINUSE' ? 'The port is taken; set PORT to another one.' : error
    console.error(hint)
    process.exitCode = 1
  })
}

module.exports = { start }
