'use strict'

// A limit of calls that follows the machine, and the rules for process starts that belong to it.
// The addon decides, once for the whole process.

const native = require('../native')

/** @typedef {import('../../index').SemaphoreStatus & { limitedBy?: string | null }} Status */
/**
 * The limit of a helper's calls.
 * @typedef {{ getStatus(): Status, resize(maxConcurrent: number, reason?: string): void }} Limiter
 */

class Gate {
  #native
  #auto
  /** @type {Limiter | undefined} */
  #limiter
  #wasFull = false

  /** @param {import('../../binding').GateRules} rules */
  constructor(rules) {
    this.#auto = rules.auto
    // The addon keeps this callback alive, so the callback must reference `this` weakly.
    const gate = new WeakRef(this)
    this.#native = new native.ProcessGate(rules, () => {
      const self = gate.deref()
      if (self !== undefined) self.#adopt()
    })
  }

  /** Returns the limit of the moment; `undefined` if the limit is a number. */
  limit() {
    return this.#auto ? native.gateStatus()?.limit : undefined
  }

  /** Keeps the limit of these calls up to date. @param {Limiter} limiter */
  follow(limiter) {
    this.#limiter = limiter
    this.#adopt()
  }

  /** Notes a change in the queue of calls: only while calls wait may the limit rise. */
  update() {
    if (!this.#auto || this.#limiter === undefined) return
    const isFull = this.#limiter.getStatus().queued > 0
    if (isFull === this.#wasFull) return
    this.#wasFull = isFull
    this.#native.setFull(isFull)
  }

  /** Adds the cause of waiting to a status. @param {Status} status @returns {Status} */
  status({ limitedBy, ...status }) {
    const own = limitedBy ?? (status.queued > 0 ? 'slots' : null)
    const cause = own === null || own === 'slots' ? native.gateStatus()?.limitedBy : undefined
    const { maxConcurrent, current, queued, available, ...more } = status
    return { maxConcurrent, current, queued, available, limitedBy: cause ?? own, ...more }
  }

  /** Takes the rules back. */
  close() {
    this.#native.close()
  }

  #adopt() {
    const { limit, reason } = native.gateStatus() ?? {}
    if (this.#auto && limit !== undefined) this.#limiter?.resize(limit, reason)
  }
}

module.exports = { Gate }
