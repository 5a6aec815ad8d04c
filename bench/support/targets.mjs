// What is reached, and what should be.

/** @typedef {import('./report.mjs').Ratio} Ratio */

/** @param {string} what @param {number} is @param {number} least @param {string} [unit] @returns {Ratio} */
export function atLeast(what, is, least, unit = 'x') {
  return { what, is, unit, target: `at least ${least.toLocaleString('en')}${unit}`, met: is >= least }
}

/** @param {string} what @param {number} is @param {number} most @param {string} [unit] @returns {Ratio} */
export function atMost(what, is, most, unit = 'x') {
  return { what, is, unit, target: `at most ${most.toLocaleString('en')}${unit}`, met: is <= most }
}

/** By which power of its size the work grew, from the least to the most. @param {[size: number, cost: number][]} costs */
export function exponent(costs) {
  const [[size, cost], [largeSize, largeCost]] = [costs[0], costs[costs.length - 1]]
  return Math.log(largeCost / cost) / Math.log(largeSize / size)
}
