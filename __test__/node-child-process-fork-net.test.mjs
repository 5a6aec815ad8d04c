import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { closed, nothingLeft, programs, SUCCESS, statusOf } from './node-child-process/endings.mjs'
import { fork } from './node-child-process/module.mjs'

const HOST = '127.0.0.1'

afterEach(nothingLeft)

async function listen(onConnection) {
  const server = createServer(onConnection).listen(0, HOST)
  await once(server, 'listening')
  return server
}

/** Resolves with the text of a connection that has closed. */
async function textOf(socket) {
  let text = ''
  socket.setEncoding('utf8').on('data', (data) => {
    text += data
  })
  await once(socket, 'close')
  return text
}

describe('disconnect()', () => {
  test('ends the channel at both sides, once', async () => {
    const child = fork(programs, ['tellOfDisconnect'])
    // Not `once` of node:events: that would take the error which must be thrown.
    const exit = new Promise((resolve) => child.on('exit', (code) => resolve(code)))
    const connections = []
    child.on('disconnect', () => connections.push(child.connected))
    const port = await new Promise((resolve) => child.once('message', ({ port }) => resolve(port)))
    const socket = connect(port, HOST)
    assert.equal(String((await once(socket, 'data'))[0]), 'ready')
    child.disconnect()
    assert.throws(() => child.disconnect(), { code: 'ERR_IPC_DISCONNECTED' })
    assert.equal(await textOf(socket), 'false')
    assert.equal(await exit, 0)
    assert.deepEqual(connections, [false])
  })
})

describe('a server that parent and child share', () => {
  test('gives each connection to one of both, and closes in both', async () => {
    const child = fork(programs, ['shareServer'])
    const ending = closed(child)
    await once(child, 'message')
    let accepted = 0
    const server = await listen((socket) => {
      accepted++
      socket.destroy()
    })
    child.on('message', (message) => {
      if (message === 'connection') accepted++
    })
    const listening = once(child, 'message')
    child.send('server', server)
    assert.equal((await listening)[0], 'listening')
    const clients = Array.from({ length: 4 }, () => connect(server.address().port, HOST))
    await Promise.all(clients.map((client) => once(client.resume(), 'close')))
    const close = once(server, 'close')
    server.close()
    await close
    child.send('close')
    const { messages, ...rest } = await ending
    assert.equal(accepted, 4)
    assert.equal(messages.at(-1), 'closed')
    assert.deepEqual(statusOf(rest), SUCCESS)
  })
})

describe('a socket that a child gets', () => {
  test('is written by the child', async () => {
    const child = fork(programs, ['endSocket'])
    const ending = closed(child)
    assert.equal((await once(child, 'message'))[0], 'ready')
    const server = await listen((socket) => child.send('socket', socket))
    const client = connect(server.address().port, HOST)
    assert.equal(await textOf(client), 'echo')
    const close = once(server, 'close')
    server.close()
    await close
    assert.deepEqual(statusOf(await ending), SUCCESS)
  })

  test('counts as a connection of the server until the child closes it', async () => {
    const count = 12
    const child = fork(programs, ['keepSockets'])
    const ending = closed(child)
    let sent = 0
    let allSent
    const all = new Promise((resolve) => {
      allSent = resolve
    })
    const server = await listen((socket) => {
      child.send({}, socket)
      if (++sent === count) allSent()
    })
    const clients = Array.from({ length: count }, () => connect(server.address().port, HOST))
    const closings = clients.map((client) => once(client.resume(), 'close'))
    await all
    for (let close = 0; close < count; close++) {
      const answer = once(child, 'message')
      child.send({ close })
      assert.deepEqual((await answer)[0], { closed: close })
      const connections = await new Promise((resolve, reject) => {
        server.getConnections((error, number) => (error ? reject(error) : resolve(number)))
      })
      assert.equal(connections, count - close - 1)
    }
    const close = once(server, 'close')
    server.close()
    child.kill()
    await Promise.all([close, ...closings])
    assert.deepEqual(statusOf(await ending), { code: null, signal: 'SIGTERM' })
  })

  test('does no harm when the child has ended before', async () => {
    const child = fork(programs, ['exitAtMessage'])
    const close = new Promise((resolve) => child.once('close', resolve))
    const expected = ['ECONNRESET', 'ECONNREFUSED', 'EMFILE', 'EPIPE', 'ERR_IPC_CHANNEL_CLOSED']
    const tolerate = (error) => assert.ok(expected.includes(error.code), error)
    child.on('error', tolerate)
    await new Promise((resolve) => child.once('message', resolve))
    const sockets = []
    const server = await listen((socket) => sockets.push(socket.on('error', tolerate)))
    const send = () =>
      new Promise((resolve) => {
        const socket = connect(server.address().port, HOST, () => child.send({}, socket, resolve))
        sockets.push(socket.on('error', tolerate))
      })
    assert.equal(await send(), null)
    const error = await Promise.race([send(), close])
    if (error instanceof Error) tolerate(error)
    assert.equal(await close, 1)
    assert.equal(child.channel, null)
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
})

describe('datagrams', { skip: process.platform === 'win32' && 'Windows cannot share it' }, () => {
  test('reach the parent and the child that share a socket', async () => {
    const child = fork(programs, ['shareDatagrams'])
    const ending = closed(child)
    const socket = createSocket('udp4').bind(0, HOST)
    await once(socket, 'listening')
    const { port } = socket.address()
    let parentReceived = 0
    socket.once('message', () => {
      parentReceived++
      socket.close()
    })
    const received = once(child, 'message')
    child.send('socket', socket)
    assert.equal((await received)[0], 'received')
    const client = createSocket('udp4')
    const errors = []
    const timer = setInterval(() => {
      client.send('datagram', port, HOST, (error) => error && errors.push(error))
    }, 1)
    const childReceived = once(child, 'message')
    await once(socket, 'close')
    assert.equal((await childReceived)[0], 'datagram')
    clearInterval(timer)
    client.close()
    assert.equal(parentReceived, 1)
    assert.deepEqual(errors, [])
    assert.deepEqual(statusOf(await ending), SUCCESS)
  })

  test('have a port that children share where reusePort exists', async (t) => {
    const options = { type: 'udp4', reusePort: true }
    const [first, second] = [createSocket(options), createSocket(options)]
    t.after(() => {
      for (const socket of [first, second]) socket.close()
    })
    first.bind(0, HOST)
    await once(first, 'listening')
    const { port } = first.address()
    second.bind(port, HOST)
    const isShared = await once(second, 'listening').then(
      () => true,
      () => false,
    )
    if (!isShared) return t.skip('Node.js or the system has no reusePort')
    const children = [1, 2].map(() => closed(fork(programs, ['bindWithReusePort', `${port}`])))
    for (const { code } of await Promise.all(children)) assert.equal(code, 0)
  })
})
