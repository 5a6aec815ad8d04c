'use strict'

// Host names of this machine, in two meanings: a name that permits something must be no other
// machine's, and a name that forbids something need only be able to lead here.

const { BlockList, isIP } = require('node:net')

const HERE = new BlockList()
HERE.addSubnet('127.0.0.0', 8)
HERE.addAddress('0.0.0.0')
HERE.addAddress('::1', 'ipv6')
HERE.addAddress('::', 'ipv6')

/**
 * Returns whether a name is surely this machine's: literal names only, because the address of
 * another name can change.
 * @param {string} hostname - as a URL has it, or without the brackets of IPv6
 */
function isLoopback(hostname) {
  const name = withoutBrackets(hostname)
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}

/**
 * Returns whether a name may lead to this machine: also below `localhost`, with the dot of the
 * root, by an unspecified address, or by IPv4 in IPv6.
 * @param {string} hostname - as a URL has it
 */
function mayBeLoopback(hostname) {
  const name = withoutBrackets(hostname).replace(/\.$/, '')
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  const family = isIP(name)
  return family !== 0 && HERE.check(name, family === 6 ? 'ipv6' : 'ipv4')
}

/** @param {string} hostname */
function withoutBrackets(hostname) {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}

module.exports = { isLoopback, mayBeLoopback }
