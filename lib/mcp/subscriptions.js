'use strict'

// Subscriptions to resources. Listeners to one resource share one subscription. A subscription
// whose session has ended is made again on a new session, after growing delays.

const { throwLater } = require('../errors')

/** The longest delay before a lost subscription is made again, in ms. */
const MAX_DELAY = 60_000
const FIRST_DELAY = 1000
/** The time in ms after which a subscription that is lost has shown that it lasts. */
const LASTING = 60_000
/** The most updates that wait for a listener whose subscription is about to begin. */
const MAX_EARLY = 64

/**
 * @typedef {import('./pending-requests').Call} Call
 * @typedef {import('./servers').Route} Route
 * @typedef {import('../../index').McpResourceUpdate} Update
 * @typedef {(update: Update) => void} Listener
 * @typedef {{ leave: () => void, hasEnded: boolean }} Stay
 * @typedef {object} Subscription
 * @property {string} server
 * @property {string} uri
 * @property {Set<User>} users
 * @property {Stay} [stay] - at the server
 * @property {Promise<{ error?: Error }>} [opening] - always fulfilled
 * @property {AbortController} [stop] - ends the latest opening
 * @property {number} [since] - the instant at which it was made last
 * @property {number} attempts - to make it again, since it lasted
 * @property {NodeJS.Timeout} [timer]
 *
 * The work of the pool for subscriptions: makes one at the server, publishes and counts the attempt
 * to make one again, and waits within a call's bounds.
 * @typedef {object} Ways
 * @property {(call: Call, uri: string, deadline: number, route: Route | undefined, onEnd: () =>
 *   void) => Promise<Stay>} begin
 * @property {(call: Call, work: () => Promise<void>) => Promise<void>} count
 * @property {<T>(promise: Promise<T>, call: Call, deadline: number) => Promise<T>} wait
 * @property {(server: string) => Call} call
 */

class Subscriptions {
  /** By server and address. @type {Map<string, Map<string, Subscription>>} */
  #all = new Map()
  #ways
  #isClosed = false

  /** @param {Ways} ways */
  constructor(ways) {
    this.#ways = ways
  }

  /**
   * Adds a listener; resolves with the function that removes it.
   * @param {Call} call
   * @param {string} uri
   * @param {Listener} listener
   * @param {number} deadline
   * @param {Route} [route]
   * @returns {Promise<() => void>}
   */
  async add(call, uri, listener, deadline, route) {
    const subscription = this.#find(call.server, uri)
    const user = new User(listener)
    const leave = () => this.#remove(subscription, user)
    subscription.users.add(user)
    try {
      await this.#opened(subscription, call, deadline, route)
    } catch (error) {
      leave()
      throw error
    }
    // The caller gets `leave` before the first update.
    process.nextTick(() => user.begin(subscription))
    return leave
  }

  /**
   * Notifies the listeners to a resource, or to one that it is a part of.
   * @param {string} server
   * @param {string} uri
   */
  updated(server, uri) {
    const subscriptions = this.#all.get(server)
    const exact = subscriptions?.get(uri)
    if (exact !== undefined) return notify(exact, { uri })
    for (const subscription of subscriptions?.values() ?? [])
      if (uri.startsWith(subscription.uri)) notify(subscription, { uri })
  }

  /** Notifies a server's listeners that updates may have been missed. @param {string} server */
  missed(server) {
    for (const subscription of this.#all.get(server)?.values() ?? [])
      notify(subscription, renewed(subscription))
  }

  /** Forgets all subscriptions, because their sessions end. */
  close() {
    this.#isClosed = true
    for (const subscriptions of this.#all.values())
      for (const { timer } of subscriptions.values()) clearTimeout(timer)
    this.#all.clear()
  }

  /** @param {string} server @param {string} uri */
  #find(server, uri) {
    const ofServer = this.#all.get(server) ?? new Map()
    this.#all.set(server, ofServer)
    /** @type {Subscription} */
    const subscription = ofServer.get(uri) ?? { server, uri, users: new Set(), attempts: 0 }
    ofServer.set(uri, subscription)
    return subscription
  }

  /**
   * Waits until a subscription is made at the server.
   * @param {Subscription} subscription
   * @param {Call} call
   * @param {number} deadline
   * @param {Route} [route]
   */
  async #opened(subscription, call, deadline, route) {
    while (subscription.stay === undefined) {
      const isOwn = subscription.opening === undefined
      const opening = subscription.opening ?? this.#open(subscription, call, deadline, route)
      const { error } = await this.#ways.wait(opening, call, deadline)
      if (error === undefined) return
      // Another caller's attempt fails for that caller alone.
      if (isOwn) throw error
    }
  }

  /**
   * Makes the subscription at the server. The attempt belongs to all callers, and ends when the
   * last of them leaves.
   * @param {Subscription} subscription
   * @param {Call} call
   * @param {number} deadline
   * @param {Route} [route]
   */
  #open(subscription, call, deadline, route) {
    clearTimeout(subscription.timer)
    const stop = new AbortController()
    subscription.stop = stop
    const own = { ...call, signal: stop.signal }
    const opening = this.#begin(subscription, own, deadline, route).finally(() => {
      subscription.opening = undefined
    })
    subscription.opening = opening
    return opening
  }

  /**
   * @param {Subscription} subscription
   * @param {Call} call
   * @param {number} deadline
   * @param {Route} [route]
   * @returns {Promise<{ error?: Error }>}
   */
  async #begin(subscription, call, deadline, route) {
    const lost = () => this.#lost(subscription)
    try {
      const stay = await this.#ways.begin(call, subscription.uri, deadline, route, lost)
      const isAgain = subscription.since !== undefined
      subscription.since = performance.now()
      // All callers may have left meanwhile.
      if (subscription.users.size === 0) stay.leave()
      else subscription.stay = stay
      if (isAgain) notify(subscription, renewed(subscription), (user) => user.hasBegun)
      if (stay.hasEnded) this.#lost(subscription)
      return {}
    } catch (error) {
      return { error: /** @type {Error} */ (error) }
    }
  }

  /** @param {Subscription} subscription @param {User} user */
  #remove(subscription, user) {
    const { server, uri, timer, users } = subscription
    if (!users.delete(user) || users.size > 0) return
    clearTimeout(timer)
    subscription.stop?.abort()
    subscription.stay?.leave()
    subscription.stay = undefined
    const ofServer = this.#all.get(server)
    if (ofServer?.get(uri) !== subscription) return
    ofServer.delete(uri)
    if (ofServer.size === 0) this.#all.delete(server)
  }

  /** @param {Subscription} subscription */
  #lost(subscription) {
    if (subscription.stay === undefined) return
    subscription.stay = undefined
    if (performance.now() - (subscription.since ?? 0) > LASTING) subscription.attempts = 0
    this.#openLater(subscription)
  }

  /** @param {Subscription} subscription */
  #openLater(subscription) {
    if (this.#isClosed || subscription.users.size === 0) return
    const { attempts } = subscription
    subscription.attempts++
    const delay = attempts === 0 ? 0 : Math.min(FIRST_DELAY * 2 ** (attempts - 1), MAX_DELAY)
    subscription.timer = setTimeout(() => this.#again(subscription), delay).unref()
  }

  /** @param {Subscription} subscription */
  async #again(subscription) {
    // Another caller may have begun.
    if (subscription.stay !== undefined || subscription.opening !== undefined) return
    const call = this.#ways.call(subscription.server)
    const deadline = performance.now() + call.timeout
    const work = async () => {
      const { error } = await this.#open(subscription, call, deadline)
      if (error !== undefined) throw error
    }
    await this.#ways.count(call, work).catch(() => this.#openLater(subscription))
  }
}

/** A listener. Updates that come while its subscription is being made wait for its beginning. */
class User {
  hasBegun = false
  #listener
  /** @type {Map<string, Update>} */
  #early = new Map()

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener
  }

  /** @param {Subscription} subscription */
  begin(subscription) {
    this.hasBegun = true
    const early = [...this.#early.values()]
    this.#early.clear()
    for (const update of early) if (subscription.users.has(this)) this.#notify(update)
  }

  /** @param {Subscription} subscription @param {Update} update */
  take(subscription, update) {
    if (this.hasBegun) return this.#notify(update)
    if (update.renewed || this.#early.size === MAX_EARLY)
      this.#early = new Map([['', renewed(subscription)]])
    else if (!this.#early.has('')) this.#early.set(update.uri, update)
  }

  /** @param {Update} update */
  #notify(update) {
    try {
      this.#listener(update)
    } catch (error) {
      throwLater(error)
    }
  }
}

/**
 * Returns the update that tells that others may have been missed.
 * @param {Subscription} subscription
 * @returns {Update}
 */
function renewed({ uri }) {
  return { uri, renewed: true }
}

/**
 * @param {Subscription} subscription
 * @param {Update} update
 * @param {(user: User) => boolean} [isMeant]
 */
function notify(subscription, update, isMeant = () => true) {
  for (const user of [...subscription.users]) if (isMeant(user)) user.take(subscription, update)
}

module.exports = { Subscriptions }
