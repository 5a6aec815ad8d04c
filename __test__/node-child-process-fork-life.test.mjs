import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import {
  closed,
  exited,
  nothingLeft,
  programs,
  SUCCESS,
  statusOf,
} from './node-child-process/endings.mjs'
import { fork } from './node-child-process/module.mjs'

afterEach(nothingLeft)

describe('fork', () => {
  test('uses no shell, also when one is asked for', async () => {
    const text = process.platform === 'win32' ? '%foo%' : '$foo'
    const env = { ...process.env, foo: 'bar' }
    const ending = await closed(fork(programs, ['sayArgument', text], { shell: true, env }))
    assert.deepEqual(statusOf(ending), SUCCESS)
    assert.deepEqual(ending.messages, [text])
  })

  test('takes a URL', async () => {
    const child = fork(pathToFileURL(programs), ['disconnect'])
    const disconnected = once(child, 'disconnect')
    assert.deepEqual(statusOf(await closed(child)), SUCCESS)
    await disconnected
  })

  test('of an empty program ends', async () => {
    assert.deepEqual(statusOf(await closed(fork(programs, ['nothing']))), SUCCESS)
  })

  test('leaves its array of arguments alone', async () => {
    const args = ['nothing', 'foo', 'bar']
    await closed(fork(programs, args))
    assert.deepEqual(args, ['nothing', 'foo', 'bar'])
  })

  test('has a channel, also by its old name', async () => {
    const child = fork(programs, ['nothing'])
    const ending = closed(child)
    assert.ok(child.channel)
    if ('_channel' in child) assert.equal(child.channel, child._channel)
    await ending
  })
})

describe('the channel of a fork', () => {
  test('carries messages both ways', async () => {
    const child = fork(programs, ['greet'])
    const ending = closed(child)
    child.send({ hello: 'world' })
    const { messages, ...rest } = await ending
    assert.deepEqual(messages, [{ foo: 'bar' }])
    assert.deepEqual(statusOf(rest), SUCCESS)
  })

  test('refuses messages that are missing or cannot be written', async () => {
    const child = fork(programs, ['greet'])
    const ending = closed(child)
    const missing = {
      name: 'TypeError',
      code: 'ERR_MISSING_ARGS',
      message: 'The "message" argument must be specified',
    }
    assert.throws(() => child.send(undefined), missing)
    assert.throws(() => child.send(), missing)
    assert.throws(() => child.send(Symbol()), {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
      message:
        'The "message" argument must be one of type string, object, number, or boolean. ' +
        'Received type symbol (Symbol())',
    })
    child.send({ hello: 'world' })
    assert.deepEqual(statusOf(await ending), SUCCESS)
  })

  test('keeps a child alive that listens for its end', async () => {
    const child = fork(programs, ['twice'], { silent: true })
    const ending = exited(child)
    child.on('message', (message) => {
      if (message === '2') child.disconnect()
    })
    const { messages, stdout } = await ending
    assert.deepEqual(messages, ['1', '2'])
    assert.equal(stdout, '3')
  })

  test('keeps no child alive that has disconnected', async () => {
    const child = fork(programs, ['listenTooLate'])
    let disconnects = 0
    child.on('disconnect', () => disconnects++)
    assert.deepEqual(statusOf(await closed(child)), SUCCESS)
    assert.equal(disconnects, 1)
  })
})
