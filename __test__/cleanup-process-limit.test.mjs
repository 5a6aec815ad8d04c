// A scan where this user may start no more threads, which root's limits do not show.

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { atProcessLimit } from '../lib/process-limit.js'

/** A user of nothing else, because the limit counts all threads of a user. */
const USER = '54321'
const asUser = ['--reuid', USER, '--regid', USER, '--clear-groups']
const skip =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  spawnSync('setpriv', [...asUser, 'prlimit', '--version']).status === 0
    ? false
    : 'needs Linux, root, setpriv and prlimit'

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

describe('at the process limit', { skip }, () => {
  for (const hasScanned of ['', 'yes'])
    test(`a scan rejects with a stable code${hasScanned && ', after an earlier scan'}`, async (t) => {
      const folder = packageFor(t)
      const args = ['--eval', PROGRAM, join(folder, 'index.js'), hasScanned]
      const { stdout } = await promisify(execFile)('setpriv', [
        ...asUser,
        process.execPath,
        ...args,
      ])
      const { code, message } = JSON.parse(stdout)
      assert.equal(code, 'ERR_PROCESS_LIMIT')
      assert.match(
        message,
        /^Cannot scan: the limit of processes, threads or open files is reached/,
      )
    })
})

/**
 * Copies the package to where every user may read it.
 * @param {import('node:test').TestContext} t
 */
function packageFor(t) {
  const folder = mkdtempSync(join(tmpdir(), 'procward-limit-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const root = new URL('..', import.meta.url).pathname
  const files = readdirSync(root).filter((name) => /\.(js|node)$/.test(name) || name === 'lib')
  for (const name of [...files, 'package.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  assert.ok(existsSync(join(folder, 'index.js')))
  spawnSync('chmod', ['-R', 'a+rX', folder])
  return folder
}

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
