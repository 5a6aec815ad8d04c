// The table of docs/bundlers.md: the versions of the bundlers and what was run with each.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceSection, tableOf } from '../../docs/table.mjs'
import { root } from '../../steps.mjs'

const DOCUMENT = join(root, 'docs', 'bundlers.md')
const HEAD = ['bundler', 'version', 'procward outside the bundle', 'procward inside the bundle']

/** @typedef {{ name: string, version: string, outside: boolean, inside?: boolean }} Row */

/** Writes the table into the document. @param {Row[]} rows */
export function writeTable(rows) {
  const word = (/** @type {boolean | undefined} */ runs) =>
    runs === undefined ? 'not possible' : runs ? 'runs' : 'fails'
  const cells = rows.map(({ name, version, outside, inside }) => [
    ...[name, version, word(outside), word(inside)],
  ])
  const text = readFileSync(DOCUMENT, 'utf8')
  writeFileSync(DOCUMENT, replaceSection(text, 'bundlers', tableOf(HEAD, cells)))
}
