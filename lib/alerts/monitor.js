'use strict'

// Evaluates the alerts of one helper at each sample, and sends them to listeners and the webhook.

const { INITIAL, active, evaluate } = require('./evaluate')

/**
 * @typedef {import('./evaluate').Sample} Sample
 * @typedef {import('./rules').Rules} Rules
 * @typedef {import('./webhook/delivery').Delivery} Delivery
 * @typedef {{ delivery: Delivery, repeat: number }} Webhook
 */

class Monitor {
  #onSample
  #emit
  #state = INITIAL
  /** @type {Rules} */
  #rules = new Map()
  /** @type {Webhook | undefined} */
  #webhook
  /** Time of the last request with all active alerts. */
  #lastPosted = -Infinity
  /** @type {(() => void) | undefined} */
  #stopSamples

  /**
   * @param {(listener: (sample: Sample) => void) => () => void} onSample
   * @param {(event: string, value: unknown) => void} emit
   */
  constructor(onSample, emit) {
    this.#onSample = onSample
    this.#emit = emit
  }

  /** Starts, or continues with new rules. @param {Rules} rules @param {Webhook} [webhook] */
  start(rules, webhook) {
    this.#rules = rules
    if (this.#webhook !== webhook) this.#use(webhook)
    this.#stopSamples ??= this.#onSample((sample) => this.#evaluate(sample))
  }

  stop() {
    this.#stopSamples?.()
    this.#stopSamples = undefined
    this.#use(undefined)
    this.#state = INITIAL
  }

  /** Returns the raised alerts. */
  active() {
    return active(this.#state)
  }

  /**
   * Returns the alerts for a sample that listeners may not know yet; `undefined` while stopped.
   * @param {Sample} sample
   */
  activeAt(sample) {
    return this.#stopSamples && active(evaluate(this.#state, sample, this.#rules).state)
  }

  /** @param {Webhook | undefined} webhook */
  #use(webhook) {
    this.#webhook?.delivery.stop()
    this.#webhook = webhook
    this.#lastPosted = -Infinity
  }

  /** @param {Sample} sample */
  #evaluate(sample) {
    const { state, raised, resolved } = evaluate(this.#state, sample, this.#rules)
    this.#state = state
    this.#post(sample.time, [...raised, ...resolved])
    for (const alert of raised) this.#emit('alert', alert)
    for (const alert of resolved) this.#emit('resolve', alert)
  }

  /**
   * Sends raised and resolved alerts, and at intervals all active ones.
   * @param {number} time
   * @param {import('./webhook/bodies').Notice[]} news
   */
  #post(time, news) {
    if (!this.#webhook) return
    const { delivery, repeat } = this.#webhook
    // The clock may have been set back.
    const isDue = Math.abs(time - this.#lastPosted) >= repeat && delivery.isIdle
    const notices = isDue
      ? [...this.active(), ...news.filter((alert) => 'resolvedAt' in alert)]
      : news
    if (notices.length === 0) return
    if (isDue) this.#lastPosted = time
    delivery.add(notices)
  }
}

module.exports = { Monitor }
