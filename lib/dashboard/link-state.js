// The state of the connection to the server, and the notice that goes with it.

import { setText } from './elements.js'
import { clock, counted } from './format.js'

/** @typedef {import('./connection.js').State} State */

const WORDS = {
  connecting: 'Connecting',
  live: 'Live',
  polling: 'Polling',
  lost: 'Disconnected',
  draining: 'Draining',
}

export class LinkState {
  #place
  #announce
  /** @type {State} */
  #state = 'connecting'
  #isRefused = false
  /** The latest. @type {any} */
  #snapshot
  /** @type {number | undefined} */
  #pausedAt

  /** @param {(id: string) => HTMLElement} place @param {(text: string) => void} announce */
  constructor(place, announce) {
    this.#place = place
    this.#announce = announce
  }

  /** @param {any} snapshot */
  receive(snapshot) {
    this.#snapshot = snapshot
    this.#draw()
  }

  /**
   * Shows a state. Returns whether a connection that was lost is there again.
   * @param {State} state
   * @param {boolean} isRefused
   */
  show(state, isRefused) {
    const isBack = this.#state === 'lost' && state !== 'lost'
    this.#state = state
    this.#isRefused = isRefused
    this.#draw()
    return isBack
  }

  /** Shows that the page stands still. @param {number} [time] of the moment that it shows */
  pausedAt(time) {
    this.#pausedAt = time
    this.#draw()
  }

  #draw() {
    const isLost = this.#state === 'lost'
    const isDraining = !isLost && this.#snapshot?.draining
    const shown = isDraining ? 'draining' : this.#state
    const isPaused = this.#pausedAt !== undefined
    const link = this.#place('link')
    link.dataset.state = shown
    link.classList.toggle('paused-page', isPaused)
    const pause = isPaused ? `, paused at ${clock(Number(this.#pausedAt))}` : ''
    setText(this.#place('link-text'), `${WORDS[shown]}${pause}`)
    document.body.classList.toggle('stale', isLost && this.#snapshot !== undefined)
    const notice = this.#notice()
    if (notice !== '' && this.#place('notice').textContent === '') this.#announce(notice)
    setText(this.#place('notice'), notice)
  }

  #notice() {
    const snapshot = this.#snapshot
    if (this.#state === 'lost') {
      if (this.#isRefused)
        return 'The server no longer knows this browser. Load the page again to log in.'
      if (snapshot === undefined) return 'The server does not answer. Trying again.'
      const last = `The numbers are those of ${clock(snapshot.time)}.`
      return snapshot.draining
        ? `The server has shut down. ${last}`
        : `No connection to the server. Trying again. ${last}`
    }
    if (!snapshot?.draining) return ''
    const running = snapshot.health.activeProcesses.processes.length
    const calls = counted(running, 'call still runs', 'calls still run')
    return `The server is shutting down: no new call starts, ${calls}.`
  }
}
