'use strict'

// async-mutex's class in terms of ours, for async-mutex's own tests.

const { Semaphore } = require(process.env.PROCWARD)
const { E_CANCELED } = require('./errors')

exports.__esModule = true
exports.default = class {
  #semaphore
  #cancelError

  constructor(value, cancelError = E_CANCELED) {
    this.#semaphore = new Semaphore(value, { queueTimeout: Infinity })
    this.#cancelError = cancelError
  }

  async acquire(weight = 1) {
    const before = this.getValue()
    const release = await this.#acquire(weight)
    return [before >= weight ? before : this.getValue() + weight, release]
  }

  async runExclusive(callback, weight = 1) {
    const before = this.getValue()
    const value = () => (before >= weight ? before : this.getValue() + weight)
    return this.#semaphore.use(() => callback(value()), { cost: weight })
  }

  async waitForUnlock(weight = 1) {
    const release = await this.#acquire(weight)
    release()
  }

  release(weight = 1) {
    for (let left = weight; left > 0; left--) this.#semaphore.release()
  }

  cancel() {
    this.#semaphore.clear(this.#cancelError)
  }

  getValue() {
    return this.#semaphore.getStatus().available
  }

  setValue(value) {
    this.#semaphore.resize(this.#semaphore.getStatus().current + value)
  }

  isLocked() {
    return this.getValue() === 0
  }

  #acquire(cost) {
    return this.#semaphore.acquire({ cost })
  }
}
