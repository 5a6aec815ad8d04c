// The table of docs/bundlers.md: the versions of the bundlers and what was run with each.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../steps.mjs'

const DOCUMENT = join(root, 'docs', 'bundlers.md')
const [BEGIN, END] = ['<!-- bundlers: begin -->', '<!-- bundlers: end -->']
const HEAD = ['bundler', 'version', 'procward outside the bundle', 'procward inside the bundle']

/** @typedef {{ name: string, version: string, outside: boolean, inside?: boolean }} Row */

/** Writes the table into the document. @param {Row[]} rows */
export function writeTable(rows) {
  const word = (/** @type {boolean | undefined} */ runs) =>
    runs === undefined ? 'not possible' : runs ? 'runs' : 'fails'
  const cells = rows.map(({ name, version, outside, inside }) => [
    ...[name, version, word(outside), word(inside)],
  ])
  const widths = HEAD.map((head, at) =>
    Math.max(head.length, ...cells.map((row) => row[at].length)),
  )
  const lines = [HEAD, widths.map((width) => '-'.repeat(width)), ...cells].map(
    (row) => `| ${row.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |`,
  )
  const text = readFileSync(DOCUMENT, 'utf8')
  const before = text.slice(0, text.indexOf(BEGIN) + BEGIN.length)
  const after = text.slice(text.indexOf(END))
  writeFileSync(DOCUMENT, `${before}\n\n${lines.join('\n')}\n\n${after}`)
}
