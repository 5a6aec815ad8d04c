import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, describe, test } from 'node:test'
import {
  closed,
  exited,
  nothingLeft,
  programs,
  SUCCESS,
  statusOf,
} from './node-child-process/endings.mjs'
import { fork, spawn } from './node-child-process/module.mjs'

afterEach(nothingLeft)

describe('stdio of a fork', () => {
  test('must have a channel', () => {
    assert.throws(() => fork(programs, ['nothing'], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] }), {
      code: 'ERR_CHILD_PROCESS_IPC_REQUIRED',
      name: 'Error',
    })
  })

  test('must be a known word', () => {
    const expected = { code: 'ERR_INVALID_ARG_VALUE', name: 'TypeError' }
    assert.throws(() => fork(programs, { stdio: '33' }), expected)
  })

  test('may be a list with the channel and more pipes', async () => {
    const child = fork(programs, ['relay'], { stdio: [0, 'ignore', 'pipe', 'ipc', 'pipe'] })
    assert.equal(child.stdout, null)
    const ending = exited(child)
    const sent = 'data for descriptor 4'
    let received = ''
    child.on('message', (text) => {
      received += text
      if (received === sent) child.disconnect()
    })
    child.stdio[4].write(sent)
    const { stderr, ...rest } = await ending
    assert.deepEqual(statusOf(rest), SUCCESS)
    assert.equal(stderr, 'seen')
    assert.equal(received, sent)
  })

  for (const stdio of ['pipe', 'inherit', 'ignore'])
    test(`may be the word '${stdio}'`, async () => {
      const child = fork(programs, ['greet'], { stdio })
      const ending = closed(child)
      child.send({ hello: 'world' })
      const { messages, code } = await ending
      assert.deepEqual(messages, [{ foo: 'bar' }])
      assert.equal(code, 0)
    })
})

describe('a silent fork', () => {
  test('writes nothing to the outputs of its parent', async () => {
    const { stdout, stderr, ...rest } = await closed(
      spawn(process.execPath, [programs, 'silentParent']),
    )
    assert.deepEqual({ stdout, stderr }, { stdout: '', stderr: '' })
    assert.deepEqual(statusOf(rest), SUCCESS)
  })

  test('has pipes', async () => {
    const { stdout, stderr } = await closed(fork(programs, ['twoOutputs'], { silent: true }))
    assert.deepEqual({ stdout, stderr }, { stdout: 'out', stderr: 'err' })
  })

  test('exchanges messages', async () => {
    const child = fork(programs, ['answer'], { silent: true })
    const ending = closed(child)
    const answered = new Promise((resolve) => {
      child.on('message', (message) => message === 'answer' && resolve())
    })
    await once(child, 'message')
    child.send('question')
    await answered
    child.kill()
    const { messages, stdout, stderr } = await ending
    assert.deepEqual(messages, ['hello', 'answer'])
    assert.deepEqual({ stdout, stderr }, { stdout: '', stderr: '' })
  })
})
