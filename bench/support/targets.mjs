// What is reached, and what should be.

/** @typedef {{ median: number, least: number, most: number }} Summary */

/** @param {string} what @param {Summary} is @param {number} least */
export function atLeast(what, is, least) {
  return {
    what,
    is: is.median,
    spread: is,
    target: `at least ${least.toLocaleString('en')}x`,
    met: is.median >= least,
  }
}

/** @param {string} what @param {Summary} is @param {number} most @param {string} [unit] */
export function atMost(what, is, most, unit = 'x') {
  const target = `at most ${most.toLocaleString('en')}${unit}`
  return { what, is: is.median, spread: is, unit, target, met: is.median <= most }
}
