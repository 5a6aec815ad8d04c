/** What counts and queues, and no more: the yardstick for what costs more. */
export class PlainSemaphore {
  #free
  /** @type {(() => void)[]} */
  #waiting = []
  #first = 0

  /** @param {number} limit */
  constructor(limit) {
    this.#free = limit
  }

  async acquire() {
    if (this.#free > 0) this.#free--
    else await new Promise((resolve) => this.#waiting.push(resolve))
  }

  release() {
    if (this.#first === this.#waiting.length) this.#free++
    else this.#waiting[this.#first++]()
  }

  /** @template T @param {() => Promise<T>} fn */
  async use(fn) {
    await this.acquire()
    try {
      return await fn()
    } finally {
      this.release()
    }
  }
}
