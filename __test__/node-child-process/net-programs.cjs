'use strict'

// What the children of the tests that share sockets and servers run: see programs.cjs.

const assert = require('node:assert/strict')
const { createSocket } = require('node:dgram')
const { createServer, Socket } = require('node:net')

const HOST = '127.0.0.1'
const argument = process.argv[3]

module.exports = {
  /** Tells one connection of the channel's end. The event must come after `disconnect()`. */
  tellOfDisconnect() {
    let isAsynchronous = false
    const { disconnect } = process
    process.disconnect = (...args) => {
      disconnect.apply(process, args)
      process.once('disconnect', () => {
        isAsynchronous = true
      })
    }
    process.on('exit', () => assert.ok(isAsynchronous))
    const server = createServer((socket) => {
      process.on('disconnect', () => socket.end(String(process.connected)))
      socket.resume().on('end', () => server.close())
      socket.write('ready')
    })
    server.listen(0, HOST, () => process.send({ port: server.address().port }))
  },

  /** Accepts connections of a server that the parent listens with too. */
  shareServer() {
    process.once('message', (message, server) => {
      assert.equal(message, 'server')
      server.on('connection', (socket) => {
        process.send('connection')
        socket.destroy()
      })
      process.once('message', (next) => {
        assert.equal(next, 'close')
        server.close(() => process.send('closed'))
      })
      process.send('listening')
    })
    process.send('ready')
  },

  endSocket() {
    process.once('message', (message, socket) => {
      assert.equal(message, 'socket')
      socket.end('echo')
    })
    process.send('ready')
  },

  /** Keeps each socket that arrives, and closes them as the parent says. */
  keepSockets() {
    const sockets = []
    process.on('message', ({ close }, socket) => {
      if (close === undefined) {
        assert.ok(socket instanceof Socket)
        sockets.push(socket)
        return
      }
      assert.equal(socket, undefined)
      const tell = () => process.send({ closed: close })
      if (sockets[close].destroyed) tell()
      else sockets[close].once('close', tell).destroy()
    })
  },

  exitAtMessage() {
    process.on('message', () => process.exit(1))
    process.send('ready')
  },

  /** Takes one datagram from a socket that the parent has too. */
  shareDatagrams() {
    process.once('message', (message, socket) => {
      assert.equal(message, 'socket')
      socket.once('message', () => {
        process.send('datagram')
        socket.close()
      })
      process.send('received')
    })
  },

  bindWithReusePort() {
    const socket = createSocket({ type: 'udp4', reusePort: true })
    socket.bind(Number(argument), HOST, () => socket.close())
  },
}
