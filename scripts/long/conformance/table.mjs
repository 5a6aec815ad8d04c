// The table of a conformance run, and its sum.

/** @typedef {import('./suite.mjs').Outcome} Outcome */

/**
 * Returns the rows: one for each scenario, and one for each check that did not pass, where those
 * count. A warning is a check that did not pass, too.
 * @param {Outcome[]} outcomes
 */
export function rowsOf(outcomes) {
  return outcomes.flatMap((outcome) => {
    const { name, version = '', kind } = outcome
    const { passed, failed } = countsOf(outcome)
    const row = `${name.padEnd(44)}${version.padEnd(12)}${passed} passed, ${failed} failed checks`
    if (kind !== 'counted') return [row]
    return [row, ...failures(outcome).map((failure) => `    ${failure}`)]
  })
}

/** @param {Outcome[]} outcomes */
export function sumOf(outcomes) {
  const counted = { passed: 0, failed: 0 }
  for (const outcome of outcomes.filter(({ kind }) => kind === 'counted')) {
    const { passed, failed } = countsOf(outcome)
    counted.passed += passed
    counted.failed += failed
  }
  const others = /** @type {const} */ (['oauth', 'extension']).map((kind) => {
    const own = outcomes.filter((outcome) => outcome.kind === kind)
    const passing = own.filter((outcome) => countsOf(outcome).failed === 0).length
    return { kind, scenarios: own.length, passing }
  })
  return { counted, others: others.filter(({ scenarios }) => scenarios > 0) }
}

/** A scenario without a check that passed or failed has failed. @param {Outcome} outcome */
function countsOf({ checks }) {
  const passed = checks.filter(({ status }) => status === 'SUCCESS').length
  const failed = checks.filter(({ status }) => isFailure(status)).length
  return { passed, failed: passed + failed === 0 ? 1 : failed }
}

/** @param {Outcome} outcome */
function failures({ checks, words }) {
  if (checks.length === 0) return [`no checks: ${words.slice(-300)}`]
  return checks
    .filter(({ status }) => isFailure(status))
    .map(({ name, status, message }) => `${status.toLowerCase()}: ${name}: ${message ?? ''}`)
}

/** @param {string} status */
function isFailure(status) {
  return status === 'FAILURE' || status === 'WARNING'
}
