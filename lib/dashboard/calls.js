// The active calls and processes.

import { setText } from './elements.js'
import { bytes, count, duration, NONE, pidText } from './format.js'
import { callState } from './reasons.js'
import { numberColumn, Table } from './table.js'

/**
 * @typedef {{ pid: number | null, server: string | null, tool: string | null, startTime: number,
 *   duration: number, memory?: number | null, stuck?: true, waitsFor?: string,
 *   isShared?: boolean }} Call
 *   `isShared`: a row above shows the memory of the same process
 */

export class Calls {
  #tally
  #table

  /** @param {(id: string) => HTMLElement} place */
  constructor(place) {
    this.#tally = place('calls-tally')
    this.#table = new Table(place('calls'), {
      caption: 'Active calls and processes',
      empty: 'No call and no process runs.',
      keyOf: (/** @type {Call} */ { pid, server, tool, startTime }) =>
        `${pid} ${startTime} ${server} ${tool}`,
      arrange: withSharedMemory,
      columns: [
        { title: 'Server', text: ({ server }) => server ?? NONE, isName: true },
        { title: 'Tool', text: ({ tool }) => tool ?? NONE, isName: true },
        numberColumn('PID', ({ pid }) => pid, pidText),
        numberColumn('Age', ({ duration: age }) => age, duration),
        {
          title: 'Memory',
          text: ({ memory, isShared }) => (isShared ? 'same process' : bytes(memory)),
          value: ({ memory }) => memory,
          isNumber: true,
        },
        { title: 'State', text: callState, value: callState },
      ],
    })
  }

  /** @param {any} snapshot */
  show({ health: { activeProcesses, pool } }) {
    this.#table.show(withMemory(activeProcesses.processes, pool?.sessions ?? []))
    setText(this.#tally, count(activeProcesses.processes.length))
  }
}

/**
 * Returns each call with the memory of its process, where that is a session's.
 * @param {Call[]} calls
 * @param {import('./sessions.js').Session[]} sessions
 * @returns {Call[]}
 */
function withMemory(calls, sessions) {
  const memory = new Map(sessions.map((session) => [session.pid, session.memory]))
  return calls.map((call) => ({ ...call, memory: call.memory ?? memory.get(call.pid) }))
}

/**
 * Marks the calls whose process is that of a call above, because its memory counts once.
 * @param {readonly Call[]} calls
 * @returns {Call[]}
 */
function withSharedMemory(calls) {
  const shown = new Set()
  return calls.map((call) => {
    const isShared = call.pid !== null && shown.has(call.pid)
    shown.add(call.pid)
    return { ...call, isShared }
  })
}
