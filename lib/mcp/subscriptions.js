'use strict'

// Subscriptions to resources. Listeners to one resource share one subscription. A subscription
// whose session has ended is made again on a new session, after growing delays.

const { throwLater } = require('../errors')

/** The longest delay before a lost subscription is made again, in ms. */
const MAX_DELAY = 60_000
const FIRST_DELAY = 1000
/** The time in ms after which a subscription that is lost has shown that it lasts. */
const LASTING = 60_000

/**
 * @typedef {import('./sessions').Call} Call
 * @typedef {import('./servers').Route} Route
 * @typedef {(update: import('../../index').McpResourceUpdate) => void} Listener
 * @typedef {{ leave: () => void, hasEnded: boolean }} Stay
 * @typedef {object} Subscription
 * @property {string} server
 * @property {string} uri
 * @property {Set<{ listener: Listener }>} listeners
 * @property {number} users - the listeners, and the callers that are about to have one
 * @property {Stay} [stay] - at the server
 * @property {Promise<void>} [opening] - always fulfilled
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
 * @property {(promise: Promise<void>, call: Call, deadline: number) => Promise<void>} wait
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
    subscription.users++
    try {
      while (subscription.opening !== undefined)
        await this.#ways.wait(subscription.opening, call, deadline)
      if (subscription.stay === undefined) await this.#open(subscription, call, deadline, route)
    } catch (error) {
      this.#release(subscription)
      throw error
    }
    const own = { listener }
    subscription.listeners.add(own)
    return () => {
      if (subscription.listeners.delete(own)) this.#release(subscription)
    }
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
    for (const subscription of this.#all.get(server)?.values() ?? []) renewed(subscription)
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
    const subscription = ofServer.get(uri) ?? {
      server,
      uri,
      listeners: new Set(),
      users: 0,
      attempts: 0,
    }
    ofServer.set(uri, subscription)
    return subscription
  }

  /**
   * Makes the subscription at the server.
   * @param {Subscription} subscription
   * @param {Call} call
   * @param {number} deadline
   * @param {Route} [route]
   */
  async #open(subscription, call, deadline, route) {
    clearTimeout(subscription.timer)
    const lost = () => this.#lost(subscription)
    const opening = this.#ways.begin(call, subscription.uri, deadline, route, lost)
    const settled = () => {
      subscription.opening = undefined
    }
    subscription.opening = opening.then(settled, settled)
    const stay = await opening
    const isAgain = subscription.since !== undefined
    subscription.since = performance.now()
    // All callers may have left meanwhile.
    if (subscription.users === 0) return stay.leave()
    subscription.stay = stay
    if (isAgain) renewed(subscription)
    if (stay.hasEnded) this.#lost(subscription)
  }

  /** @param {Subscription} subscription */
  #release(subscription) {
    const { server, uri, timer } = subscription
    if (--subscription.users > 0) return
    clearTimeout(timer)
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
    if (this.#isClosed || subscription.users === 0) return
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
    await this.#ways
      .count(call, () => this.#open(subscription, call, deadline))
      .catch(() => this.#openLater(subscription))
  }
}

/** @param {Subscription} subscription */
function renewed(subscription) {
  notify(subscription, { uri: subscription.uri, renewed: true })
}

/** @param {Subscription} subscription @param {import('../../index').McpResourceUpdate} update */
function notify({ listeners }, update) {
  for (const { listener } of [...listeners]) {
    try {
      listener(update)
    } catch (error) {
      throwLater(error)
    }
  }
}

module.exports = { Subscriptions }
