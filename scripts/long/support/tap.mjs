// The sum of a report that `node --test` wrote in TAP.

/**
 * Reads the counts and the names of the failed tests. A report without a sum is that of a Node.js
 * that crashed, and counts as a failure.
 * @param {string} report
 */
export function readReport(report) {
  const count = (/** @type {string} */ what) =>
    Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(report)?.[1] ?? Number.NaN)
  const [passed, failed, cancelled, skipped] = ['pass', 'fail', 'cancelled', 'skipped'].map(count)
  const names = [...report.matchAll(/^\s*not ok \d+ - (.*)$/gm)].map(([, name]) => name)
  if (Number.isNaN(passed))
    return { passed: 0, failed: 1, skipped: 0, names: [...names, 'the report has no sum'] }
  return { passed, failed: failed + cancelled, skipped, names }
}
