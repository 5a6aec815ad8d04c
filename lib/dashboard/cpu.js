// The processor time that process trees use now, from two readings of a counter.

/** Ms over which the use is averaged, because one second of a counter says little. */
const SPAN = 5000

/** @typedef {{ time: number, seconds: Map<string, number> }} Reading */

export class CpuUse {
  /** Oldest first. @type {Reading[]} */
  #readings = []

  /**
   * Returns the use of each name as a share of one processor; nothing for a name without an earlier
   * reading.
   * @param {number} time ms
   * @param {Map<string, number>} seconds - of processor time by name, which only grow
   * @returns {Map<string, number>}
   */
  add(time, seconds) {
    // A clock that was set back makes earlier readings useless.
    this.#readings = this.#readings.filter((reading) => reading.time < time)
    while (this.#readings.length > 1 && this.#readings[1].time <= time - SPAN)
      this.#readings.shift()
    const [first] = this.#readings
    this.#readings.push({ time, seconds })
    /** @type {Map<string, number>} */
    const shares = new Map()
    if (first === undefined) return shares
    for (const [name, now] of seconds) {
      const before = first.seconds.get(name) ?? 0
      shares.set(name, Math.max(now - before, 0) / ((time - first.time) / 1000))
    }
    return shares
  }
}
