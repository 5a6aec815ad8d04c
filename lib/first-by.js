'use strict'

/**
 * Returns the entries that come first by `compare`, at most `most`, in the order of the list.
 * @template T
 * @param {T[]} list
 * @param {number} most
 * @param {(one: T, other: T) => number} compare
 */
function firstBy(list, most, compare) {
  if (list.length <= most) return list
  const kept = new Set(list.toSorted(compare).slice(0, most))
  return list.filter((entry) => kept.has(entry))
}

module.exports = { firstBy }
