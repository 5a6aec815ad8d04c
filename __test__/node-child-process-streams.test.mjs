import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, describe, test } from 'node:test'
import { closed, nothingLeft, programs, SUCCESS, statusOf } from './node-child-process/endings.mjs'
import { spawn } from './node-child-process/module.mjs'

const noCat = process.platform === 'win32' ? 'needs the command cat' : false
const startProgram = (...args) => spawn(process.execPath, [programs, ...args])

afterEach(nothingLeft)

describe('stdin', () => {
  test('is writable only, and is read to its end', { skip: noCat }, async () => {
    const cat = spawn('cat')
    const ending = closed(cat)
    const ended = Promise.all([once(cat.stdout, 'end'), once(cat.stderr, 'end')])
    for (const part of ['hello', ' ', 'world']) cat.stdin.write(part)
    assert.equal(cat.stdin.writable, true)
    assert.equal(cat.stdin.readable, false)
    cat.stdin.end()
    const { stdout, stderr, ...rest } = await ending
    await ended
    assert.deepEqual({ stdout, stderr }, { stdout: 'hello world', stderr: '' })
    assert.deepEqual(statusOf(rest), SUCCESS)
  })

  test('and stdout carry a conversation', async () => {
    const child = startProgram('echo')
    const ending = closed(child)
    assert.deepEqual(await once(child.stdout, 'data'), ['hello world\r\n'])
    const answer = once(child.stdout, 'data')
    child.stdin.write('echo me\r\n')
    assert.deepEqual(await answer, ['echo me\r\n'])
    const ended = once(child.stdout, 'end')
    child.stdin.end()
    await ended
    const { stdout, stderr } = await ending
    assert.deepEqual({ stdout, stderr }, { stdout: 'hello world\r\necho me\r\n', stderr: '' })
  })

  test('that ends while much is waiting loses nothing', async () => {
    const child = startProgram('countInput')
    const ending = closed(child)
    let size = 0
    let sent = 0
    const write = () => {
      sent += size
      return child.stdin.write(Buffer.alloc(size, '.'))
    }
    do size += 1024
    while (write())
    for (let more = 0; more < 100; more++) write()
    child.stdin.end()
    assert.equal(Number((await ending).stdout), sent)
  })
})

describe('stdout', () => {
  test('has all that a child wrote before it exited', async () => {
    const { stdout, stderr } = await closed(startProgram('manyLines'))
    assert.equal(stderr, '')
    assert.ok(stdout.startsWith('hello\n'))
    assert.ok(stdout.endsWith('goodbye\n'))
  })

  test('has all of much', async () => {
    const count = 500_000
    const { stdout, stderr, ...rest } = await closed(startProgram('manyCharacters', String(count)))
    assert.deepEqual(statusOf(rest), SUCCESS)
    assert.equal(stderr, '')
    assert.equal(stdout.length, count)
  })
})
