'use strict'

/** A power of two. */
const SMALLEST = 16

/**
 * Waiting requests by rising 32-bit numbers. A Map whose keys only rise is rebuilt again and again;
 * in this table the place of a settled request is used again. A number is skipped while its place
 * is taken by a long wait.
 * @template {{ number: number }} Entry
 */
class Waiting {
  /**
   * A power of two in length, so that the last bits of a number are its place.
   * @type {(Entry | undefined)[]}
   */
  #places = places(SMALLEST)
  #last = 0
  size = 0

  /** Adds an entry, and sets its number. @param {Entry} entry @returns {number} */
  add(entry) {
    if (this.size * 2 >= this.#places.length) this.#grow()
    const mask = this.#places.length - 1
    do this.#last = (this.#last + 1) >>> 0
    while (this.#places[this.#last & mask] !== undefined)
    entry.number = this.#last
    this.#places[this.#last & mask] = entry
    this.size++
    return this.#last
  }

  /** @param {number} number */
  get(number) {
    const entry = this.#places[number & (this.#places.length - 1)]
    return entry?.number === number ? entry : undefined
  }

  /** Deletes an entry that is in the table. @param {number} number */
  delete(number) {
    this.#places[number & (this.#places.length - 1)] = undefined
    this.size--
  }

  /** Returns all entries in the order of their numbers. @returns {Entry[]} */
  all() {
    return this.#places
      .filter((entry) => entry !== undefined)
      .sort((one, other) => one.number - other.number)
  }

  /** Doubles the table. Entries with distinct places keep distinct places. */
  #grow() {
    const before = this.#places
    this.#places = places(before.length * 2)
    const mask = this.#places.length - 1
    for (const entry of before) if (entry !== undefined) this.#places[entry.number & mask] = entry
  }
}

/** @param {number} count @returns {undefined[]} */
function places(count) {
  return new Array(count).fill(undefined)
}

module.exports = { Waiting }
