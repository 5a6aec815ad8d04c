'use strict'

const { duration, narrowTable, plain, size, table } = require('./text')

/** The width of terminals that are narrow. Wider ones cut the lines. */
const NARROW = 60
/** The columns that a narrow terminal goes without. */
const DISPENSABLE = ['COMMAND', 'OWNER>', 'STATE', 'AGE>']

/** @typedef {import('./processes').Row} Row */

/**
 * Processes for people.
 * @param {Row[]} rows
 * @param {{ why: boolean }} columns
 * @param {import('./output').Output} output
 */
function processLines(rows, { why }, output) {
  if (rows.length === 0) return [why ? 'no Node.js processes' : 'no processes of procward']
  const titles = ['PID>', 'OWNER>', 'STATE', 'AGE>', 'MEMORY>', why ? 'WHY' : 'FOR', 'COMMAND']
  const cells = rows.map((row) => {
    const { pid, owner, state, age, memory, name, command } = row
    return [
      pid,
      owner ?? '-',
      state,
      duration(age),
      size(memory),
      why ? row.why : purpose(row),
      command ?? name ?? '-',
    ]
  })
  const { columns } = output.room
  const all =
    columns < NARROW ? narrowTable(titles, cells, columns, DISPENSABLE) : table(titles, cells)
  const [head, ...lines] = all.map((line) => output.fit(line))
  return [output.style('bold', head), ...lines.map((line, at) => colored(line, rows[at], output))]
}

/** @param {Row} row */
function purpose({ server, starting, tools }) {
  return server === null ? '-' : plain([server, ...(starting ? ['(starting)'] : tools)].join(' '))
}

/** @param {string} line @param {Row} row @param {import('./output').Output} output */
function colored(line, { state }, output) {
  if (state === 'orphan') return output.style('red', line)
  return state === 'owned' || state === 'server' ? line : output.style('dim', line)
}

module.exports = { processLines }
