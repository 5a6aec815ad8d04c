// Compares two runs of the same tests.

/** @typedef {import('../reports.mjs').Outcome} Outcome */
/**
 * `onlyWithout` and `onlyWith` passed in one run only, `neither` in none. `designed` passed without
 * the flag only, each with the reason why it may fail with the flag.
 * @typedef {{ both: string[], onlyWithout: string[], onlyWith: string[], neither: string[],
 *   designed: [string, string][] }} Comparison
 */

/**
 * Compares the tests by name. A test that one run does not report has not passed in that run.
 * @param {Outcome[]} without
 * @param {Outcome[]} guarded
 * @param {[string, string[]][]} byDesign - reasons with the names of the tests
 * @returns {Comparison}
 */
export function compared(without, guarded, byDesign) {
  const [plain, flagged] = [passedByName(without), passedByName(guarded)]
  /** @type {Comparison} */
  const comparison = { both: [], onlyWithout: [], onlyWith: [], neither: [], designed: [] }
  for (const name of new Set([...plain.keys(), ...flagged.keys()])) {
    const [before, after] = [plain.get(name) ?? false, flagged.get(name) ?? false]
    const [reason] = byDesign.find(([, names]) => names.includes(name)) ?? []
    if (before && !after && reason !== undefined) comparison.designed.push([name, reason])
    else comparison[kindOf(before, after)].push(name)
  }
  return comparison
}

/** @param {boolean} before @param {boolean} after */
function kindOf(before, after) {
  if (before) return after ? 'both' : 'onlyWithout'
  return after ? 'onlyWith' : 'neither'
}

/**
 * Adds a second run of some tests to a first one: a test has passed if it passed in either run.
 * @param {Outcome[]} first
 * @param {Outcome[]} second
 * @returns {Outcome[]}
 */
export function merged(first, second) {
  const later = passedByName(second)
  return named(first).map((outcome) => ({
    ...outcome,
    passed: outcome.passed || (later.get(outcome.name) ?? false),
  }))
}

/** @param {Outcome[]} outcomes */
function passedByName(outcomes) {
  return new Map(named(outcomes).map(({ name, passed }) => [name, passed]))
}

/** Tells tests of the same name apart by a number. @param {Outcome[]} outcomes */
function named(outcomes) {
  /** @type {Map<string, number>} */
  const seen = new Map()
  return outcomes.map((outcome) => {
    const count = (seen.get(outcome.name) ?? 0) + 1
    seen.set(outcome.name, count)
    return count === 1 ? outcome : { ...outcome, name: `${outcome.name} (${count})` }
  })
}
