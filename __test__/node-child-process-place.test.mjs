import assert from 'node:assert/strict'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { EOL, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { closed, nothingLeft, SUCCESS, statusOf } from './node-child-process/endings.mjs'
import { spawn } from './node-child-process/module.mjs'

const isWindows = process.platform === 'win32'
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procward-')))

after(() => rmSync(folder, { recursive: true }))
afterEach(nothingLeft)

describe('cwd', () => {
  const start = (cwd) =>
    isWindows ? spawn('cmd.exe', ['/d', '/c', 'cd'], { cwd }) : spawn('pwd', [], { cwd })

  test('that does not exist is an error', async () => {
    const child = start('does-not-exist')
    assert.equal(child.pid, undefined)
    const { errors, code, stdout } = await closed(child)
    assert.deepEqual(
      errors.map((error) => error.code),
      ['ENOENT'],
    )
    assert.ok(code < 0)
    assert.equal(stdout, '')
  })

  test('takes no URL but of a file', () => {
    const url = new URL('http://example.com/')
    assert.throws(() => start(url), /The URL must be of scheme file/)
  })

  test('takes no URL of another host', { skip: isWindows }, () => {
    const url = new URL('file://host/dev/null')
    assert.throws(() => start(url), /File URL host must be "localhost" or empty on/)
  })

  const existing = isWindows ? process.env.windir : '/dev'
  const folders = { 'a path': folder, 'the path of a system folder': existing }
  for (const [name, path] of Object.entries(folders))
    test(`takes ${name}`, () => assertRunsIn(path, path))

  test('takes the URL of a file', () => assertRunsIn(pathToFileURL(folder), folder))

  for (const cwd of ['', undefined, null])
    test(`may be ${cwd === '' ? 'empty' : cwd}`, () => assertRunsIn(cwd, process.cwd()))

  async function assertRunsIn(cwd, expected) {
    const child = start(cwd)
    assert.equal(typeof child.pid, 'number')
    const { stdout, ...rest } = await closed(child)
    assert.deepEqual(statusOf(rest), SUCCESS)
    assert.equal(stdout.trim(), expected)
  }
})

describe('env', () => {
  const list = (options) =>
    closed(
      isWindows ? spawn('cmd.exe', ['/c', 'set'], options) : spawn('/usr/bin/env', [], options),
    )

  test('takes inherited and odd values', async () => {
    const own = { HELLO: 'WORLD', UNDEFINED: undefined, NULL: null, EMPTY: '' }
    const env = Object.setPrototypeOf({ ...process.env, ...own }, { FOO: 'BAR' })
    const { stdout } = await list({ env })
    assert.ok(stdout.includes('HELLO=WORLD'))
    assert.ok(stdout.includes('FOO=BAR'))
    assert.ok(!stdout.includes('UNDEFINED=undefined'))
    assert.ok(stdout.includes('NULL=null'))
    assert.ok(stdout.includes(`EMPTY=${EOL}`))
  })

  test('is that of this process by default', async (t) => {
    process.env.HELLO = 'WORLD'
    t.after(() => delete process.env.HELLO)
    assert.ok((await list({})).stdout.includes('HELLO=WORLD'))
  })
})
