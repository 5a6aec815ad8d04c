// The servers' slots, waiters, rates and pauses. Hidden while there is nothing to show.

import { html, setText } from './elements.js'
import { count, counted, duration, NONE } from './format.js'
import { reasonWords } from './reasons.js'
import { numberColumn, Table } from './table.js'

/**
 * @typedef {{ server: string, limit: number | null, current: number, queued: number, pausedFor:
 *   number, rate: { limit: number, interval: number, recent: number } | null }} Server
 */

export class Servers {
  #panel
  #tally
  #table

  /** @param {(id: string) => HTMLElement} place */
  constructor(place) {
    this.#panel = place('servers-panel')
    this.#tally = place('servers-tally')
    this.#table = new Table(place('servers'), {
      caption: 'Limits of servers',
      empty: 'No server has a limit.',
      keyOf: (/** @type {Server} */ { server }) => server,
      columns: [
        { title: 'Server', text: ({ server }) => server, isName: true },
        numberColumn('Slots', ({ current }) => current),
        numberColumn('Limit', ({ limit }) => limit),
        numberColumn('Waiting', ({ queued }) => queued),
        { title: 'Rate', text: rateText, isNumber: true },
        {
          title: 'Paused for',
          text: pauseText,
          value: ({ pausedFor }) => pausedFor,
          isNumber: true,
          draw: drawPause,
        },
      ],
    })
  }

  /** @param {any} snapshot */
  show({ health: { semaphore } }) {
    /** @type {Server[]} */
    const servers = semaphore.servers ?? []
    const { limitedBy } = semaphore
    this.#panel.hidden = servers.length === 0
    this.#table.show(servers)
    setText(this.#tally, tallyText(servers.length, limitedBy))
  }
}

/** @param {number} servers @param {string | null} [limitedBy] */
function tallyText(servers, limitedBy) {
  const size = counted(servers, 'server')
  return limitedBy ? `${size}, waiting: ${reasonWords(limitedBy)}` : size
}

/** @param {Server} server */
function rateText({ rate }) {
  if (rate === null) return NONE
  return `${count(rate.recent)} of ${count(rate.limit)} in ${duration(rate.interval)}`
}

/** @param {Server} server */
function pauseText({ pausedFor }) {
  return pausedFor > 0 ? duration(pausedFor) : NONE
}

/** @param {HTMLElement} cell @param {Server} server */
function drawPause(cell, server) {
  const text = pauseText(server)
  const isPaused = server.pausedFor > 0
  if (cell.textContent === text && (cell.firstElementChild !== null) === isPaused) return
  cell.replaceChildren(
    isPaused ? html('span', { class: 'paused', text }) : document.createTextNode(text),
  )
}
