'use strict'

/** Objects that can be gone through, as long as somebody else holds them. @template {object} T */
class IterableWeakSet {
  /** @type {Set<WeakRef<T>>} */
  #refs = new Set()
  /** @type {FinalizationRegistry<WeakRef<T>>} */
  #gone = new FinalizationRegistry((ref) => this.#refs.delete(ref))

  /** How many there are, and how many that have gone were not noticed yet. */
  get size() {
    return this.#refs.size
  }

  /** @param {T} value */
  add(value) {
    const ref = new WeakRef(value)
    this.#refs.add(ref)
    this.#gone.register(value, ref)
  }

  *[Symbol.iterator]() {
    for (const ref of this.#refs) {
      const value = ref.deref()
      if (value) yield value
    }
  }
}

module.exports = { IterableWeakSet }
