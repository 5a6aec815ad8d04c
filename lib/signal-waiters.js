'use strict'

// Waiters that leave when their signal is aborted. Each signal has one listener for all of procward: at the eleventh Node.js
// warns of a leak, and adding one takes as long as the signal has listeners already.

/** @typedef {{ waiters: Map<SignalWaiters<any>, Set<any>>, abort: () => void }} Group */

/** The signals that have waiters. A signal that only its waiters refer to is kept here. @type {Map<AbortSignal, Group>} */
const groups = new Map()

/** The waiters of one owner. @template Ticket */
class SignalWaiters {
  #leave

  /** @param {(ticket: Ticket, signal: AbortSignal) => void} leave - called within `abort()`, in the order of arrival */
  constructor(leave) {
    this.#leave = leave
  }

  /** Adds a waiter to a signal that is not aborted yet. @param {AbortSignal} signal @param {Ticket} ticket */
  add(signal, ticket) {
    const { waiters } = groups.get(signal) ?? watch(signal)
    const tickets = waiters.get(this)
    if (tickets === undefined) waiters.set(this, new Set([ticket]))
    else tickets.add(ticket)
  }

  /** Removes a waiter that does not wait any more; with a signal's last one its listener goes. @param {AbortSignal} signal @param {Ticket} ticket */
  delete(signal, ticket) {
    const group = groups.get(signal)
    const tickets = group?.waiters.get(this)
    if (group === undefined || !tickets?.delete(ticket) || tickets.size > 0) return
    group.waiters.delete(this)
    if (group.waiters.size > 0) return
    groups.delete(signal)
    signal.removeEventListener('abort', group.abort)
  }

  /** @param {Set<Ticket>} tickets @param {AbortSignal} signal */
  leave(tickets, signal) {
    for (const ticket of tickets) this.#leave(ticket, signal)
  }
}

/** @param {AbortSignal} signal @returns {Group} */
function watch(signal) {
  /** @type {Group['waiters']} */
  const waiters = new Map()
  const abort = () => {
    // A waiter may be deleted meanwhile.
    for (const [owner, tickets] of waiters) owner.leave(tickets, signal)
    groups.delete(signal)
  }
  const group = { waiters, abort }
  groups.set(signal, group)
  signal.addEventListener('abort', abort, { once: true })
  return group
}

/** Functions to call when their signal is aborted. @type {SignalWaiters<() => void>} */
const abortListeners = new SignalWaiters((listener) => listener())

module.exports = { SignalWaiters, abortListeners }
