'use strict'

// A limit of calls that follows the machine, and the rules for process starts that belong to it.
// The addon decides, once for the whole process.

const { gateMemory } = require('../metrics/memory')
const native = require('../native')

/**
 * @typedef {import('../../index').SemaphoreStatus & { limitedBy?: string | null }} Status
 * @typedef {import('../../binding').GateRules} Rules
 */
/**
 * The limit of a helper's calls.
 * @typedef {{ getStatus(): Status, resize(maxConcurrent: number, reason?: string): void,
 *   waitsForSlots(): boolean }} Limiter
 */

class Gate {
  #native
  #auto
  #budget
  /** @type {Limiter | undefined} */
  #limiter
  #wasFull = false

  /** @param {Rules} rules */
  constructor(rules) {
    this.#auto = rules.auto
    this.#budget = rules.budget
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

  /** Returns the cause for which a start waits. @returns {'slots' | 'memory' | 'cpu'} */
  cause() {
    return native.gateStatus()?.limitedBy ?? 'memory'
  }

  /** Notes a change in the queue of calls: only while calls wait may the limit rise. */
  update() {
    if (!this.#auto || this.#limiter === undefined) return
    // A call that waits for its server would not start with a higher limit.
    const isFull = this.#limiter.waitsForSlots()
    if (isFull === this.#wasFull) return
    this.#wasFull = isFull
    this.#native.setFull(isFull)
  }

  /**
   * Adds the cause of waiting and the memory to a status.
   * @param {Status} status
   * @returns {Status & { memory?: import('../mcp-helper').GateMemory }}
   */
  status({ limitedBy, ...status }) {
    const gate = native.gateStatus()
    const own = limitedBy ?? (status.queued > 0 ? 'slots' : null)
    const cause = own === null || own === 'slots' ? gate?.limitedBy : undefined
    const { maxConcurrent, current, queued, available, ...more } = status
    return {
      maxConcurrent,
      current,
      queued,
      available,
      limitedBy: cause ?? own,
      ...more,
      ...(gate && { memory: this.#memory(gate) }),
    }
  }

  /** Takes the rules back. */
  close() {
    this.#native.close()
  }

  /** @param {import('../../binding').GateStatus} gate */
  #memory(gate) {
    const budget = bytesOf(this.#budget, gate.total)
    return gateMemory({ memory: { ...gate, budget, learnt: native.gateLearnt() } })
  }

  #adopt() {
    const { limit, reason } = native.gateStatus() ?? {}
    if (this.#auto && limit !== undefined) this.#limiter?.resize(limit, reason)
  }
}

/**
 * Returns an amount in bytes, or `null` for a percentage of an unknown size.
 * @param {Rules['budget']} amount
 * @param {number} [total]
 */
function bytesOf({ bytes, percent } = {}, total) {
  if (percent === undefined) return bytes ?? null
  return total === undefined ? null : Math.round((total * percent) / 100)
}

module.exports = { Gate }
