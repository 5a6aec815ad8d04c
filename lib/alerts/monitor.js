'use strict'

// Evaluates the alerts of one helper at each sample, and sends them to listeners and the webhook.

const { INITIAL, active, evaluate } = require('./evaluate')

/**
 * @typedef {import('./evaluate').Sample} Sample
 * @typedef {import('./rules').Rules} Rules
 * @typedef {import('./webhook/delivery').Delivery} Delivery
 * @typedef {import('./webhook/bodies').Notice} Notice
 * @typedef {{ deliveries: Delivery[], repeat: number, repeatsResolved: boolean }} Webhook
 *   `repeatsResolved`: true for receivers that merge repetitions
 * @typedef {{ delivery: Delivery, lastPosted: number, resolved: Map<string, { alert: Notice, left:
 *   number }> }} Receiver
 *   `lastPosted`: the time of the last request with all active alerts
 *   `resolved`: the alerts that are sent again after their end, by name
 */

/**
 * The number of times that a resolved alert is sent again. A receiver whose clock is behind takes
 * an end in its future for no end.
 */
const RESOLVED_REPEATS = 3

class Monitor {
  #onSample
  #emit
  #state = INITIAL
  /** @type {Rules} */
  #rules = new Map()
  /** @type {Webhook | undefined} */
  #webhook
  /** @type {Receiver[]} */
  #receivers = []
  /** @type {(() => void) | undefined} */
  #stopSamples

  /**
   * @param {(listener: (sample: Sample, before?: Sample) => void) => () => void} onSample
   *   `before` is the sample before, or the start of the process
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
    this.#stopSamples ??= this.#onSample((...samples) => this.#evaluate(...samples))
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
    for (const delivery of this.#webhook?.deliveries ?? []) delivery.stop()
    this.#webhook = webhook
    this.#receivers = (webhook?.deliveries ?? []).map((delivery) => ({
      delivery,
      lastPosted: -Infinity,
      resolved: new Map(),
    }))
  }

  /** @param {Sample} sample @param {Sample} [before] */
  #evaluate(sample, before) {
    // The first sample counts from the one before it, because calls may have failed in between.
    const known = { ...this.#state, last: this.#state.last ?? before }
    const { state, raised, resolved } = evaluate(known, sample, this.#rules)
    this.#state = state
    this.#post(sample.time, [...raised, ...resolved])
    for (const alert of raised) this.#emit('alert', alert)
    for (const alert of resolved) this.#emit('resolve', alert)
  }

  /**
   * Sends raised and resolved alerts to each receiver, and at intervals all active ones.
   * @param {number} time
   * @param {Notice[]} news
   */
  #post(time, news) {
    if (!this.#webhook) return
    const { repeat, repeatsResolved } = this.#webhook
    for (const receiver of this.#receivers) {
      const { delivery, lastPosted, resolved } = receiver
      // The clock may have been set back.
      const isDue = Math.abs(time - lastPosted) >= repeat && delivery.isIdle
      const ended = news.filter((alert) => 'resolvedAt' in alert)
      const notices = isDue ? [...this.active(), ...ended, ...endedBefore(resolved)] : news
      for (const { name } of news) resolved.delete(name)
      if (repeatsResolved)
        for (const alert of ended) resolved.set(alert.name, { alert, left: RESOLVED_REPEATS })
      if (notices.length === 0) continue
      if (isDue) receiver.lastPosted = time
      delivery.add(notices)
    }
  }
}

/**
 * Returns the alerts that ended before, and counts this repetition.
 * @param {Receiver['resolved']} resolved
 * @returns {Notice[]}
 */
function endedBefore(resolved) {
  const alerts = [...resolved.values()].map(({ alert }) => alert)
  for (const [name, { alert, left }] of resolved) {
    if (left > 1) resolved.set(name, { alert, left: left - 1 })
    else resolved.delete(name)
  }
  return alerts
}

module.exports = { Monitor }
