/** @param {number[]} values @param {number} share @returns {number} */
export function quantile(values, share) {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
}

/** @param {number[]} values */
export function median(values) {
  return quantile(values, 0.5)
}

/** The middle of some rounds, and from where to where they went. @param {number[]} values */
export function summary(values) {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) }
}

/**
 * One party's figures over another's, round by round, because what disturbs a round disturbs both.
 * @param {number[]} ours
 * @param {number[]} theirs
 */
export function pairedRatios(ours, theirs) {
  return summary(ours.map((value, round) => value / theirs[round]))
}
