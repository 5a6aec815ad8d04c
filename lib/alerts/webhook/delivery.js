'use strict'

// The queue of alerts for the webhook: in order, one request at a time, with retries.

const { codedError } = require('../../errors')
const { bodies } = require('./bodies')

/**
 * @typedef {import('./bodies').Notice} Notice
 * @typedef {import('./options').Target} Target
 * @typedef {import('./post').Outcome} Outcome
 */

/** Maximum number of waiting alerts. The oldest are dropped. */
const MAX_WAITING = 100
/** Maximum number of alerts in one request. */
const MAX_BATCH = 20
const MAX_ATTEMPTS = 10
const FIRST_DELAY = 1000
const LONGEST_DELAY = 60_000
const LONGEST_RETRY_AFTER = 5 * 60_000

class Delivery {
  #target
  #post
  #onDropped
  #receiver
  /** @type {Notice[]} */
  #waiting = []
  /** @type {Notice[]} */
  #batch = []
  #attempts = 0
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  #isStopped = false
  #delivered = 0
  #undelivered = 0
  /** @type {string | null} */
  #lastFailure = null

  /**
   * @param {Target} target
   * @param {(target: Target, body: string) => Promise<Outcome>} post
   * @param {(error: Error) => void} onDropped called with the error of dropped alerts
   * @param {number} [receiver] the number of the address in the options
   */
  constructor(target, post, onDropped, receiver = 0) {
    this.#receiver = receiver
    this.#target = target
    this.#post = post
    this.#onDropped = onDropped
  }

  /** @param {Notice[]} notices */
  add(notices) {
    if (this.#isStopped) return
    this.#waiting.push(...notices)
    const excess = this.#waiting.splice(0, Math.max(0, this.#waiting.length - MAX_WAITING))
    if (excess.length > 0) this.#drop(excess, 'too many alerts are waiting')
    if (this.#batch.length === 0) this.#next()
  }

  /** `true` when every alert was delivered or dropped. */
  get isIdle() {
    return this.#batch.length === 0
  }

  status() {
    return {
      queued: this.#batch.length + this.#waiting.length,
      delivered: this.#delivered,
      undelivered: this.#undelivered,
      lastFailure: this.#lastFailure,
    }
  }

  /** Stops sending. A request in flight may still arrive. */
  stop() {
    this.#isStopped = true
    clearTimeout(this.#timer)
    this.#waiting = []
    this.#batch = []
  }

  #next() {
    this.#batch = this.#waiting.splice(0, MAX_BATCH)
    this.#attempts = 0
    if (this.#batch.length > 0) this.#attempt()
  }

  async #attempt() {
    const body = bodies[this.#target.format](this.#batch, this.#target, Date.now())
    const outcome = await this.#post(this.#target, JSON.stringify(body))
    if (this.#isStopped) return
    this.#attempts++
    if (outcome.isDelivered) {
      this.#delivered += this.#batch.length
      return this.#next()
    }
    this.#lastFailure = outcome.reason
    if (outcome.mayRetry && this.#attempts < MAX_ATTEMPTS) {
      const delay = retryDelay(this.#attempts, outcome.retryAfter, Math.random())
      this.#timer = setTimeout(() => this.#attempt(), delay).unref()
      return
    }
    const { reason, statusCode } = outcome
    this.#drop(this.#batch, reason, { statusCode, attempts: this.#attempts })
    this.#next()
  }

  /**
   * @param {Notice[]} notices
   * @param {string} reason
   * @param {{ statusCode?: number, attempts?: number }} [details]
   */
  #drop(notices, reason, { statusCode, attempts = 0 } = {}) {
    this.#undelivered += notices.length
    const names = notices.map(({ name }) => name)
    const message = `The webhook did not get ${[...new Set(names)].join(', ')}: ${reason}`
    const details = { alerts: names, statusCode, attempts, receiver: this.#receiver }
    this.#onDropped(codedError('ERR_WEBHOOK', message, details))
  }
}

/**
 * Returns the ms until the next attempt: doubled each time, and random, so that servers spread.
 * @param {number} attempts
 * @param {number} retryAfter
 * @param {number} random
 */
function retryDelay(attempts, retryAfter, random) {
  const backoff = Math.min(FIRST_DELAY * 2 ** (attempts - 1), LONGEST_DELAY) * (0.5 + random / 2)
  return Math.max(backoff, Math.min(retryAfter, LONGEST_RETRY_AFTER))
}

module.exports = { Delivery, retryDelay }
