// The latencies of calls by tool.

import { setText, svg } from './elements.js'
import { count, latency, sum } from './format.js'
import { sorted } from './rows.js'
import { numberColumn, Table } from './table.js'

/**
 * @typedef {{ server: string, tool: string, count: number, failures: Record<string, number>, p50:
 *   number, p95: number, p99: number, max: number }} Latency
 */

const SPREAD_WIDTH = 84
const QUANTILES = /** @type {const} */ (['p50', 'p95', 'p99', 'max'])

export class Latencies {
  #tally
  #table

  /** @param {(id: string) => HTMLElement} place */
  constructor(place) {
    this.#tally = place('latency-tally')
    this.#table = new Table(place('latency'), {
      caption: 'Latency by tool',
      empty: 'No call has finished yet.',
      keyOf: (/** @type {Latency} */ { server, tool }) => `${server} ${tool}`,
      columns: [
        { title: 'Server', text: ({ server }) => server, isName: true },
        { title: 'Tool', text: ({ tool }) => tool, isName: true },
        numberColumn('Calls', (row) => row.count),
        numberColumn('Failed', failed),
        ...QUANTILES.map((name) =>
          numberColumn(
            name === 'max' ? 'Max' : name,
            (/** @type {Latency} */ row) => row[name],
            latency,
          ),
        ),
        { title: 'p50 – max', text: () => '', draw: drawSpread },
      ],
    })
  }

  /** @param {any} snapshot */
  show({ metrics: { calls } }) {
    this.#table.show(sorted(calls, (/** @type {Latency} */ { p95 }) => p95, true))
    setText(this.#tally, count(calls.length))
  }
}

/** Returns the number of failed calls. @param {Latency} tool */
function failed({ failures }) {
  return sum(Object.values(failures))
}

/**
 * Draws a line from p50 to the maximum with marks at p95 and p99, from 1 ms to 100 s on a
 * logarithmic scale.
 * @param {HTMLElement} cell
 * @param {Latency} tool
 */
function drawSpread(cell, { p50, p95, p99, max }) {
  const [from, most, ...marks] = [p50, max, p95, p99].map(spreadX)
  const drawn = [from, most, ...marks].join()
  if (cell.dataset.drawn === drawn) return
  cell.dataset.drawn = drawn
  const picture = svg('svg', {
    class: 'spread',
    width: SPREAD_WIDTH,
    height: 12,
    'aria-hidden': 'true',
  })
  picture.append(
    svg('line', { class: 'scale', x1: 0, x2: SPREAD_WIDTH, y1: 6, y2: 6 }),
    svg('line', { class: 'range', x1: from, x2: Math.max(most, from + 1), y1: 6, y2: 6 }),
    ...marks.map((x) => svg('line', { class: 'mark', x1: x, x2: x, y1: 2, y2: 10 })),
    svg('circle', { class: 'middle', cx: from, cy: 6, r: 3 }),
  )
  cell.replaceChildren(picture)
}

/** @param {number} seconds */
function spreadX(seconds) {
  const share = (Math.log10(Math.max(seconds, 0.001)) + 3) / 5
  return Math.round((4 + Math.min(share, 1) * (SPREAD_WIDTH - 8)) * 10) / 10
}
