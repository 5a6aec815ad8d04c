'use strict'

// Which servers there are: those given in code, over those of a configuration that may change while we run.

const { nativeServer, serverOptions, transportOf } = require('./server-options')
const { codedError } = require('../errors')

/**
 * A server of a configuration. `needs` says why no session can be had with it here, where that is so.
 * @typedef {{ name: string, transport?: import('./server-options').Transport, use?: Record<string, any>, needs?: string,
 *   allows?: (tool: string) => boolean }} Configured
 *
 * @typedef {{ servers(): Map<string, Configured> | Promise<Map<string, Configured>> }} Source
 *
 * What becomes of calls to a server: sessions with this key, or something else for this reason.
 * @typedef {{ name: string, key?: string, needs?: string, allows: (tool: string) => boolean }} Route
 */

const allowsAll = () => true
/** @type {Map<string, Configured>} */
const NONE = new Map()

class Servers {
  #sessions
  #given
  #defaults
  #source
  /** What native knows, by name. @type {Map<string, string>} */
  #keys = new Map()
  /** @type {Map<string, Route>} */
  #routes = new Map()
  /** What the routes were made from. @type {Map<string, Configured> | undefined} */
  #configured

  /**
   * @param {import('./sessions').Sessions} sessions
   * @param {Record<string, Record<string, any>>} given - checked options by name
   * @param {Record<string, any>} defaults - how servers are used that say nothing of it themselves
   * @param {Source} [source]
   */
  constructor(sessions, given, defaults, source) {
    this.#sessions = sessions
    this.#given = given
    this.#defaults = defaults
    this.#source = source
    const isWarm = Object.values(given).some(({ minWarm }) => minWarm > 0)
    if (source === undefined) this.#adopt(NONE)
    // Who calls later hears what is wrong with the configuration.
    else if (isWarm) this.#refresh().catch(() => {})
  }

  /** @param {string} name @returns {Promise<Route | undefined>} */
  async route(name) {
    return (await this.#refresh()).get(name)
  }

  /** The same at once, where no configuration can say anything else. @param {string} name @returns {Route | undefined} */
  fixedRoute(name) {
    return this.#source === undefined ? this.#routes.get(name) : undefined
  }

  /** @returns {Promise<string[]>} */
  async names() {
    return [...(await this.#refresh()).keys()]
  }

  /** Those that were known when somebody last asked for one. */
  routes() {
    return [...this.#routes.values()]
  }

  async #refresh() {
    const configured = this.#source === undefined ? NONE : await this.#source.servers()
    if (configured !== this.#configured) this.#adopt(configured)
    return this.#routes
  }

  /** @param {Map<string, Configured>} configured */
  #adopt(configured) {
    this.#configured = configured
    this.#routes = new Map()
    for (const name of new Set([...configured.keys(), ...Object.keys(this.#given)])) {
      const route = this.#define(name, configured.get(name))
      if (route) this.#routes.set(name, route)
    }
    for (const [name, key] of this.#keys) {
      if (this.#routes.get(name)?.key === key) continue
      this.#keys.delete(name)
      this.#retire(key)
    }
  }

  /** @param {string} name @param {Configured} [configured] @returns {Route | undefined} */
  #define(name, configured) {
    const given = this.#given[name] ?? {}
    const inCode = transportOf(given)
    const transport = inCode ?? configured?.transport
    const allows = (inCode ? undefined : configured?.allows) ?? allowsAll
    if (transport === undefined) return configured && { name, needs: configured.needs ?? 'no-transport', allows }
    if (inCode === undefined && configured?.needs) return { name, needs: configured.needs, allows }
    const { key, server } = nativeServer(name, transport, { ...this.#defaults, ...configured?.use, ...given })
    const before = this.#keys.get(name)
    if (before !== key) {
      // Both are there for a moment: calls to the old one finish, and no call finds neither.
      this.#sessions.define(key, server)
      this.#keys.set(name, key)
      if (before !== undefined) this.#retire(before)
    }
    return { name, key, allows }
  }

  /** Two names may stand for one server. @param {string} key */
  #retire(key) {
    if (![...this.#keys.values()].includes(key)) this.#sessions.retire(key)
  }
}

/** Checked options of all servers that are given in code. @param {string} name @param {Record<string, any>} servers @param {Record<string, any>} [more] */
function givenServers(name, servers, more) {
  /** @type {Record<string, Record<string, any>>} */
  const given = Object.create(null)
  for (const [server, options] of Object.entries(servers)) {
    if (server === '__proto__') throw codedError('ERR_INVALID_CONFIG', `${name} must not name a server '__proto__'`)
    given[server] = serverOptions(`${name}.${server}`, options, more)
  }
  return given
}

module.exports = { Servers, givenServers }
