'use strict'

// The measures of servers and their sessions.

const { many, percent, plain, seconds } = require('./words')

/**
 * @typedef {import('./measures').Measure} Measure
 * @typedef {import('./measures').Seen} Seen
 */

/** @type {[string, Measure][]} */
const serverMeasures = [
  [
    'serverFailures',
    {
      value: ({ counts }, { minimum }) => worstServer(counts, minimum)?.share ?? 0,
      message: (value, { threshold, window, minimum }, { counts }) => {
        const { server = 'no server', calls = 0 } = worstServer(counts, minimum) ?? {}
        return (
          `${percent(value)} of ${many(calls, 'call')} to ${plain(server)} failed ` +
          `within ${seconds(window)} (threshold: ${percent(threshold)})`
        )
      },
    },
  ],
  [
    'breakerOpen',
    {
      value: ({ sample: { breakers } }) => (breakers === null ? 0 : (breakers?.count ?? null)),
      message: (value, _rule, { sample: { breakers } }) => {
        const others = value > 1 ? ` and ${many(value - 1, 'other server')}` : ''
        return `${plain(breakers?.server ?? 'no server')}${others}: too many starts failed in a row`
      },
    },
  ],
  [
    'poolExhausted',
    {
      value: ({ sample: { exhausted } }) => exhausted ?? null,
      message: (value, { threshold }) =>
        `${many(value, 'call')} waiting for a session while all sessions are in use ` +
        `(threshold: ${threshold})`,
    },
  ],
  [
    'notReady',
    {
      value: ({ sample: { ready } }) => (ready === undefined ? null : Number(!ready)),
      message: (_value, rule) => `no new call was accepted for ${seconds(rule.for)}`,
    },
  ],
]

/**
 * Returns the server with the greatest share of failed calls, among those with enough calls.
 * @param {Seen['counts']} counts
 * @param {number} minimum
 */
function worstServer({ servers }, minimum) {
  /** @type {{ server: string, share: number, calls: number } | undefined} */
  let worst
  for (const [server, { calls, failures }] of servers) {
    const share = failures / calls
    if (calls >= minimum && share > (worst?.share ?? 0)) worst = { server, share, calls }
  }
  return worst
}

module.exports = { serverMeasures }
