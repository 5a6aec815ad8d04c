// How many rounds there is time for: ten, and fewer on a slow machine.

/** For all suites, in s: with a cold release build before it, a quarter of an hour. */
const BUDGET = 8 * 60
const MOST = 10
const LEAST = 3
/** What each took on a machine with two cores, in s: to start with, and for each round. */
const COSTS = {
  footprint: [85, 1],
  'host-memory': [1, 4],
  'kill-tree': [1, 1],
  limiter: [5, 12],
  metrics: [1, 0.5],
  scan: [3, 6],
  spawn: [3, 10],
  'tool-calls': [7, 4],
  workload: [10, 10],
}

export class Allowance {
  #left
  #time = BUDGET
  #expected = 0
  #taken = 0

  /** @param {string[]} suites those that are still to come, in this order */
  constructor(suites) {
    this.#left = suites
  }

  /** Of each of those that are still to come. */
  rounds() {
    const slowness = this.#expected === 0 ? 1 : this.#taken / this.#expected
    const sum = (at) => this.#left.reduce((total, name) => total + COSTS[name][at], 0)
    const rounds = Math.floor((this.#time / slowness - sum(0)) / sum(1))
    return Math.min(MOST, Math.max(LEAST, rounds))
  }

  /** @param {string} name @param {number} seconds that it took @param {number} rounds that it went */
  spend(name, seconds, rounds) {
    const [start, each] = COSTS[name]
    this.#left = this.#left.filter((other) => other !== name)
    this.#time -= seconds
    this.#taken += seconds
    this.#expected += start + each * rounds
  }
}
