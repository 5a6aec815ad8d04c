'use strict'

// An app that PM2 starts: it serves, and has a child that runs until it is killed.

const { spawn } = require('node:child_process')
const { renameSync, writeFileSync } = require('node:fs')
const http = require('node:http')
const { join } = require('node:path')
const { childCounts } = require('../../../lib/child-process/counts')

const child = spawn('sleep', ['1000'])
child.once('spawn', () => {
  http.createServer((_, response) => response.end('served')).listen(Number(process.env.PORT))
  const { guarded } = childCounts()
  const { PM2_HOME, APPS } = process.env
  const [draft, file] = [PM2_HOME, APPS].map((at) => join(String(at), `${process.pid}.json`))
  writeFileSync(draft, JSON.stringify({ app: process.pid, child: child.pid, guarded }))
  renameSync(draft, file)
})
process.once('SIGINT', () => process.exit())
