'use strict'

// Waiters that leave when their signal is aborted. Each signal has one listener for all of
// procward: at the eleventh Node.js warns of a leak, and adding one takes as long as the signal has
// listeners already.

/**
 * The signals that have waiters. A signal that only its waiters refer to is kept here.
 * @type {Map<AbortSignal, Group>}
 */
const groups = new Map()

/** The waiters of one owner. @template Ticket */
class SignalWaiters {
  #leave

  /**
   * @param {(ticket: Ticket, signal: AbortSignal) => void} leave
   *   - called within `abort()`, in the order of arrival
   */
  constructor(leave) {
    this.#leave = leave
  }

  /**
   * Adds a waiter to a signal that is not aborted yet.
   * @param {AbortSignal} signal
   * @param {Ticket} ticket
   */
  add(signal, ticket) {
    const group = groups.get(signal)
    if (group !== undefined) return group.add(this, ticket)
    const first = new Group(this, ticket)
    groups.set(signal, first)
    signal.addEventListener('abort', first, { once: true })
  }

  /**
   * Adds a waiter until its promise is settled.
   * @param {AbortSignal} signal
   * @param {Ticket} ticket
   * @param {Promise<unknown>} promise
   */
  addUntilSettled(signal, ticket, promise) {
    this.add(signal, ticket)
    const forget = () => this.delete(signal, ticket)
    promise.then(forget, forget)
  }

  /**
   * Removes a waiter that does not wait any more; with a signal's last one its listener goes.
   * @param {AbortSignal} signal
   * @param {Ticket} ticket
   */
  delete(signal, ticket) {
    const group = groups.get(signal)
    if (group === undefined || !group.delete(this, ticket)) return
    groups.delete(signal)
    signal.removeEventListener('abort', group)
  }

  /** @param {Ticket} ticket @param {AbortSignal} signal */
  leave(ticket, signal) {
    this.#leave(ticket, signal)
  }
}

/** The listener of a signal. Most signals have one waiter, which takes no collection. */
class Group {
  /** @type {SignalWaiters<any> | undefined} */
  #owner
  /** @type {unknown} */
  #ticket
  /** The waiters after the first. @type {Map<SignalWaiters<any>, Set<unknown>> | undefined} */
  #others

  /** @param {SignalWaiters<any>} owner @param {unknown} ticket */
  constructor(owner, ticket) {
    this.#owner = owner
    this.#ticket = ticket
  }

  /** @param {SignalWaiters<any>} owner @param {unknown} ticket */
  add(owner, ticket) {
    this.#others ??= new Map()
    const tickets = this.#others.get(owner)
    if (tickets === undefined) this.#others.set(owner, new Set([ticket]))
    else tickets.add(ticket)
  }

  /** Returns if no waiter is left. @param {SignalWaiters<any>} owner @param {unknown} ticket */
  delete(owner, ticket) {
    if (this.#owner === owner && this.#ticket === ticket) this.#owner = undefined
    const tickets = this.#others?.get(owner)
    if (tickets?.delete(ticket) && tickets.size === 0) this.#others?.delete(owner)
    return this.#owner === undefined && !this.#others?.size
  }

  /** @param {Event} event */
  handleEvent({ target }) {
    const signal = /** @type {AbortSignal} */ (target)
    this.#owner?.leave(this.#ticket, signal)
    for (const [owner, tickets] of this.#others ?? []) {
      // A waiter may be deleted meanwhile.
      for (const ticket of tickets) owner.leave(ticket, signal)
    }
    groups.delete(signal)
  }
}

/** Functions to call when their signal is aborted. @type {SignalWaiters<() => void>} */
const abortListeners = new SignalWaiters((listener) => listener())

module.exports = { SignalWaiters, abortListeners }
