// What the suites measured last, as JSON beside the report: a suite that does not run again keeps
// its figures.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../RESULTS.json', import.meta.url)
const NO_JSON = ['Infinity', 'NaN']

/** @returns {(import('./report.mjs').Results | import('./report.mjs').Skipped)[]} by title */
export function keptResults() {
  if (!existsSync(file)) return []
  return JSON.parse(readFileSync(file, 'utf8'), (_, value) =>
    NO_JSON.includes(value) ? Number(value) : value,
  )
}

/**
 * Puts new ones in the place of what was kept of the same suites.
 * @param {ReturnType<typeof keptResults>} results
 */
export function keepResults(results) {
  const all = new Map([...keptResults(), ...results].map((result) => [result.title, result]))
  const sorted = [...all.values()].sort((one, other) => (one.title < other.title ? -1 : 1))
  const text = JSON.stringify(
    sorted,
    (_, value) => (NO_JSON.includes(String(value)) ? String(value) : value),
    2,
  )
  writeFileSync(file, `${text}\n`)
  return sorted
}
