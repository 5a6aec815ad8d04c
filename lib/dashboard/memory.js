// The memory by which processes start, and that learnt about each server. Hidden without a gate.

import { setText } from './elements.js'
import { bytes, count, counted } from './format.js'
import { numberColumn, Table } from './table.js'

/**
 * @typedef {{ server: string, mean: number, deviation: number, peaks: number, running: number,
 *   waiting: number }} Learnt
 * @typedef {{ budget: number | null, available: number | null, reserve: number | null, used:
 *   number, running: number, waiting: number, learnt: Learnt[] }} GateMemory
 */

export class Memory {
  #panel
  #tally
  #table

  /** @param {(id: string) => HTMLElement} place */
  constructor(place) {
    this.#panel = place('memory-panel')
    this.#tally = place('memory-tally')
    this.#table = new Table(place('memory'), {
      caption: 'Memory learnt by server',
      empty: 'No process has started yet.',
      keyOf: (/** @type {Learnt} */ { server }) => server,
      columns: [
        { title: 'Server', text: ({ server }) => server, isName: true },
        numberColumn('Expected peak', ({ mean }) => mean, bytes),
        numberColumn('Deviation', ({ deviation }) => deviation, bytes),
        numberColumn('Peaks', ({ peaks }) => peaks, peaksText),
        numberColumn('Running', ({ running }) => running),
        numberColumn('Waiting', ({ waiting }) => waiting),
      ],
    })
  }

  /** @param {any} snapshot */
  show({ health: { semaphore } }) {
    const memory = /** @type {GateMemory | undefined} */ (semaphore.memory)
    this.#panel.hidden = memory === undefined
    this.#table.show(memory?.learnt ?? [])
    setText(this.#tally, memory ? tallyText(memory) : '')
  }
}

/** @param {GateMemory} memory */
function tallyText({ budget, available, reserve, used, running, waiting }) {
  const own = budget === null ? bytes(used) : `${bytes(used)} of ${bytes(budget)}`
  const processes = counted(running, 'process', 'processes')
  const starts = waiting > 0 ? `, ${counted(waiting, 'start waits', 'starts wait')}` : ''
  return `${own} in ${processes}${starts}, ${bytes(available)} available, ${bytes(reserve)} stays free`
}

/** @param {number} peaks */
function peaksText(peaks) {
  return peaks === 0 ? 'unknown' : count(peaks)
}
