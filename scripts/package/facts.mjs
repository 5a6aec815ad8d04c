// Writes figures into the table of docs/platforms.md.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableOf } from '../docs/table.mjs'
import { root } from '../steps.mjs'

const FILE = join(root, 'docs', 'platforms.md')
const TABLE = /(?<=<!-- figures -->\n\n)[\s\S]*?(?=\n\n<!-- end of figures -->)/

/**
 * Records a built package.
 * @param {import('./targets.mjs').Build} build
 * @param {import('./needs.mjs').Needs} needs
 * @param {{ size: number }} packed
 */
export function recordFacts({ target, standIn }, { glibc }, { size }) {
  const libc = target.endsWith('musl') ? 'musl' : 'nothing'
  const remark = standIn === undefined ? '' : ' (stand-in)'
  recordCells(target, {
    needs: glibc === '' ? libc : `glibc ${glibc}`,
    tarball: `${(size / 1e6).toFixed(2)} MB${remark}`,
  })
}

/**
 * Writes cells of a target's row.
 * @param {string} target
 * @param {Record<string, string>} cells by the names of the columns
 */
export function recordCells(target, cells) {
  const text = readFileSync(FILE, 'utf8')
  writeFileSync(
    FILE,
    text.replace(TABLE, (table) => withCells(table, target, cells)),
  )
}

/**
 * Returns the table with other cells in one row, its columns aligned.
 * @param {string} table in Markdown
 * @param {string} target the first cell of the row
 * @param {Record<string, string>} cells by the names of the columns
 */
export function withCells(table, target, cells) {
  const rows = table.split('\n').map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
  const [head] = rows
  const row = rows.find(([first]) => first === target)
  if (row === undefined) throw new Error(`the table has no row ${target}`)
  for (const [name, cell] of Object.entries(cells)) row[head.indexOf(name)] = cell
  return tableOf(head, rows.slice(2))
}
