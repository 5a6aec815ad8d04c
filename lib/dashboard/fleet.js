// The place of this process in a fleet, and the use of the whole fleet. Hidden without a fleet.

import { setText } from './elements.js'
import { count, counted, NONE, wordsFor } from './format.js'
import { Table } from './table.js'

/**
 * @typedef {{ limit: number, inUse: number, waiting: number }} Use
 * @typedef {{ mode: string, address: string, processes: number, share: number | null, reason:
 *   string | null, lost: number, host: string, pid: number, use: Use | null }} Fleet
 */

/** @type {Record<string, string>} */
const WORDS = {
  connecting: 'connecting',
  fleet: 'Redis decides',
  local: 'this process decides alone',
  unreachable: 'calls are refused',
}

export class FleetPanel {
  #panel
  #tally
  #table

  /** @param {(id: string) => HTMLElement} place */
  constructor(place) {
    this.#panel = place('fleet-panel')
    this.#tally = place('fleet-tally')
    this.#table = new Table(place('fleet'), {
      caption: 'Use of the fleet',
      empty: '',
      keyOf: (/** @type {Fleet} */ { address }) => address,
      columns: [
        { title: 'This process', text: ({ host, pid }) => `${host}:${pid}`, isName: true },
        { title: 'Slots of the fleet', text: slotsText, isNumber: true },
        { title: 'Waiting', text: ({ use }) => (use ? count(use.waiting) : NONE), isNumber: true },
        { title: 'Helpers', text: ({ processes }) => count(processes), isNumber: true },
        { title: 'Lost calls', text: ({ lost }) => count(lost), isNumber: true },
      ],
    })
  }

  /** @param {any} snapshot */
  show({ health: { semaphore } }) {
    const fleet = /** @type {Fleet | undefined} */ (semaphore.fleet)
    this.#panel.hidden = fleet === undefined
    this.#table.show(fleet ? [fleet] : [])
    setText(this.#tally, fleet ? tallyText(fleet) : '')
  }
}

/** @param {Fleet} fleet */
function slotsText({ use, share }) {
  if (share !== null) return `${counted(share, 'slot')} here`
  return use ? `${count(use.inUse)} / ${count(use.limit)}` : NONE
}

/** @param {Fleet} fleet */
function tallyText({ mode, address, reason }) {
  const words = wordsFor(WORDS, mode)
  return `${address}, ${words}${reason === null ? '' : `: ${reason}`}`
}
