// A fleet whose server has a name, where this user may start no more threads and processes.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { afterEach, test } from 'node:test'
import { AS_USER, noOtherUser, packageFor } from './support/process-limit.mjs'
import { assertNothingLeft } from './support/processes.mjs'

afterEach(assertNothingLeft)

/** Looks a name up at the limit, and makes a call without its server. */
const PROGRAM = `
  const { execFileSync } = require('node:child_process')
  const { readFile } = require('node:fs/promises')
  const [folder] = process.argv.slice(1)
  const { FleetLimit } = require(folder + '/lib/fleet-limit.js')
  const at = (host) => new FleetLimit(1, {
    url: 'redis://' + host + ':1', limits: {}, rates: {},
    lease: 2000, killGrace: 100, onUnreachable: 'local',
  })
  ;(async () => {
    // The threads of Node.js and of the addon. An address needs no other one.
    await readFile(folder + '/package.json')
    at('127.0.0.1')
    execFileSync('prlimit', ['--pid', String(process.pid), '--nproc=1:'])
    const request = { server: 'it', cost: 1, timeout: 20_000 }
    await at('localhost').acquire(request, performance.now())
    console.log('started')
    process.exit()
  })()`

test('a call starts without its server, although no thread can look the name up', {
  skip: noOtherUser,
}, (t) => {
  const folder = packageFor(t)
  const [command, ...args] = [...AS_USER, process.execPath, '-e', PROGRAM, folder]
  const options = { cwd: folder, encoding: /** @type {const} */ ('utf8'), timeout: 30_000 }
  assert.equal(execFileSync(command, args, options), 'started\n')
})
