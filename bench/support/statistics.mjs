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
