// Figures as Markdown.

import { readFileSync } from 'node:fs'

/** @typedef {{ median: number, least: number, most: number }} Summary */
/** @typedef {{ what: string, unit: string, peers: Record<string, Summary> }} Figure */
/**
 * @typedef {{ what: string, is: number, spread?: Summary, unit?: string, target: string, met:
 *   boolean }} Ratio
 */
/**
 * @typedef {{ title: string, notes: string[], versions: Record<string, string>, figures: Figure[],
 *   ratios: Ratio[], plot?: string[], on: string }} Results `on` which machine; the figures to
 *   `plot`
 */
/**
 * @typedef {{ title: string, skipped: string, on: string }} Skipped
 *   what could not be measured, and why
 */

/** @param {(Results | Skipped)[]} all */
export function report(all) {
  return `${['# Results', ...all.flatMap((one) => ('skipped' in one ? skipped(one) : section(one)))].join('\n')}\n`
}

/** @param {Skipped} results */
function skipped({ title, skipped: reason }) {
  return ['', `## ${title}`, '', `Skipped: ${reason}.`]
}

/** @param {Results} results */
function section({ title, on, notes, versions, figures, ratios }) {
  return [
    '',
    `## ${title}`,
    '',
    on,
    '',
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    '',
    ...notes.map((note) => `- ${note}`),
    ...tables(figures),
    '',
    ...table(
      ['', 'is', 'target', ''],
      ratios.map(({ what, is, spread, unit = 'x', target, met }) => [
        what,
        spread === undefined ? `${number(is)}${unit}` : `${number(is)}${unit} (${range(spread)})`,
        target,
        met ? 'met' : 'missed',
      ]),
    ),
  ]
}

/**
 * One for all figures of the same parties; those of quite others begin a new one.
 * @param {Figure[]} figures
 */
function tables(figures) {
  /** @type {{ peers: Set<string>, figures: Figure[] }[]} */
  const groups = []
  for (const figure of figures) {
    const peers = Object.keys(figure.peers)
    if (!peers.some((peer) => groups.at(-1)?.peers.has(peer)))
      groups.push({ peers: new Set(), figures: [] })
    const group = groups[groups.length - 1]
    for (const peer of peers) group.peers.add(peer)
    group.figures.push(figure)
  }
  return groups.flatMap((group) => {
    const peers = [...group.peers]
    const head = ['median (least - most of the rounds)', ...peers]
    const rows = group.figures.map(({ what, unit, peers: values }) => [
      `${what}, ${unit}`,
      ...peers.map((peer) => cell(values[peer])),
    ])
    return ['', ...table(head, rows)]
  })
}

/** Aligned as the formatter wants it. @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((row) => row[column].length)),
  )
  const padded = (row) =>
    row.map((text, at) => (at === 0 ? text.padEnd(widths[0]) : text.padStart(widths[at])))
  const line = (cells) => `| ${cells.join(' | ')} |`
  const rule = widths.map((width, at) =>
    at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  )
  return [line(padded(head)), line(rule), ...rows.map((row) => line(padded(row)))]
}

/** @param {Summary | undefined} summary */
function cell(summary) {
  if (summary === undefined) return '-'
  return `${number(summary.median)} (${range(summary)})`
}

/** @param {Summary} summary */
function range({ least, most }) {
  return `${number(least)} - ${number(most)}`
}

/** Three digits. @param {number} value */
function number(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}

/** The version of an installed package. @param {URL} folder */
export function versionIn(folder) {
  return JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')).version
}
