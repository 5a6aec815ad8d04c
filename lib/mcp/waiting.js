'use strict'

/** A power of two. */
const SMALLEST = 16

/**
 * Those that wait, by numbers of 32 bits that rise. A Map whose keys only rise is made anew every
 * few of them; here one that is gone leaves its place to another. A number whose place is taken, by
 * somebody who waits for long, is left out.
 * @template {{ number: number }} Entry
 */
class Waiting {
  /**
   * As many as a power of two, so that the last bits of a number are its place.
   * @type {(Entry | undefined)[]}
   */
  #places = places(SMALLEST)
  #last = 0
  size = 0

  /** Gives it its number. @param {Entry} entry @returns {number} */
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

  /** One that is there. @param {number} number */
  delete(number) {
    this.#places[number & (this.#places.length - 1)] = undefined
    this.size--
  }

  /** In a table of twice the size no two that had places of their own share one. */
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
