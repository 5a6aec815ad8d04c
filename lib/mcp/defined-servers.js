'use strict'

// The servers that the addon knows, each under a number, which is cheaper to pass than a key.

const { prepareFor } = require('./trust')

/** The number that stands for no server. */
const NO_SERVER = 0

/**
 * @typedef {{ number: number, maxBuffer: number, isHttp: boolean, address?: string, headers?:
 *   import('./tool-headers').ToolHeaders, listing?: Promise<void> }} Server
 *   - `address`: of a server over HTTP that was not called yet
 *   - `headers`: which its tools want, once that is known
 */

class DefinedServers {
  #native
  #wanted
  /** By key. @type {Map<string, Server>} */
  #servers = new Map()
  /** The names by number. @type {Map<number, string>} */
  #names = new Map()
  #last = NO_SERVER
  /** The levels of log messages, by name of the server. @type {Map<string, string>} */
  #levels = new Map()

  /**
   * @param {import('../../binding').McpSessions} native
   * @param {string[]} wanted - the methods of notifications
   */
  constructor(native, wanted) {
    this.#native = native
    this.#wanted = wanted
  }

  /** @param {string} key @param {import('./server-options').NativeServer} server */
  define(key, server) {
    const number = this.#servers.get(key)?.number ?? ++this.#last
    const { maxBuffer, url: address } = server
    const known = { number, maxBuffer, isHttp: address !== undefined, address }
    this.#servers.set(key, known)
    // A warm server starts at once.
    if (server.minWarm > 0) prepare(known)
    this.#names.set(number, server.name)
    const logLevel = this.#levels.get(server.name)
    this.#native.define(number, { ...server, events: this.#wanted, logLevel })
  }

  /**
   * Asks a server for log messages from this level on, in each session when it is used next.
   * @param {string} server
   * @param {string} level
   */
  setLogLevel(server, level) {
    this.#levels.set(server, level)
    for (const [number, name] of this.#names)
      if (name === server) this.#native.setLogLevel(number, level)
  }

  /** @param {string} key */
  retire(key) {
    const server = this.#servers.get(key)
    if (server === undefined) return
    this.#servers.delete(key)
    this.#names.delete(server.number)
    this.#native.retire(server.number)
  }

  /** @param {string} key */
  get(key) {
    return this.#servers.get(key)
  }

  /** Returns a server that is about to be asked. @param {string} key */
  ready(key) {
    const server = this.#servers.get(key)
    if (server?.address !== undefined) prepare(server)
    return server
  }

  /** @param {number} number */
  nameOf(number) {
    return this.#names.get(number)
  }
}

/**
 * Passes proxies and certificates to the addon before the first request over HTTP. Later requests
 * skip this slow step.
 * @param {Server} server
 */
function prepare(server) {
  if (server.address === undefined) return
  prepareFor(server.address)
  server.address = undefined
}

module.exports = { DefinedServers, NO_SERVER }
