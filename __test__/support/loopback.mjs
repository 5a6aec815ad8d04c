// Preloaded into a server that would listen on all addresses: it listens on the loopback one, and
// tells on which port.

import net from 'node:net'

const { listen } = net.Server.prototype
net.Server.prototype.listen = function (port, ...rest) {
  this.once('listening', () => process.stdout.write(`port ${this.address().port}\n`))
  return listen.call(this, port, '127.0.0.1', ...rest)
}
