'use strict'

/** A set that can be iterated and does not keep its objects alive. @template {object} T */
class IterableWeakSet {
  /** @type {Set<WeakRef<T>>} */
  #refs = new Set()
  /** @type {FinalizationRegistry<WeakRef<T>>} */
  #collected = new FinalizationRegistry((ref) => this.#refs.delete(ref))

  /** The number of objects, with those collected since the last finalization. */
  get size() {
    return this.#refs.size
  }

  /** @param {T} value */
  add(value) {
    const ref = new WeakRef(value)
    this.#refs.add(ref)
    this.#collected.register(value, ref)
  }

  *[Symbol.iterator]() {
    for (const ref of this.#refs) {
      const value = ref.deref()
      if (value) yield value
    }
  }
}

module.exports = { IterableWeakSet }
