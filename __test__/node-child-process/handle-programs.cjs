'use strict'

// What the children of the tests with sockets and servers run: see programs.cjs.

const assert = require('node:assert/strict')
const { ServerResponse } = require('node:http')
const { createServer, connect } = require('node:net')

const argument = process.argv[3]

module.exports = {
  /** Answers a request on a socket that arrives with a message. */
  serveSocket() {
    process.once('message', (request, socket) => {
      const response = new ServerResponse(request)
      response.assignSocket(socket)
      response.end()
    })
    process.send('ready')
  },

  /** Lets three messages wait in the channel, of which the second has a handle. */
  batchedHandles() {
    const symbol = Object.getOwnPropertySymbols(process).find(
      ({ description }) => description === 'kChannelHandle',
    )
    const channel = process[symbol]
    channel.readStop()
    process.stdin.once('data', (text) => {
      assert.equal(String(text), 'go\n')
      channel.readStart()
    })
    const received = []
    process.on('message', (message, handle) => {
      received.push([message, handle && typeof handle])
      handle?.close()
      if (received.length < 3) return
      process.stdout.write(JSON.stringify(received), () => process.exit())
    })
    process.stdout.write('ok\n')
  },

  writeToSocket() {
    process.once('message', (message, socket) => {
      assert.equal(message, 'socket')
      socket.write('child', () => process.send('written'))
      // The listener keeps the channel, and so the child, until the parent disconnects.
      process.on('message', () => {})
    })
  },

  /** Gives a connection to a grandchild as its stdout. */
  async serverOfOne() {
    const { spawn } = (await import('./module.mjs')).default
    let closings = 0
    const server = createServer((connection) => {
      const stdio = ['ignore', connection, 'ignore']
      spawn(process.execPath, ['--version'], { stdio }).on('close', (code) => {
        assert.equal(code, 0)
        closings++
        connection.end()
      })
    })
    server.listen(argument, () => {
      const client = connect(argument)
      client.once('data', (version) => {
        assert.equal(String(version).trim(), process.version)
        client.end(() => server.close())
      })
    })
    process.on('exit', () => assert.equal(closings, 1))
  },

  listenWithReusePort() {
    const server = createServer()
    server.listen({ port: Number(argument), host: '127.0.0.1', reusePort: true }, () => {
      server.close()
    })
  },

  /** Sends one end of a connection to itself, and writes into the other. */
  sendConnection() {
    let ends = 0
    let client
    const sendWhenBoth = () => {
      if (++ends === 2) process.send('handle', client)
    }
    // Holds the channel, so that only the channel keeps this process alive.
    process.on('message', () => {})
    const server = createServer((connection) => {
      process.once('message', (message) => {
        assert.equal(message, 'got')
        connection.end('hello')
      })
      sendWhenBoth()
    }).unref()
    server.listen(0, '127.0.0.1', () => {
      client = connect(server.address().port, '127.0.0.1', sendWhenBoth).unref()
    })
  },
}
