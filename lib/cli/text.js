'use strict'

// Text that a terminal may be given, and tables of it.

const { withoutSequences } = require('../terminal-text')

/** Longer ones are no names. */
const LONGEST = 200
/**
 * Controls, line ends, and marks that change the direction or take no room: they could show
 * something else than there is.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu

/**
 * Returns an untrusted value as one short line without control sequences of terminals.
 * @param {unknown} value
 * @param {number} [longest]
 */
function plain(value, longest = LONGEST) {
  const text = withoutSequences(String(value)).replace(UNSEEN, '')
  const characters = [...text]
  return characters.length <= longest ? text : `${characters.slice(0, longest - 3).join('')}...`
}

/** Makes all strings and names in a value of JSON plain. @param {unknown} value @returns {any} */
function plainJson(value) {
  if (typeof value === 'string') return plain(value, Infinity)
  if (Array.isArray(value)) return value.map(plainJson)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [plain(name, Infinity), plainJson(each)]),
  )
}

/**
 * Columns under their titles; those of numbers are aligned to the right.
 * @param {string[]} titles - one that ends with `>` stands above numbers
 * @param {unknown[][]} rows
 */
function table(titles, rows) {
  const isRight = titles.map((title) => title.endsWith('>'))
  const cells = [
    titles.map((title) => title.replace(/>$/, '')),
    ...rows.map((row) => row.map((cell) => plain(cell))),
  ]
  const widths = titles.map((_, column) => Math.max(...cells.map((row) => widthOf(row[column]))))
  return cells.map((row) =>
    row
      .map((cell, column) => {
        const room = ' '.repeat(widths[column] - widthOf(cell))
        return isRight[column] ? room + cell : cell + room
      })
      .join('  ')
      .trimEnd(),
  )
}

/**
 * Returns a table without the columns for which a narrow terminal has no room.
 * @param {string[]} titles
 * @param {unknown[][]} rows
 * @param {number} columns - of the terminal
 * @param {string[]} dispensable - titles in the order in which their columns are left out
 */
function narrowTable(titles, rows, columns, dispensable) {
  const lines = table(titles, rows)
  const [next, ...others] = dispensable
  if (next === undefined || lines.every((line) => widthOf(line) <= columns)) return lines
  const without = (/** @type {unknown[]} */ row) => row.filter((_, at) => titles[at] !== next)
  return narrowTable(
    titles.filter((title) => title !== next),
    rows.map(without),
    columns,
    others,
  )
}

/** @param {string} text */
function widthOf(text) {
  return [...text].length
}

/**
 * Breaks a line between words, with the words below its value: `alert     a long message`.
 * @param {string} line
 * @param {number} columns
 * @param {number} [indent] - of the further lines
 */
function wrapped(line, columns, indent = 10) {
  const room = Math.max(columns, 2 * indent)
  const lines = []
  let rest = line
  while (widthOf(rest) > room) {
    const start = [...rest].slice(0, room + 1).join('')
    const gap = start.lastIndexOf(' ')
    const end = gap >= indent ? gap : [...rest].slice(0, room).join('').length
    lines.push(rest.slice(0, end).trimEnd())
    rest = ' '.repeat(indent) + rest.slice(end).trimStart()
  }
  return [...lines, rest]
}

/** A time in ms. @param {unknown} ms */
function duration(ms) {
  if (typeof ms !== 'number' || !(ms >= 0)) return '-'
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 60) return `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
  if (seconds < 86_400)
    return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`
}

/** A size in bytes. @param {unknown} bytes */
function size(bytes) {
  if (typeof bytes !== 'number' || !(bytes >= 0)) return '-'
  if (bytes < 1024) return `${bytes} B`
  const exponent = Math.min(Math.floor(Math.log2(bytes) / 10), 4)
  const value = bytes / 1024 ** exponent
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${'KMGT'[exponent - 1]}iB`
}

/** @param {number} count @param {string} one @param {string} [many] */
function counted(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`
}

module.exports = { counted, duration, narrowTable, plain, plainJson, size, table, wrapped }
