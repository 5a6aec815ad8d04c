'use strict'

/** @typedef {import('./run').Outcome} Outcome */

const ROWS = [
  ['peak Node.js processes', ({ peaks }) => String(peaks.node)],
  ['peak mcporter processes', ({ peaks }) => String(peaks.mcporter)],
  ['peak MCP server processes', ({ peaks }) => String(peaks.servers)],
  ['peak memory (PSS)', ({ peaks }) => mebibytes(peaks.shared)],
  ['peak memory (RSS)', ({ peaks }) => mebibytes(peaks.resident)],
  ['CPU time of the processes', ({ cpu }) => seconds(cpu)],
  ['wall time', ({ wall }) => seconds(wall)],
  ['call latency, p50', ({ latencies }) => seconds(percentile(latencies, 0.5))],
  ['call latency, max', ({ latencies }) => seconds(percentile(latencies, 1))],
  ['failures', ({ failures }) => String(failures.length)],
  ['processes left afterwards', ({ left }) => String(left)],
]

/** The comparison as text. @param {Outcome} before @param {Outcome} after */
function table(before, after) {
  const cells = [
    ['', 'without limits', 'with procward'],
    ...ROWS.map(([name, of]) => [name, of(before), of(after)]),
  ]
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column].length)))
  const line = ([name, ...values]) =>
    [
      name.padEnd(widths[0]),
      ...values.map((value, index) => value.padStart(widths[index + 1])),
    ].join('   ')
  const [head, ...rows] = cells.map(line)
  return [head, '-'.repeat(head.length), ...rows].join('\n')
}

/**
 * What is wrong with the outcomes, in words; empty when all is well.
 * @param {Outcome} before
 * @param {Outcome} after
 * @param {number} servers how many the campaign uses
 */
function problems(before, after, servers) {
  const found = []
  for (const [way, { failures, left, peaks }] of [
    ['without limits', before],
    ['with procward', after],
  ]) {
    for (const { call, message } of failures)
      found.push(`${way}: ${call} failed: ${oneLine(message)}`)
    if (left > 0) found.push(`${way}: ${left} processes are left`)
    if (peaks.servers === 0) found.push(`${way}: no MCP server was seen, so nothing was measured`)
  }
  if (before.peaks.mcporter === 0)
    found.push('without limits: no mcporter process was seen, so nothing was measured')
  if (after.peaks.mcporter > 0) {
    found.push(
      `with procward: ${after.peaks.mcporter} mcporter processes ran at once, sessions need none`,
    )
  }
  if (after.peaks.servers > servers) {
    found.push(
      `with procward: ${after.peaks.servers} server processes ran at once for ${servers} servers`,
    )
  }
  return found
}

/** The nearest-rank percentile; NaN of nothing. @param {number[]} values @param {number} share */
function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

function mebibytes(bytes) {
  return Number.isNaN(bytes) ? '-' : `${Math.round(bytes / 2 ** 20)} MiB`
}

function seconds(milliseconds) {
  return Number.isNaN(milliseconds) ? '-' : `${(milliseconds / 1000).toFixed(1)} s`
}

function oneLine(message) {
  return message.replace(/\s+/g, ' ').slice(0, 200)
}

module.exports = { percentile, problems, table }
