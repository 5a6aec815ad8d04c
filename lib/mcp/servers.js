'use strict'

// The servers of a pool: those given in code, over those of a configuration that may change while
// the pool is used.

const { RefusedTokens } = require('./refused-tokens')
const { nativeServer, serverOptions, transportOf } = require('./server-options')
const { signedServer } = require('./signed-server')
const { codedError } = require('../errors')
const validate = require('../validate')

/**
 * The current transport of a server.
 * @typedef {object} Reach
 * @property {import('./server-options').Transport} [transport]
 * @property {string} [needs] - why no session can be had with it here
 * @property {string} [reason] - the same in words
 * @property {string} [command] - with which a person can sign in, for `sign-in`
 * @property {string} [accessToken] - the token in the transport, if it may be replaced
 * @property {number} until - epoch ms
 *
 * A server of a configuration.
 * @typedef {object} Configured
 * @property {string} name
 * @property {string} [file] - which says so; none for a server in code
 * @property {() => string} identity
 *   - changes when a session of the server before the change can't be used after it
 * @property {Record<string, any>} use
 * @property {string} [needs] - as far as the configuration tells
 * @property {string} [reason]
 * @property {(tool: string) => boolean} allows
 * @property {Record<string, string>} [variables]
 *   - which a process of mcporter has to be given for it
 * @property {Description} [description]
 * @property {(refused?: string) => Promise<Reach>} reach
 *   - `refused`: the access token that the server refused
 *
 * The description of a server in a listing.
 * @typedef {object} Description
 * @property {string} [description]
 * @property {{ kind: 'stdio', command: string, args: string[] } | { kind: 'http', url: string }}
 *   transport
 * @property {import('../mcporter/config/definition').Source} [source]
 *
 * A whole configuration. A change gives a new object.
 * @typedef {object} Listing
 * @property {Map<string, Configured>} servers
 * @property {{ file: string, problem: string }[]} ignored - files that were passed over
 * @property {string} [missing] - the file that would have a project's servers, if it is not there
 * @property {Error & { code: string, file: string }} [refusal]
 *   - why a configuration is of no use as a whole
 *
 * @typedef {{ list(): Promise<Listing> }} Source
 *
 * The route of calls to a server: sessions with this key, or mcporter for this reason.
 * @typedef {object} Route
 * @property {string} name
 * @property {string} [key]
 * @property {string} [needs]
 * @property {string} [reason]
 * @property {string} [command] - with which a person can sign in, for `sign-in`
 * @property {string} [file]
 * @property {(tool: string) => boolean} allows
 * @property {Record<string, string>} [variables]
 * @property {Description} [description]
 * @property {boolean} [isSigned] - whether its sessions have an access token
 */

const allowsAll = () => true
/** @type {Listing} */
const NONE = { servers: new Map(), ignored: [] }

class Servers {
  #sessions
  #given
  #defaults
  #source
  /**
   * The servers that native knows, by name: those that were called or are to be warm.
   * @type {Map<string, { key: string, identity?: string }>}
   */
  #defined = new Map()
  /**
   * The routes of the same servers.
   * @type {Map<string, { route: Route, until: number, accessToken?: string }>}
   */
  #routes = new Map()
  #refused = new RefusedTokens()
  /** The servers in code that take a token. @type {Map<string, Configured>} */
  #signed = new Map()
  #listing = NONE
  #hasLooked = false

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
    const warm = this.#warm(Object.keys(given))
    for (const [name, options] of Object.entries(given))
      if (options.auth !== undefined) this.#signed.set(name, signedServer(name, options))
    if (source === undefined) {
      for (const name of warm) if (!this.fixedRoute(name)) this.#startLater(name)
    } else if (warm.length > 0 || defaults.minWarm > 0) {
      // Later calls reject with the configuration's problem.
      this.#refresh().catch(() => {})
    }
  }

  /** @param {string} name @returns {Promise<Route | undefined>} */
  async route(name) {
    const { servers } = await this.#refresh()
    const known = this.#routes.get(name)
    if (known !== undefined && known.until > Date.now()) return known.route
    const signed = this.#signed.get(name)
    const configured = servers.get(name)
    if (signed === undefined && (configured === undefined || this.#isInCode(name)))
      return this.#ofCode(name, configured?.use)
    const asked = /** @type {Configured} */ (signed ?? configured)
    const reach = await asked.reach(this.#refused.of(name))
    // The configuration may have changed meanwhile.
    if (signed === undefined && this.#listing.servers.get(name) !== configured)
      return this.route(name)
    const route = this.#routeTo(asked, reach)
    this.#routes.set(name, { route, until: reach.until, accessToken: reach.accessToken })
    return route
  }

  /**
   * Returns the route with another token, after the server refused the token of a route. Returns
   * `undefined` if there is no other, or if the server refused a token just before.
   * @param {Route} route
   */
  async renewed({ name, key }) {
    const known = this.#routes.get(name)
    if (known !== undefined && known.route.key === key) {
      const { accessToken } = known
      if (accessToken === undefined || !this.#refused.note(name, accessToken)) return undefined
      this.#routes.delete(name)
    }
    const route = await this.route(name)
    return route?.key === key ? undefined : route
  }

  /**
   * Returns the route synchronously, where no configuration can change it.
   * @param {string} name
   * @returns {Route | undefined}
   */
  fixedRoute(name) {
    if (this.#source !== undefined || this.#signed.has(name)) return undefined
    return this.#routes.get(name)?.route ?? this.#ofCode(name)
  }

  /** Returns the names of all servers, and the problems of the configuration. */
  async all() {
    const { ignored, missing, refusal } = await this.#refresh()
    return { names: this.#names(), ignored, missing, refusal }
  }

  /**
   * Returns the route of each server, as far as it is known since the latest look.
   * @returns {Route[]}
   */
  routes() {
    return this.#names().flatMap((name) => this.known(name) ?? [])
  }

  /** Returns the same of one server. @param {string} name @returns {Route | undefined} */
  known(name) {
    const route = this.#routes.get(name)?.route
    if (route === undefined && this.#isInCode(name)) return { name, allows: allowsAll }
    return route ?? this.#listing.servers.get(name)
  }

  /**
   * Returns the names of all servers as of the latest look at the configuration. The first call
   * starts a look, so that later calls know the servers before any of them was called.
   */
  names() {
    if (!this.#hasLooked) this.#refresh().catch(() => {})
    return this.#names()
  }

  /** Returns the files that were ignored; `undefined` where no configuration is read. */
  ignored() {
    return this.#source && this.#listing.ignored
  }

  async #refresh() {
    this.#hasLooked = true
    const listing = this.#source === undefined ? NONE : await this.#source.list()
    if (listing !== this.#listing) this.#adopt(listing)
    return listing
  }

  /** @param {Listing} listing */
  #adopt(listing) {
    this.#listing = listing
    this.#routes = new Map()
    // A changed server is defined anew by its next call; its idle sessions end at once.
    for (const [name, { identity }] of this.#defined) {
      if (!this.#isInCode(name) && identity !== listing.servers.get(name)?.identity())
        this.#forget(name)
    }
    for (const name of this.#warm(this.#names())) this.#startLater(name)
  }

  /** Defines a warm server, which starts then. @param {string} name */
  #startLater(name) {
    this.route(name).catch(() => {})
  }

  /** @param {string[]} names */
  #warm(names) {
    return names.filter((name) => (this.#given[name]?.minWarm ?? this.#defaults.minWarm) > 0)
  }

  #names() {
    return [...new Set([...this.#listing.servers.keys(), ...Object.keys(this.#given)])]
  }

  /** @param {string} name */
  #isInCode(name) {
    const { command, url } = this.#given[name] ?? {}
    return command !== undefined || url !== undefined
  }

  /**
   * @param {string} name
   * @param {Record<string, any>} [use] - what a configuration says of it
   * @returns {Route | undefined}
   */
  #ofCode(name, use) {
    const given = this.#given[name]
    const transport = given && transportOf(given)
    if (transport === undefined) return undefined
    const key = this.#define(name, transport, use)
    const route = { name, key, allows: allowsAll, description: { transport } }
    this.#routes.set(name, { route, until: Infinity })
    return route
  }

  /** @param {Configured} configured @param {Reach} reach @returns {Route} */
  #routeTo(
    { name, file, allows, use, variables, description, identity },
    { transport, needs, reason, command, accessToken },
  ) {
    const isSigned = accessToken !== undefined
    const route = { name, file, allows, variables, description, isSigned }
    if (transport !== undefined && needs === undefined) {
      return { ...route, key: this.#define(name, transport, use, identity()) }
    }
    this.#forget(name)
    return { ...route, needs: needs ?? 'invalid', reason, command }
  }

  /**
   * @param {string} name
   * @param {import('./server-options').Transport} transport
   * @param {Record<string, any>} [use]
   * @param {string} [identity]
   */
  #define(name, transport, use, identity) {
    const { key, server } = nativeServer(name, transport, {
      ...this.#defaults,
      ...use,
      ...this.#given[name],
    })
    const before = this.#defined.get(name)?.key
    this.#defined.set(name, { key, identity })
    if (before === key) return key
    // Both are defined for a moment, so that calls to the old one finish and every call finds one.
    this.#sessions.define(key, server)
    if (before !== undefined) this.#retire(before)
    return key
  }

  /** @param {string} name */
  #forget(name) {
    const defined = this.#defined.get(name)
    if (defined === undefined) return
    this.#defined.delete(name)
    this.#retire(defined.key)
  }

  /** Retires a key that no name uses any more. @param {string} key */
  #retire(key) {
    if (![...this.#defined.values()].some((each) => each.key === key)) this.#sessions.retire(key)
  }
}

/**
 * Checks the options of all servers that are given in code.
 * @param {string} name
 * @param {Record<string, any>} servers
 * @param {Record<string, any>} [more]
 */
function givenServers(name, servers, more) {
  /** @type {Record<string, Record<string, any>>} */
  const given = Object.create(null)
  for (const [server, options] of Object.entries(servers)) {
    if (server === '__proto__')
      throw codedError('ERR_INVALID_CONFIG', `${name} must not name a server '__proto__'`)
    if (server.includes('\0')) throw validate.nullByte(`the name of a server in ${name}`)
    given[server] = serverOptions(`${name}.${server}`, options, more)
  }
  return given
}

module.exports = { Servers, givenServers }
