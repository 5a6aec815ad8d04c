// A scan where this user may start no more threads, which root's limits do not show.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { atProcessLimit } from '../lib/process-limit.js'
import { AS_USER, noOtherUser, packageFor } from './support/process-limit.mjs'

/** Tries a scan after the limit, and says what came of it. */
const PROGRAM = `
  const { execFileSync } = require('node:child_process')
  const [index, hasScanned] = process.argv.slice(1)
  const { cleanup } = require(index)
  const scan = () => cleanup.cleanupAll({ dryRun: true })
  ;(async () => {
    if (hasScanned) {
      await scan()
      // The thread of the first scan ends after 5 s without work.
      await new Promise((resolve) => setTimeout(resolve, 8000))
    }
    execFileSync('prlimit', ['--pid', String(process.pid), '--nproc=1:1'])
    const { code, message } = await scan().then(() => ({ code: 'none' }), (error) => error)
    console.log(JSON.stringify({ code, message }))
    process.exit()
  })()
`

describe('at the process limit', { skip: noOtherUser }, () => {
  for (const hasScanned of ['', 'yes'])
    test(`a scan rejects with a stable code${hasScanned && ', after an earlier scan'}`, async (t) => {
      const folder = packageFor(t)
      const args = ['--eval', PROGRAM, join(folder, 'index.js'), hasScanned]
      const [command, ...options] = AS_USER
      const { stdout } = await promisify(execFile)(command, [...options, process.execPath, ...args])
      const { code, message } = JSON.parse(stdout)
      assert.equal(code, 'ERR_PROCESS_LIMIT')
      assert.match(
        message,
        /^Cannot scan: the limit of processes, threads or open files is reached/,
      )
    })
})

test('any other error stays what it is', () => {
  for (const error of [
    undefined,
    null,
    'text',
    new Error('x (os error 11)'),
    Object.assign(new Error('a bug'), { code: 'ERR_INTERNAL' }),
    Object.assign(new Error('x (os error 11)'), { code: 'ERR_INVALID_CONFIG' }),
    Object.assign(new Error('x (os error 110)'), { code: 'ERR_INTERNAL' }),
  ])
    assert.equal(atProcessLimit(error, 'Cannot scan'), error)
})
