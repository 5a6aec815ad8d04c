import assert from 'node:assert/strict'
import { once } from 'node:events'
import { EOL } from 'node:os'
import { afterEach, describe, test } from 'node:test'
import { closed, nothingLeft, programs, SUCCESS, statusOf } from './node-child-process/endings.mjs'
import { spawn } from './node-child-process/module.mjs'

const isWindows = process.platform === 'win32'
const start = (...args) => spawn(process.execPath, [programs, ...args])

afterEach(nothingLeft)

describe('the exit of a child', () => {
  test('has its code', async () => {
    assert.deepEqual(statusOf(await closed(start('exitWith', '23'))), { code: 23, signal: null })
  })

  test('has a code when the program fails', async () => {
    const { code, signal, stderr } = await closed(start('fail'))
    assert.notEqual(code, 0)
    assert.equal(signal, null)
    assert.match(stderr, /a program that fails/)
  })

  test('ends a chain of five', async () => {
    const stdio = ['ignore', 'pipe', 'ignore']
    const child = spawn(process.execPath, [programs, 'chain', '4'], { stdio })
    assert.equal(child.stdin, null)
    assert.ok(child.stdout)
    assert.equal(child.stderr, null)
    const { stdout, ...rest } = await closed(child)
    assert.equal(stdout, 'last')
    assert.deepEqual(statusOf(rest), SUCCESS)
  })
})

describe('the output of a child', () => {
  test('arrives', async () => {
    const { stdout, ...rest } = await closed(start('writeLines'))
    assert.deepEqual(statusOf(rest), SUCCESS)
    assert.equal(stdout, 'to stdout\n')
  })

  // On Windows `echo` is a command of the shell.
  const options = { shell: isWindows }

  test('is read away at the end', async () => {
    const child = spawn('echo', [], options)
    const close = once(child, 'close')
    child.stdout.read()
    assert.deepEqual(await close, [0, null])
  })

  test('is not lost when it is read late', async () => {
    const child = spawn('echo', ['123'], options)
    const pieces = []
    child.stdout.on('readable', () => {
      setImmediate(() => {
        for (let piece = child.stdout.read(); piece; piece = child.stdout.read()) pieces.push(piece)
      })
    })
    assert.deepEqual(await once(child, 'close'), [0, null])
    assert.equal(Buffer.concat(pieces).toString().trim(), '123')
  })

  test('goes through a line of children, none of which has the descriptors of another', async () => {
    const binary = isWindows ? ['--binary'] : []
    const grep = spawn('grep', [...binary, 'o'])
    const sed = spawn('sed', [...binary, 's/o/O/'])
    const words = ['hello', 'node', 'and', 'world']
    const echo = isWindows
      ? spawn('cmd.exe', ['/c', words.map((word) => `echo ${word}`).join('&& ')])
      : spawn('echo', [words.join('\n')])
    const exits = [echo, grep, sed].map((child) => once(child, 'exit'))
    connect(echo, grep)
    connect(grep, sed)
    const { stdout } = await closed(sed)
    assert.equal(stdout, ['hellO', 'nOde', 'wOrld', ''].join(EOL))
    for (const exit of await Promise.all(exits)) assert.deepEqual(exit, [0, null])
  })

  /** Writes the output of one child into another by hand, and waits when that is full. */
  function connect({ stdout }, { stdin }) {
    stdout.on('data', (data) => {
      if (!stdin.write(data)) stdout.pause()
    })
    stdin.on('drain', () => stdout.resume())
    stdout.on('end', () => stdin.end())
  }
})

describe('a start without free descriptors', { skip: isWindows && 'Windows has no limit' }, () => {
  test('emits an error', async () => {
    const script = 'ulimit -n 64 && exec "$0" "$@"'
    const args = ['-c', script, process.execPath, programs, 'spawnWithoutDescriptors']
    const { stdout, stderr, ...rest } = await closed(spawn('/bin/sh', args))
    assert.equal(stderr, '')
    assert.equal(stdout, 'EMFILE')
    assert.deepEqual(statusOf(rest), SUCCESS)
  })
})
