'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const processes = require('./processes')
const { countMcporter, countServers, family } = require('./processes/tree')

/**
 * Reading memory takes the kernel a millisecond per process, so it gets at most a tenth of the
 * time.
 */
const MEMORY_SHARE = 10
/** How long a process may take to end after its call, in ms, before it counts as left behind. */
const PATIENCE = 5000

/**
 * Watches the processes below `root`, leaving out those in `except` and whatever is below them.
 * `kept` tells which are meant to stay when all is done.
 */
class Sampler {
  peaks = { node: 0, mcporter: 0, servers: 0, shared: 0, resident: 0 }
  /** What the processes have used of the CPU so far, in ms. */
  cpu = 0
  #root
  #except
  #kept
  #cpuBefore = 0
  /** @type {Map<string, import('./processes').Process>} */
  #seen = new Map()
  #before = new Set()
  #nextMemory = 0
  #running = true
  #done

  /** @param {{ root: number, except?: number[], kept?: () => Promise<number[]> }} watched */
  static async start({ root, except = [], kept = async () => [] }) {
    const sampler = new Sampler(root, new Set(except), kept)
    const current = await sampler.#current()
    for (const process of current) sampler.#before.add(key(process))
    sampler.#cpuBefore = sampler.#cpuOf(current)
    sampler.#done = sampler.#loop()
    // It is stop() that reports an error of the loop.
    sampler.#done.catch(() => {})
    return sampler
  }

  constructor(root, except, kept) {
    this.#root = root
    this.#except = except
    this.#kept = kept
  }

  /** Ends the sampling and resolves with the number of processes that the run left behind. */
  async stop() {
    this.#running = false
    await this.#done
    this.#count(await this.#current())
    const deadline = Date.now() + PATIENCE
    for (;;) {
      const left = await this.left()
      if (left === 0 || Date.now() > deadline) return left
      await sleep(processes.interval)
    }
  }

  /**
   * How many of the processes seen so far are still alive and not meant to be, wherever they are in
   * the process tree by now.
   */
  async left() {
    for (const [id, process] of this.#seen) {
      if (!(await processes.isAlive(process))) this.#seen.delete(id)
    }
    const kept = family(new Set(await this.#kept()), await this.#current())
    return [...this.#seen.values()].filter(({ pid }) => !kept.has(pid)).length
  }

  async #loop() {
    while (this.#running) {
      this.#count(await this.#current())
      await sleep(processes.interval)
    }
  }

  async #current() {
    const found = await processes.descendants(this.#root)
    const left = new Set(this.#except)
    // Parents come before their children.
    return found.filter(({ pid, parent }) => {
      if (left.has(parent)) left.add(pid)
      return !left.has(pid)
    })
  }

  #count(current) {
    for (const process of current) {
      if (!this.#before.has(key(process))) this.#seen.set(key(process), process)
    }
    this.#raise('node', current.filter(({ isNode }) => isNode).length)
    this.#raise('mcporter', countMcporter(current))
    this.#raise('servers', countServers(current))
    this.cpu = this.#cpuOf(current) - this.#cpuBefore
    const start = performance.now()
    if (start < this.#nextMemory) return
    const memory = current.map((process) => process.memory())
    for (const kind of ['shared', 'resident']) {
      this.#raise(
        kind,
        memory.reduce((sum, one) => sum + one[kind], 0),
      )
    }
    this.#nextMemory = performance.now() + (performance.now() - start) * MEMORY_SHARE
  }

  /**
   * Of those that run, and of those that have ended.
   * @param {import('./processes').Process[]} current
   */
  #cpuOf(current) {
    return current.reduce((sum, { cpu }) => sum + cpu, processes.endedCpu(this.#root))
  }

  #raise(peak, value) {
    this.peaks[peak] = Math.max(this.peaks[peak], value)
  }
}

function key({ pid, started }) {
  return `${pid} ${started}`
}

module.exports = { Sampler }
