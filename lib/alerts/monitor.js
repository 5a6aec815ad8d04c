'use strict'

// The alerts of one helper: evaluated at each sample, told to listeners and the webhook.

const { INITIAL, active, evaluate } = require('./evaluate')

/**
 * @typedef {import('./evaluate').Sample} Sample
 * @typedef {import('./rules').Rules} Rules
 * @typedef {import('./webhook/delivery').Delivery} Delivery
 * @typedef {{ delivery: Delivery, repeat: number }} Webhook
 */

class Monitor {
  #onSample
  #tell
  #state = INITIAL
  /** @type {Rules} */
  #rules = new Map()
  /** @type {Webhook | undefined} */
  #webhook
  /** When the webhook was last told of all that is active. */
  #lastPosted = -Infinity
  /** @type {(() => void) | undefined} */
  #stopSamples

  /**
   * @param {(listener: (sample: Sample) => void) => () => void} onSample
   * @param {(event: string, value: unknown) => void} tell
   */
  constructor(onSample, tell) {
    this.#onSample = onSample
    this.#tell = tell
  }

  /** Goes on by these rules. @param {Rules} rules @param {Webhook} [webhook] */
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

  /** Those that were told. */
  active() {
    return active(this.#state)
  }

  /**
   * Those of this moment, which may not have been told yet; `undefined` where nothing is watched.
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
    for (const alert of raised) this.#tell('alert', alert)
    for (const alert of resolved) this.#tell('resolve', alert)
  }

  /**
   * What is new, or once in a while what is still so.
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
