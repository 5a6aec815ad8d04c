'use strict'

// What rules look at: a number of a sample, or of what happened within a while before it, and how
// to tell it.

/**
 * @typedef {import('../health').Sample} Sample
 * @typedef {{ calls: number, failures: number, queueTimeouts: number, kills: number }} Counts
 * @typedef {{ sample: Sample, counts: Counts }} Seen
 *   `counts` is what was counted within the rule's window.
 * @typedef {import('./rules').Rule} Rule
 * @typedef {{
 *   value(seen: Seen, rule: Rule): number | null,
 *   message(value: number, rule: Rule, seen: Seen): string,
 * }} Measure `null` is for what cannot be known.
 */

const NAME_LENGTH = 64

/** @type {Map<string, Measure>} */
const measures = new Map([
  [
    'processes',
    {
      value: ({ sample }) => sample.processes,
      message: (value, { threshold }) =>
        `${value} active processes detected (recommended max: ${threshold})`,
    },
  ],
  [
    'queue',
    {
      value: ({ sample }) => sample.queued,
      message: (value, { threshold }) =>
        `${many(value, 'call')} waiting for a slot (threshold: ${threshold})`,
    },
  ],
  [
    'queueTimeouts',
    {
      value: ({ counts }) => counts.queueTimeouts,
      message: (value, { threshold, window }) =>
        `${many(value, 'call')} waited for a slot in vain within ${seconds(window)} (threshold: ${threshold})`,
    },
  ],
  [
    'kills',
    {
      value: ({ counts }) => counts.kills,
      message: (value, { threshold, window }) =>
        `${many(value, 'process', 'processes')} ended by the cleanup within ${seconds(window)} (threshold: ${threshold})`,
    },
  ],
  [
    'failures',
    {
      value: ({ counts }, { minimum }) =>
        counts.calls < minimum ? 0 : counts.failures / counts.calls,
      message: (value, { threshold, window }, { counts }) =>
        `${percent(value)} of ${many(counts.calls, 'call')} failed within ${seconds(window)} (threshold: ${percent(threshold)})`,
    },
  ],
  [
    'memory',
    {
      value: ({ sample: { memoryAvailable, memoryTotal } }) =>
        memoryTotal && memoryAvailable !== null ? 1 - memoryAvailable / memoryTotal : null,
      message: (value, { threshold }) =>
        `${percent(value)} of the memory in use (threshold: ${percent(threshold)})`,
    },
  ],
  [
    'stuck',
    {
      value: ({ sample }) => sample.stuck,
      message: (value, { threshold }) =>
        `${many(value, 'process tree')} killed and still there, frozen or stuck in the kernel (threshold: ${threshold})`,
    },
  ],
  [
    'slowTool',
    {
      value: ({ sample: { slowest } }) => (slowest === null ? 0 : slowest.p95 * 1000),
      message: (value, { threshold }, { sample: { slowest } }) => {
        const tool =
          slowest === null ? 'no tool' : `${plain(slowest.server)}.${plain(slowest.tool)}`
        return `${tool} took ${seconds(value)} (95th percentile; threshold: ${seconds(threshold)})`
      },
    },
  ],
])

/** @param {number} count @param {string} one @param {string} [more] */
function many(count, one, more = `${one}s`) {
  return `${count} ${count === 1 ? one : more}`
}

/** @param {number} share */
function percent(share) {
  return `${Math.round(share * 1000) / 10}%`
}

/** @param {number} milliseconds */
function seconds(milliseconds) {
  return `${Math.round(milliseconds / 100) / 10} s`
}

/**
 * A name that somebody else chose, as it can stand in a log line or a chat.
 * @param {string} name
 */
function plain(name) {
  return name.replace(/[\p{C}\p{Z}]+/gu, ' ').slice(0, NAME_LENGTH)
}

module.exports = { measures }
