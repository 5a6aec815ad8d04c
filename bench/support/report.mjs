// Figures as Markdown.

import { readFileSync } from 'node:fs'
import os from 'node:os'

/** @typedef {{ what: string, unit: string, peers: Record<string, import('./statistics.mjs').summary extends (v: number[]) => infer S ? S : never> }} Figure */
/** @typedef {{ what: string, is: number, unit?: string, target: string, met: boolean }} Ratio */
/** @typedef {{ title: string, notes: string[], versions: Record<string, string>, figures: Figure[], ratios: Ratio[] }} Results */

/** @param {Results[]} all */
export function report(all) {
  const [cpu] = os.cpus()
  const machine = `${os.cpus().length} x ${cpu.model.trim()}, ${os.type()} ${os.release()}, Node.js ${process.version}`
  const load = os.loadavg().map((value) => value.toFixed(1))
  const head = ['# Results', '', `${machine}. Load average at the end: ${load.join(', ')}.`]
  return `${[...head, ...all.flatMap(section)].join('\n')}\n`
}

/** @param {Results} results */
function section({ title, notes, versions, figures, ratios }) {
  const peers = [...new Set(figures.flatMap((figure) => Object.keys(figure.peers)))]
  return [
    '',
    `## ${title}`,
    '',
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    '',
    ...notes.map((note) => `- ${note}`),
    '',
    ...table(
      ['median (least - most of the rounds)', ...peers],
      figures.map(({ what, unit, peers: values }) => [`${what}, ${unit}`, ...peers.map((peer) => cell(values[peer]))]),
    ),
    '',
    ...table(
      ['', 'is', 'target', ''],
      ratios.map(({ what, is, unit = 'x', target, met }) => [
        what,
        `${number(is)}${unit}`,
        target,
        met ? 'met' : 'missed',
      ]),
    ),
  ]
}

/** Aligned as the formatter wants it. @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column].length)))
  const padded = (row) => row.map((text, at) => (at === 0 ? text.padEnd(widths[0]) : text.padStart(widths[at])))
  const line = (cells) => `| ${cells.join(' | ')} |`
  const rule = widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(padded(head)), line(rule), ...rows.map((row) => line(padded(row)))]
}

/** @param {{ median: number, least: number, most: number } | undefined} summary */
function cell(summary) {
  if (summary === undefined) return '-'
  return `${number(summary.median)} (${number(summary.least)} - ${number(summary.most)})`
}

/** Three digits. @param {number} value */
function number(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}

/** The version of an installed package. @param {URL} folder */
export function versionIn(folder) {
  return JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')).version
}
