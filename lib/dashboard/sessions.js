// The sessions with servers.

import { html, setText } from './elements.js'
import { bytes, count, duration, pidText } from './format.js'
import { numberColumn, Table } from './table.js'

/**
 * @typedef {{ pid: number | null, server: string, state: string, inFlight: number, uses: number,
 *   age: number, memory: number | null }} Session
 */

export class Sessions {
  #tally
  #table

  /** @param {(id: string) => HTMLElement} place */
  constructor(place) {
    this.#tally = place('sessions-tally')
    this.#table = new Table(place('sessions'), {
      caption: 'Sessions with servers',
      empty: 'No session is open. A server starts with its first call and stays for the next ones.',
      keyOf: (/** @type {Session} */ { pid, server }) => `${pid} ${server}`,
      columns: [
        { title: 'Server', text: ({ server }) => server, isName: true },
        {
          title: 'State',
          text: ({ state }) => state,
          value: ({ state }) => state,
          draw: drawState,
        },
        numberColumn('PID', ({ pid }) => pid, pidText),
        numberColumn('Calls', ({ inFlight }) => inFlight),
        numberColumn('Uses', ({ uses }) => uses),
        numberColumn('Age', ({ age }) => age, duration),
        numberColumn('Memory', ({ memory }) => memory, bytes),
      ],
    })
  }

  /** @param {any} snapshot */
  show({ health: { pool } }) {
    const sessions = pool?.sessions ?? []
    this.#table.show(sessions)
    setText(this.#tally, pool ? `${count(sessions.length)} of ${count(pool.maxSessions)}` : '')
    if (pool === null) this.#table.explain('This helper keeps no sessions.')
  }
}

/** @param {HTMLElement} cell @param {Session} session */
function drawState(cell, { state }) {
  if (cell.dataset.state === state) return
  cell.dataset.state = state
  cell.replaceChildren(html('span', { class: 'state', 'data-state': state, text: state }))
}
