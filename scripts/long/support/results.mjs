// The table of last results of the long checks: scripts/long/RESULTS.md.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableOf } from '../../docs/table.mjs'
import { root } from '../../steps.mjs'

/** @typedef {{ name: string, passed: number, failed: number, skipped: number }} Result */

const FILE = join(root, 'scripts', 'long', 'RESULTS.md')
const HEAD = ['part', 'version', 'date', 'passed', 'failed', 'skipped']
const INTRODUCTION = `# Last results of the long checks

Written by \`npm run check:long\` when a part ends: commit the change.
A version is that of the package with the commit; \`+\` marks uncommitted changes.
A part that was skipped altogether leaves its last result here.
`
const SUM = /^(?:(\S+): )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/

/**
 * Reads the line of a sum; the result of a named line is named after the part and the line.
 * @param {string} line
 * @param {string} part
 * @returns {Result | undefined}
 */
export function sumOf(line, part) {
  const found = SUM.exec(line)
  if (found === null) return undefined
  const [passed, failed, skipped] = found.slice(2).map((digits) => Number(digits ?? 0))
  return { name: found[1] === undefined ? part : `${part} ${found[1]}`, passed, failed, skipped }
}

/** Names the version under test: the package's, and the commit. The table is no change of it. */
export function testedVersion() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  const changed =
    git('status', '--porcelain', '--untracked-files=no', '--', ':!scripts/long/RESULTS.md') === ''
      ? ''
      : '+'
  return `${version} ${git('rev-parse', '--short', 'HEAD')}${changed}`
}

/**
 * Writes results into the table, in place of the last ones of the same names.
 * @param {string} version
 * @param {Result[]} results
 * @param {string} [date]
 */
export function record(version, results, date = new Date().toISOString().slice(0, 10)) {
  const before = existsSync(FILE) ? readFileSync(FILE, 'utf8') : ''
  writeFileSync(FILE, updated(before, version, results, date))
}

/**
 * Returns the file's new text.
 * @param {string} text
 * @param {string} version
 * @param {Result[]} results
 * @param {string} date
 */
export function updated(text, version, results, date) {
  const rows = new Map(rowsOf(text).map((cells) => [cells[0], cells]))
  for (const { name, passed, failed, skipped } of results) {
    if (passed + failed === 0 && rows.has(name)) continue
    rows.set(name, [name, version, date, `${passed}`, `${failed}`, `${skipped}`])
  }
  const sorted = [...rows.values()].sort(([a], [b]) => (a < b ? -1 : 1))
  return `${INTRODUCTION}\n${tableOf(HEAD, sorted)}\n`
}

/** Reads the rows of the table, without its head. @param {string} text */
function rowsOf(text) {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) =>
      line
        .slice(2, -2)
        .split(' | ')
        .map((cell) => cell.trim()),
    )
}
