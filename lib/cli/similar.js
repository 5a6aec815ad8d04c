'use strict'

// Finds the word that the user may have meant.

/** Words of more letters are none of ours. */
const LONGEST = 20

/**
 * Returns a question with the nearest of the words; an empty text if none is near.
 * @param {string} given
 * @param {string[]} words
 */
function didYouMean(given, words) {
  const [nearest] = given.length > LONGEST ? [] : near(given.toLowerCase(), words)
  return nearest === undefined ? '' : `; did you mean ${nearest}?`
}

/** @param {string} given @param {string[]} words */
function near(given, words) {
  const letters = given.replace(/^-+/, '')
  // A short word differs from too many others by two letters.
  const most = letters.length <= 3 ? 1 : 2
  return words
    .map((word) => ({ word, steps: isBegin(letters, word) ? 0.5 : steps(given, word) }))
    .filter(({ steps }) => steps <= most)
    .sort((one, other) => one.steps - other.steps)
    .map(({ word }) => word)
}

/** @param {string} letters @param {string} word */
function isBegin(letters, word) {
  return letters.length >= 2 && word.replace(/^-+/, '').startsWith(letters)
}

/**
 * Returns how many letters have to be added, removed, changed or swapped with their neighbour.
 * @param {string} from
 * @param {string} to
 */
function steps(from, to) {
  /** @type {number[][]} */
  const rows = [Array.from({ length: to.length + 1 }, (_, at) => at)]
  for (let i = 1; i <= from.length; i++) {
    rows[i] = [i]
    for (let j = 1; j <= to.length; j++) {
      const change = from[i - 1] === to[j - 1] ? 0 : 1
      rows[i][j] = Math.min(
        rows[i - 1][j] + 1,
        rows[i][j - 1] + 1,
        rows[i - 1][j - 1] + change,
        isSwap(from, to, i, j) ? rows[i - 2][j - 2] + 1 : Infinity,
      )
    }
  }
  return rows[from.length][to.length]
}

/** @param {string} from @param {string} to @param {number} i @param {number} j */
function isSwap(from, to, i, j) {
  return i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
}

module.exports = { didYouMean }
