'use strict'

const { firstBy } = require('../first-by')
const { counted, plain, size, table } = require('./text')

/** @typedef {import('../mcp-helper').GateMemory} GateMemory */
/** @typedef {GateMemory['learnt'][number]} Learnt */

/** The most servers that are shown. */
const MOST = 20
/** The columns that the numbers of a row take. */
const NUMBERS = 33
/** The fewest and the most columns of a name. */
const SHORTEST = 6
const LONGEST = 100

/**
 * Returns the line about the memory by which processes start. Returns no line without a gate.
 * @param {{ memory?: GateMemory }} semaphore
 */
function memoryLine({ memory }) {
  if (!memory) return []
  const { budget, available, reserve, used, running, waiting } = memory
  const own = budget === null ? size(used) : `${size(used)} of ${size(budget)}`
  return [
    plain(
      `memory    ${own} in ${counted(running, 'process', 'processes')}, ${waiting} waiting; ` +
        `${size(available)} available, of which ${size(reserve)} stays free`,
    ),
  ]
}

/**
 * Returns a table of the memory that servers are expected to need. Returns no lines without servers
 * or without a gate.
 * @param {{ memory?: GateMemory }} semaphore
 * @param {import('./output').Output} output
 */
function learntLines({ memory }, output) {
  const learnt = memory?.learnt ?? []
  if (learnt.length === 0) return []
  const shown = mostNeeding(learnt)
  const rest = learnt.length - shown.length
  const more = rest === 0 ? [] : [`and ${counted(rest, 'more server', 'more servers')}`]
  const room = Math.max(SHORTEST, output.room.columns - NUMBERS)
  const rows = shown.map(({ server, mean, peaks, running, waiting }) => [
    plain(server, Math.min(room, LONGEST)),
    size(mean),
    peaks,
    running,
    waiting,
  ])
  const [head, ...body] = table(['SERVER', 'NEEDS>', 'PEAKS>', 'TREES>', 'WAITING>'], rows)
  return [output.style('bold', output.fit(head)), ...body.map((line) => output.fit(line)), ...more]
}

/** Returns the servers to show, in their order. @param {Learnt[]} learnt */
function mostNeeding(learnt) {
  return firstBy(
    learnt,
    MOST,
    (one, other) =>
      other.waiting - one.waiting || other.running - one.running || other.mean - one.mean,
  )
}

module.exports = { learntLines, memoryLine }
