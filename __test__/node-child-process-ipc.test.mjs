import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { closed, nothingLeft, programs, SUCCESS, statusOf } from './node-child-process/endings.mjs'
import { fork, spawn } from './node-child-process/module.mjs'

const wrongHandles = createRequire(import.meta.url)('./node-child-process/wrong-handles.cjs')

afterEach(nothingLeft)

describe('messages', () => {
  test('of Node.js itself are an event of their own', async () => {
    const child = fork(programs, ['sendInternal'])
    const internal = once(child, 'internalMessage')
    const { messages } = await closed(child)
    assert.deepEqual(messages, [{ cmd: 'fooNODE_' }])
    assert.deepEqual(await internal, [{ cmd: 'NODE_bar' }, undefined])
  })

  test('arrive though a listener throws', async () => {
    const child = fork(programs, ['throwMessages'])
    const ending = closed(child)
    await once(child, 'message')
    for (let number = 0; number < 10; number++) child.send(number)
    const { messages, ...rest } = await ending
    assert.deepEqual(messages, ['ready'])
    assert.deepEqual(statusOf(rest), SUCCESS)
  })

  test('of many bytes keep their characters', async () => {
    const { messages } = await closed(fork(programs, ['sendUtf8']))
    assert.equal(messages.length, 1)
    assert.ok(messages[0] === 'ßßßß'.repeat(1e5 - 1))
  })
})

describe('send', () => {
  test('calls back without an error in the child', async () => {
    const ending = await closed(fork(programs, ['sendWithCallback']))
    assert.deepEqual(ending.messages, ['ok'])
    assert.deepEqual(statusOf(ending), SUCCESS)
  })

  test('fails after the end, by a callback or else by the event', async () => {
    const child = fork(programs, ['nothing'])
    assert.deepEqual(statusOf(await closed(child)), SUCCESS)
    const gone = { name: 'Error', message: 'Channel closed', code: 'ERR_IPC_CHANNEL_CLOSED' }
    const failed = new Promise((resolve) => child.once('error', resolve))
    assert.equal(child.send('ping'), false)
    assertError(await failed, gone)
    const [error, result] = await new Promise((resolve) => {
      const result = child.send('pong', (error) => resolve([error, result]))
    })
    assertError(error, gone)
    assert.equal(result, false)
  })

  test('returns true for the first message', async () => {
    const child = fork(programs, ['persistent'])
    const ending = closed(child)
    const sent = new Promise((resolve) => {
      assert.equal(child.send({ hello: 'world' }, resolve), true)
    })
    child.kill('SIGKILL')
    assert.equal(await sent, null)
    assert.equal((await ending).signal, 'SIGKILL')
  })

  test('returns false while messages wait for a handle', async () => {
    const stdio = ['pipe', 'pipe', 'pipe', 'ipc']
    const child = spawn(process.execPath, [programs, 'persistent'], { stdio })
    const ending = closed(child)
    const server = createServer(() => assert.fail('a connection')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const handle = server._handle
    const drained = new Promise((resolve, reject) => {
      const check = (error) => error && reject(error)
      assert.equal(child.send('one', handle, check), true)
      assert.equal(child.send('two', check), true)
      assert.equal(child.send('three', check), false)
      assert.equal(
        child.send('four', (error) => (error ? reject(error) : resolve())),
        false,
      )
    })
    await drained
    const last = new Promise((resolve) => {
      assert.equal(child.send('five', handle, resolve), true)
    })
    assert.equal(await last, null)
    child.kill()
    assert.equal((await ending).signal, 'SIGTERM')
    server.close()
    await once(server, 'close')
  })

  test('refuses what is no handle, in the parent', async () => {
    const child = fork(programs, ['nothing'])
    const ending = closed(child)
    for (const [args, code] of wrongHandles)
      assert.throws(() => child.send(...args), { code, name: 'TypeError' })
    assert.deepEqual(statusOf(await ending), SUCCESS)
  })

  test('refuses what is no handle, in the child', async () => {
    assert.deepEqual(statusOf(await closed(fork(programs, ['sendWrongHandles']))), SUCCESS)
  })
})

describe('the channel', () => {
  test('may be descriptor 0', async () => {
    const stdio = ['ipc', 'inherit', 'inherit']
    const child = spawn(process.execPath, [programs, 'touchStdin'], { stdio })
    assert.equal((await closed(child)).code, 0)
  })

  test('may be descriptor 1', async () => {
    const stdio = ['inherit', 'ipc', 'inherit']
    const child = spawn(process.execPath, [programs, 'sayHello'], { stdio })
    const { code, messages } = await closed(child)
    assert.equal(code, 0)
    assert.deepEqual(messages, ['hello'])
  })
})

function assertError({ name, message, code }, expected) {
  assert.deepEqual({ name, message, code }, expected)
}
