// The process trees by server: processor time, memory, starts and exits.

import { CpuUse } from './cpu.js'
import { setText } from './elements.js'
import { bytes, count, duration, NONE, percent, sum } from './format.js'
import { numberColumn, Table } from './table.js'

/**
 * @typedef {{ server: string | null, count: number, memory: number, cpu: number, spawns: number,
 *   exits: Record<string, number>, stuck: number, share?: number }} Trees
 *   `share`: the use of one processor
 */

export class Processes {
  #tally
  #table
  #use = new CpuUse()

  /** @param {(id: string) => HTMLElement} place */
  constructor(place) {
    this.#tally = place('processes-tally')
    this.#table = new Table(place('processes'), {
      caption: 'Child processes by server',
      empty: 'No child process has started yet.',
      keyOf: nameOf,
      columns: [
        { title: 'Server', text: nameOf, isName: true },
        { title: 'Running', text: countText, value: (row) => row.count, isNumber: true },
        numberColumn('CPU', ({ share }) => share, percent),
        numberColumn(
          'CPU time',
          ({ cpu }) => cpu,
          (cpu) => duration(cpu * 1000),
        ),
        numberColumn('Memory', ({ memory }) => memory, bytes),
        numberColumn('Started', ({ spawns }) => spawns),
        { title: 'Exited', text: ({ exits }) => exitText(exits), value: failedExits },
      ],
    })
  }

  /** @param {any} snapshot */
  show({ time, metrics }) {
    /** @type {Trees[]} */
    const children = metrics.children
    const shares = this.#use.add(time, new Map(children.map((row) => [nameOf(row), row.cpu])))
    const rows = children.map((row) => ({ ...row, share: shares.get(nameOf(row)) }))
    this.#table.show(
      rows.sort((one, other) => other.count - one.count || other.memory - one.memory),
    )
    setText(this.#tally, shares.size === 0 ? '' : tallyText([...shares.values()]))
  }
}

/** @param {number[]} shares */
function tallyText(shares) {
  return `${percent(sum(shares))} of one processor`
}

/** @param {Trees} trees */
function nameOf({ server }) {
  return server ?? 'without a server'
}

/** @param {Trees} trees */
function countText({ count: running, stuck }) {
  return stuck > 0 ? `${count(running)}, ${count(stuck)} stuck` : count(running)
}

/** @param {Record<string, number>} exits */
function exitText(exits) {
  const counts = Object.entries(exits).filter(([, trees]) => trees > 0)
  return (
    counts.map(([why, trees]) => `${count(trees)} ${why.replaceAll('_', ' ')}`).join(', ') || NONE
  )
}

/** Returns the number of exits that were not in order. @param {Trees} trees */
function failedExits({ exits: { ok = 0, shutdown = 0, ...others } }) {
  return sum(Object.values(others))
}
