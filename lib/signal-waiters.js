'use strict'

// Waiters that leave when their signal is aborted. One listener for each signal, however many wait with it: adding one
// to a signal takes as long as it has listeners already.

/** @typedef {{ tickets: Set<number>, abort: () => void }} Group */

class SignalWaiters {
  #leave
  /** @type {Map<AbortSignal, Group>} */
  #groups = new Map()

  /** @param {(ticket: number, signal: AbortSignal) => void} leave called within `abort()`, in the order of arrival */
  constructor(leave) {
    this.#leave = leave
  }

  /** @param {AbortSignal} signal @param {number} ticket @param {Promise<unknown>} settled when the wait is over, either way */
  add(signal, ticket, settled) {
    const group = this.#groups.get(signal) ?? this.#watch(signal)
    group.tickets.add(ticket)
    const forget = () => {
      group.tickets.delete(ticket)
      if (group.tickets.size === 0 && this.#groups.get(signal) === group) this.#unwatch(signal, group)
    }
    settled.then(forget, forget)
  }

  /** @param {AbortSignal} signal @returns {Group} */
  #watch(signal) {
    /** @type {Set<number>} */
    const tickets = new Set()
    const abort = () => {
      this.#groups.delete(signal)
      for (const ticket of tickets) this.#leave(ticket, signal)
    }
    const group = { tickets, abort }
    this.#groups.set(signal, group)
    signal.addEventListener('abort', abort, { once: true })
    return group
  }

  /** @param {AbortSignal} signal @param {Group} group */
  #unwatch(signal, { abort }) {
    this.#groups.delete(signal)
    signal.removeEventListener('abort', abort)
  }
}

module.exports = { SignalWaiters }
