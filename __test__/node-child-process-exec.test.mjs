import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { nodeCommand, nothingLeft, outputsOf, programs } from './node-child-process/endings.mjs'
import { exec, execFile } from './node-child-process/module.mjs'

const isWindows = process.platform === 'win32'

afterEach(nothingLeft)

describe('exec', () => {
  test('runs in the folder cwd', async () => {
    const [command, cwd] = isWindows ? ['echo %cd%', 'c:\\windows'] : ['pwd', '/dev']
    const { error, stdout } = await outputsOf((done) => exec(command, { cwd }, done))
    assert.equal(error, null)
    assert.ok(stdout.startsWith(cwd))
  })

  test('gives the environment', async () => {
    const env = isWindows ? { ...process.env, HELLO: 'WORLD' } : { HELLO: 'WORLD' }
    let seen = ''
    const { error, stdout } = await outputsOf((done) => {
      const child = exec(isWindows ? 'set' : '/usr/bin/env', { env }, done)
      child.stdout.setEncoding('utf8').on('data', (text) => {
        seen += text
      })
    })
    assert.equal(error, null)
    assert.notEqual(stdout, '')
    assert.ok(seen.split(/\r?\n/).includes('HELLO=WORLD'))
  })

  test('gives data of both outputs as text', async () => {
    const [listed, refused] = [[], []]
    await outputsOf((done) => {
      exec(isWindows ? 'dir' : 'ls', done).stdout.on('data', (data) => listed.push(data))
    })
    await outputsOf((done) => {
      exec('does-not-exist', done).stderr.on('data', (data) => refused.push(data))
    })
    assert.ok(listed.length > 0)
    assert.ok(refused.length > 0)
    for (const data of refused) assert.equal(typeof data, 'string')
  })

  test('tells that a command is missing', async () => {
    const { error } = await outputsOf((done) => exec('does-not-exist', done))
    assert.equal(error.code, isWindows ? 1 : 127)
    assert.ok(error.cmd.includes('does-not-exist'))
  })

  test('of a file tells that the file is missing', async () => {
    const { error } = await outputsOf((done) => execFile('does-not-exist', done))
    assert.equal(error.code, 'ENOENT')
    assert.ok(error.cmd.includes('does-not-exist'))
  })
})

describe('the encoding of exec', () => {
  const expected = { error: null, stdout: 'to stdout\n', stderr: 'to stderr\n' }
  const run = (options) => outputsOf((done) => exec(nodeCommand('writeLines'), options, done))

  for (const [name, options] of Object.entries({ default: {}, utf8: { encoding: 'utf8' } }))
    test(`${name} gives text`, async () => {
      assert.deepEqual(await run(options), expected)
    })

  for (const encoding of [undefined, null, 'buffer', 'invalid'])
    test(`${encoding} gives buffers`, async () => {
      const { error, stdout, stderr } = await run({ encoding })
      assert.ok(stdout instanceof Buffer)
      assert.ok(stderr instanceof Buffer)
      assert.deepEqual({ error, stdout: `${stdout}`, stderr: `${stderr}` }, expected)
    })

  test('stays when the property of the stream is set', async () => {
    const outputs = await outputsOf((done) => {
      exec(nodeCommand('writeLines'), done).stdout.encoding = 'utf-8'
    })
    assert.deepEqual(outputs, expected)
  })
})

describe('a shell on Windows', { skip: !isWindows && 'Windows only' }, () => {
  for (const shell of ['cmd', 'cmd.exe', 'CMD', 'powershell', 'bash'])
    test(`may be ${shell}`, async (t) => {
      let path = shell
      if (shell === 'bash') {
        const found = await outputsOf((done) => exec('where bash', done))
        if (found.error) return t.skip('no bash here')
        path = found.stdout.trim()
      }
      const outputs = await outputsOf((done) => exec('echo foo bar', { shell: path }, done))
      assert.equal(outputs.error, null)
      assert.equal(outputs.stderr, '')
      assert.match(outputs.stdout, /foo\s+bar/)
    })

  test('takes a pipeline of PowerShell', async () => {
    const folder = dirname(programs)
    const command = `Get-ChildItem "${folder}" | Select-Object -Property Name`
    const outputs = await outputsOf((done) => exec(command, { shell: 'PowerShell' }, done))
    assert.equal(outputs.error, null)
    assert.equal(outputs.stderr, '')
    assert.ok(outputs.stdout.includes(readdirSync(folder)[0]))
  })
})
