// The failed calls that the server keeps.

import { setText } from './elements.js'
import { clock, count, counted, latency, NONE, sum } from './format.js'
import { numberColumn, Table } from './table.js'

/**
 * @typedef {{ time: number, server: string, tool: string, code: string, duration: number,
 *   message?: string }} FailedCall
 */

export class Failures {
  #tally
  #hint
  #table

  /** @param {(id: string) => HTMLElement} place */
  constructor(place) {
    this.#tally = place('failures-tally')
    this.#hint = place('failures-hint')
    this.#table = new Table(place('failures'), {
      caption: 'Recent failed calls',
      empty: 'No call has failed yet.',
      keyOf: (/** @type {FailedCall} */ { time, server, tool, code }) =>
        `${time} ${server} ${tool} ${code}`,
      columns: [
        { title: 'When', text: ({ time }) => clock(time), value: ({ time }) => time },
        { title: 'Server', text: ({ server }) => server, isName: true },
        { title: 'Tool', text: ({ tool }) => tool, isName: true },
        { title: 'Code', text: ({ code }) => code, value: ({ code }) => code },
        numberColumn(
          'After',
          ({ duration: after }) => after,
          (after) => latency(after / 1000),
        ),
        { title: 'Message', text: ({ message }) => message || NONE, isLong: true },
      ],
    })
  }

  /** @param {any} snapshot */
  show({ failedCalls, metrics }) {
    this.#table.show(failedCalls)
    const shown = failedCalls.length
    setText(this.#tally, shown === 0 ? '' : `${shown} of ${allFailed(metrics)}`)
    this.#hint.hidden = !failedCalls.some(
      (/** @type {FailedCall} */ { message }) => message === undefined,
    )
  }
}

/** Counts the calls that failed, and apart those that got no slot. @param {any} metrics */
function allFailed({ calls, rejected }) {
  const total = (/** @type {any[]} */ each) => sum(each.flatMap((counts) => Object.values(counts)))
  const failed = total(calls.map((/** @type {any} */ { failures }) => failures))
  const unserved = total([rejected])
  if (unserved === 0) return counted(failed, 'failed call')
  return `${count(failed + unserved)}: ${count(failed)} failed, ${count(unserved)} got no slot`
}
