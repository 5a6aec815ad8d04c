// The reasons for which calls wait, in words and over time.

import { wordsFor } from './format.js'

/** @type {Record<string, string>} */
const WORDS = {
  slots: 'the overall limit',
  server: "a server's limit",
  rate: "a server's rate or pause",
  start: 'the next start of a server',
  memory: 'memory',
  cpu: 'the processors',
  host: 'other processes of this user',
  fleet: 'other processes of the fleet',
}

/**
 * The words for what a call with a slot waits for, as of the command line.
 * @type {Record<string, string>}
 */
const WAITS = {
  start: 'waits for its server',
  session: 'waits for a session',
  memory: 'waits for memory',
  cpu: 'waits for processors',
}

/**
 * @typedef {{ time: number, limitedBy?: string | null }} Moment
 * @typedef {{ from: number, to: number, reason: string }} Stretch
 */

/** @param {string} reason */
export function reasonWords(reason) {
  return wordsFor(WORDS, reason)
}

/** @param {{ stuck?: true, waitsFor?: string }} call */
export function callState({ stuck, waitsFor }) {
  if (stuck) return 'stuck'
  return waitsFor === undefined ? 'runs' : wordsFor(WAITS, waitsFor)
}

/**
 * Returns the stretches of time in which calls waited for one reason. A reason lasts until the next
 * point.
 * @param {readonly Moment[]} points
 * @returns {Stretch[]}
 */
export function stretches(points) {
  /** @type {Stretch[]} */
  const found = []
  /** @type {Stretch | undefined} */
  let open
  for (const { time, limitedBy } of points) {
    if (open) open.to = time
    if (open?.reason === limitedBy) continue
    open = limitedBy ? { from: time, to: time, reason: limitedBy } : undefined
    if (open) found.push(open)
  }
  return found
}

/**
 * Returns the reason at a time, or the latest one.
 * @param {readonly Moment[]} points
 * @param {number} [time]
 */
export function reasonAt(points, time = Infinity) {
  return points.findLast((point) => point.time <= time)?.limitedBy ?? null
}
