// How many rounds there is time for: ten, and fewer on a slow machine.

import { spawnSync } from 'node:child_process'
import { median } from './statistics.mjs'

/** For all suites, in s: with a cold release build before it, a quarter of an hour. */
const BUDGET = 8 * 60
const MOST = 10
const LEAST = 2
/** What each takes on a machine with two cores, in s: to start with, and for each round. */
const COSTS = {
  'child-process': [1, 2.5],
  footprint: [80, 1],
  'host-memory': [1, 4],
  'http-calls': [3, 3],
  'kill-tree': [1, 1],
  limiter: [60, 5],
  metrics: [1, 0.5],
  output: [3, 2],
  scan: [3, 6],
  spawn: [4, 9],
  'server-limits': [2, 4],
  'stdio-calls': [2, 1],
  'tool-calls': [5, 4],
  workload: [30, 6],
}
/** What a start of Node.js takes there, in ms. */
const START = 40

/** How many times as long everything takes here. */
function slownessHere() {
  const times = Array.from({ length: 9 }, () => {
    const start = performance.now()
    spawnSync(process.execPath, ['--eval', ''])
    return performance.now() - start
  })
  return median(times) / START
}

export class Allowance {
  #left
  #time = BUDGET
  #slowness

  /** @param {string[]} suites those that are still to come */
  constructor(suites, slowness = slownessHere()) {
    this.#left = suites
    this.#slowness = slowness
  }

  /** Of each of those that are still to come. */
  rounds() {
    const sum = (at) => this.#left.reduce((total, name) => total + COSTS[name][at], 0)
    const rounds = Math.floor((this.#time / this.#slowness - sum(0)) / sum(1))
    return Math.min(MOST, Math.max(LEAST, rounds))
  }

  /** @param {string} name @param {number} seconds that it took */
  spend(name, seconds) {
    this.#left = this.#left.filter((other) => other !== name)
    this.#time -= seconds
  }
}
