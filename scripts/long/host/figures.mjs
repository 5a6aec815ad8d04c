// Figures of calls, from the logs of the processes that made them.

import { atOnce } from '../support/at-once.mjs'

/** A call that arrived so much later, in ms, and started earlier has overtaken. */
const TOLERANCE = 5

/**
 * @typedef {{ arrival: number, start: number, end: number }} Call times in ms
 */

/**
 * @param {{ text: string, killed: number | undefined }[]} logs
 * @param {{ start: number, end: number }} window the time in which a silence counts
 */
export function figures(logs, window) {
  const calls = logs.flatMap(callsOf).sort((one, other) => one.start - other.start)
  const waits = calls.map(({ arrival, start }) => start - arrival).sort((one, other) => one - other)
  return {
    calls: calls.length,
    most: atOnce(calls).most,
    p99: waits[Math.floor(waits.length * 0.99)],
    overtaken: overtaken(calls) / calls.length,
    silence: longestSilence(calls, window),
  }
}

/** @param {{ text: string, killed: number | undefined }} log @returns {Call[]} */
function callsOf({ text, killed }) {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const [arrival, start, end = killed] = line.split(' ').map(Number)
    if (start === undefined || end === undefined) throw new Error(`a call without an end: ${line}`)
    return { arrival, start, end }
  })
}

/**
 * Counts the calls that started after another that had arrived later.
 * @param {Call[]} calls in the order of their starts
 */
function overtaken(calls) {
  let [latest, count] = [-Infinity, 0]
  for (const { arrival } of calls) {
    if (arrival + TOLERANCE < latest) count++
    latest = Math.max(latest, arrival)
  }
  return count
}

/** @param {Call[]} calls @param {{ start: number, end: number }} window */
function longestSilence(calls, window) {
  const starts = calls
    .map(({ start }) => start)
    .filter((at) => at > window.start && at < window.end)
  return Math.max(...starts.slice(1).map((at, index) => at - starts[index]))
}
