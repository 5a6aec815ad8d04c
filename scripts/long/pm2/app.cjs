'use strict'

// An app that PM2 starts: it serves the health routes, and has a child that runs until it is killed.

const { spawn } = require('node:child_process')
const { renameSync, writeFileSync } = require('node:fs')
const http = require('node:http')
const { join } = require('node:path')
const { childCounts } = require('../../../lib/child-process/counts')
const { healthRouter } = require('../../../lib/health')

const child = spawn('sleep', ['1000'])
child.once('spawn', () => {
  const server = http.createServer(healthRouter({ announce: false }))
  server.listen(Number(process.env.PORT), '127.0.0.1', () => report(server.address()))
})
process.once('SIGINT', () => process.exit())

/** @param {import('node:net').AddressInfo} address */
function report({ port }) {
  const { guarded } = childCounts()
  const { PM2_HOME, APPS } = process.env
  const [draft, file] = [PM2_HOME, APPS].map((at) => join(String(at), `${process.pid}.json`))
  writeFileSync(draft, JSON.stringify({ app: process.pid, child: child.pid, guarded, port }))
  renameSync(draft, file)
}
