import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer, request } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

const HOST = '127.0.0.1'

afterEach(nothingLeft)

describe('a handle in a message', () => {
  test('leaves nothing of HTTP at the socket of the parent', async (t) => {
    const child = fork(programs, ['serveSocket'])
    t.after(() => child.kill())
    const ending = closed(child)
    await once(child, 'message')
    let socket
    const server = createHttpServer(
      ({ method, headers, path, httpVersionMajor, query }, response) => {
        socket = response.socket
        child.send({ method, headers, path, httpVersionMajor, query }, socket)
        server.close()
      },
    ).listen(0, HOST)
    await once(server, 'listening')
    const client = request({ host: HOST, port: server.address().port, agent: false }).end()
    const [response] = await once(client, 'response')
    response.resume()
    await once(response, 'end')
    assert.equal(response.statusCode, 200)

    const timeout = Object.getOwnPropertySymbols(socket).find(
      ({ description }) => description === 'timeout',
    )
    assert.ok(timeout)
    assert.equal(socket[timeout], null)
    assert.equal(socket.parser, null)
    assert.equal(socket._httpMessage, null)
    client.destroy()
    child.kill()
    await ending
  })

  test('comes with its own message of a batch', async () => {
    const stdio = ['pipe', 'pipe', 'inherit', 'ipc']
    const child = spawn(process.execPath, [programs, 'batchedHandles'], { stdio })
    const ending = exited(child)
    const [greeting] = await once(child.stdout, 'data')
    assert.equal(greeting, 'ok\n')
    const server = createServer(() => assert.fail('a connection')).listen(0, HOST)
    await once(server, 'listening')
    child.send('one')
    child.send('two', server._handle)
    child.send('three')
    child.stdin.write('go\n')
    const { stdout, ...rest } = await ending
    const received = JSON.parse(stdout.slice(greeting.length))
    assert.deepEqual(received, [
      ['one', null],
      ['two', 'object'],
      ['three', null],
    ])
    assert.deepEqual(statusOf(rest), SUCCESS)
    server.close()
    await once(server, 'close')
  })

  test('stays open in the parent that keeps it open', async () => {
    const child = fork(programs, ['writeToSocket'])
    const ending = exited(child)
    const server = createServer().listen(0, HOST)
    await once(server, 'listening')
    const client = connect(server.address().port, HOST)
    let received = ''
    client.setEncoding('utf8').on('data', (text) => {
      received += text
    })
    const ended = once(client, 'end')
    const [socket] = await once(server, 'connection')
    const written = once(child, 'message')
    const sent = new Promise((resolve) => {
      child.send('socket', socket, { keepOpen: true }, resolve)
    })
    assert.equal(await sent, null)
    assert.equal((await written)[0], 'written')
    await new Promise((resolve) => socket.end('parent', resolve))
    server.close()
    child.disconnect()
    assert.deepEqual(statusOf(await ending), SUCCESS)
    await ended
    assert.equal(received, 'childparent')
  })

  test('comes from each of several children and is read in the parent', async () => {
    await Promise.all(Array.from({ length: 8 }, () => readConnectionOfChild()))
  })
})

async function readConnectionOfChild() {
  const child = fork(programs, ['sendConnection'])
  const ending = closed(child)
  const [message, connection] = await once(child, 'message')
  assert.equal(message, 'handle')
  assert.ok(connection)
  child.send('got')
  let received = ''
  connection.setEncoding('utf8').on('data', (text) => {
    received += text
  })
  await once(connection, 'end')
  assert.equal(received, 'hello')
  child.kill()
  await ending
  connection.destroy()
}

describe('a server', () => {
  test('gives a connection to a child as its stdout, and can close', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'procward-'))
    const isWindows = process.platform === 'win32'
    const path = isWindows ? `\\\\.\\pipe\\procward-${process.pid}` : join(folder, 'socket')
    const child = fork(programs, ['serverOfOne', path], { stdio: 'inherit' })
    assert.deepEqual(statusOf(await closed(child)), SUCCESS)
    await rm(folder, { recursive: true })
  })

  test('shares its port with children where reusePort exists', async (t) => {
    const options = { port: 0, host: HOST, reusePort: true }
    const server = createServer().listen(options)
    await once(server, 'listening')
    const { port } = server.address()
    if (await isRefused({ ...options, port })) {
      server.close()
      return t.skip('Node.js or the system has no reusePort')
    }
    const endings = [1, 2].map(() => closed(fork(programs, ['listenWithReusePort', `${port}`])))
    for (const ending of await Promise.all(endings)) assert.equal(ending.code, 0)
    server.close()
    await once(server, 'close')
  })
})

function isRefused(options) {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', () => resolve(true))
    server.listen(options, () => server.close(() => resolve(false)))
  })
}
