// p-queue's class in terms of ours, for p-queue's own tests.

import { createRequire } from 'node:module'

const { Semaphore } = createRequire(import.meta.url)(process.env.PROCWARD)
/** The largest count that a semaphore takes. */
const UNLIMITED = 2 ** 32 - 1

export default class PQueue {
  #semaphore
  #concurrency

  constructor({ concurrency = Infinity, autoStart = true } = {}) {
    this.#concurrency = concurrency
    this.#semaphore = new Semaphore(slots(concurrency), { queueTimeout: Infinity })
    this.isPaused = !autoStart
    if (this.isPaused) this.#semaphore.pause()
  }

  async add(task, { signal } = {}) {
    try {
      return await this.#semaphore.use(() => task({ signal }), { signal })
    } catch (error) {
      // p-queue forgets the tasks of clear(), and rejects with the signal's reason.
      if (error.code === 'ERR_CLEARED') return new Promise(() => {})
      throw error.code === 'ABORT_ERR' ? error.cause : error
    }
  }

  addAll(tasks, options) {
    return Promise.all(tasks.map((task) => this.add(task, options)))
  }

  start() {
    this.isPaused = false
    this.#semaphore.resume()
    return this
  }

  pause() {
    this.isPaused = true
    this.#semaphore.pause()
  }

  clear() {
    this.#semaphore.clear()
  }

  onIdle() {
    return this.#semaphore.onIdle()
  }

  get size() {
    return this.#semaphore.getStatus().queued
  }

  get pending() {
    return this.#semaphore.getStatus().current
  }

  get concurrency() {
    return this.#concurrency
  }

  set concurrency(concurrency) {
    this.#concurrency = concurrency
    this.#semaphore.resize(slots(concurrency))
  }
}

/** @param {number} concurrency */
function slots(concurrency) {
  return concurrency === Infinity ? UNLIMITED : concurrency
}
