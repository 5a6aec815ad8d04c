'use strict'

// The metrics of the cleanup scanner.

const { by, counter, gauge, single } = require('./family')
const { CLEANUP_REASONS, withZeros } = require('./known-values')

/**
 * @param {import('./families').Collected['cleanup']} cleanup
 * @returns {import('./family').Family[]}
 */
function cleanupFamilies(cleanup) {
  const { scans, killedFor, errors, lastScan, lastDuration, isRunning, interval } = cleanup
  return [
    // In a cluster, one scanner is enough for all workers.
    single(
      'procward_cleanup_running',
      '1 while the scanner runs, 0 while it is off.',
      'max',
      Number(isRunning),
    ),
    single('procward_cleanup_interval_seconds', 'Time between two scans.', 'max', interval / 1000),
    counter('procward_cleanup_scans', 'Scans for processes that were forgotten.', [
      { labels: {}, value: scans },
    ]),
    counter(
      'procward_cleanup_killed',
      'Processes that scans killed, by reason.',
      by('reason', withZeros(CLEANUP_REASONS, 0, killedFor)),
    ),
    counter('procward_cleanup_errors', 'Errors of scans.', [{ labels: {}, value: errors }]),
    gauge(
      'procward_cleanup_last_scan_timestamp_seconds',
      'Time at which the latest scan began, since 1970.',
      'max',
      seconds(lastScan),
    ),
    gauge(
      'procward_cleanup_last_scan_duration_seconds',
      'Time that the latest scan took.',
      'max',
      seconds(lastDuration),
    ),
  ]
}

/** @param {number | null} ms */
function seconds(ms) {
  return ms === null ? [] : [{ labels: {}, value: ms / 1000 }]
}

module.exports = { cleanupFamilies }
