'use strict'

// The measures of the cleanup scanner.

const { many, seconds } = require('./words')

/** Shorter intervals count as this many ms. */
const SHORTEST = 20_000

/** @type {[string, import('./measures').Measure][]} */
const scannerMeasures = [
  [
    'scannerStopped',
    {
      // A scanner that was never started is meant to be off.
      value: ({ sample: { scanner }, hasScanned }) =>
        scanner === undefined ? null : Number(hasScanned && !scanner.isRunning),
      message: () => 'the cleanup scanner was stopped',
    },
  ],
  [
    'scannerStale',
    {
      value: ({ sample: { scanner, time } }) => {
        if (scanner === undefined) return null
        const { isRunning, interval, lastScan } = scanner
        if (!isRunning || lastScan === null) return 0
        return Math.max(0, time - lastScan) / allowed(interval)
      },
      message: (value, { threshold }, { sample: { scanner } }) => {
        const interval = allowed(scanner?.interval ?? 0)
        return (
          `the latest cleanup scan began ${seconds(value * interval)} ago ` +
          `(threshold: ${seconds(threshold * interval)})`
        )
      },
    },
  ],
  [
    'cleanupErrors',
    {
      value: ({ counts }) => counts.cleanupErrors,
      message: (value, { threshold, window }) =>
        `${many(value, 'error')} of the cleanup within ${seconds(window)} ` +
        `(threshold: ${threshold})`,
    },
  ],
]

/** Returns an interval that a busy machine can keep. @param {number} interval */
function allowed(interval) {
  return Math.max(interval, SHORTEST)
}

module.exports = { scannerMeasures }
