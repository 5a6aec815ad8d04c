'use strict'

// What is going on, looked at every few seconds and remembered for an hour.

const { throwLater } = require('../errors')
const native = require('../native')
const { hostMemory } = require('./collect')

/** Ms between two samples. */
const INTERVAL = 5000
/** An hour. */
const KEPT = 720

/**
 * @typedef {import('../health').Sample} Sample
 * @typedef {import('./collect').Source} Source
 */

/**
 * One for each helper and scanner, as long as there are both.
 * @type {WeakMap<object, WeakMap<object, Sampler>>}
 */
const samplers = new WeakMap()
/** Those that somebody listens to, who need hold on to nothing. @type {Set<Sampler>} */
const listenedTo = new Set()

class Sampler {
  #source
  /** @type {Sample[]} */
  #samples = []
  /** How far the clock was last set back, in ms, and what it said before. */
  #setBack = { by: 0, from: -Infinity }
  /** @type {Set<(sample: Sample) => void>} */
  #listeners = new Set()

  /** @param {Source} source */
  constructor(source) {
    this.#source = source
    // The timer holds on to nothing, and keeps nothing alive.
    const self = new WeakRef(this)
    const timer = setInterval(() => {
      const sampler = self.deref()
      if (sampler) sampler.#look()
      else clearInterval(timer)
    }, INTERVAL)
    timer.unref()
  }

  /**
   * Those after this moment, oldest first.
   * @param {number} [since] ms since the epoch
   * @returns {Sample[]}
   */
  history(since = -Infinity) {
    const newest = this.#samples.at(-1)?.time ?? Infinity
    // The time of a sample that was given before the clock was set back.
    if (since > newest && since <= this.#setBack.from) return this.history(since - this.#setBack.by)
    // Backwards, because who asks again and again wants the last few.
    let at = this.#samples.length
    while (at > 0 && this.#samples[at - 1].time > since) at--
    return this.#samples.slice(at)
  }

  /** How it is now. @returns {Sample} */
  latest() {
    return takeSample(this.#source)
  }

  /** @param {(sample: Sample) => void} listener @returns {() => void} what ends it */
  onSample(listener) {
    this.#listeners.add(listener)
    listenedTo.add(this)
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) listenedTo.delete(this)
    }
  }

  #look() {
    const sample = takenSample(this.#source)
    if (sample === undefined) return
    this.#followClock(sample.time)
    this.#samples.push(sample)
    if (this.#samples.length > KEPT) this.#samples.shift()
    for (const listener of this.#listeners) tell(listener, sample)
  }

  /**
   * When the clock was set back, all samples go with it, so that they stay in order.
   * @param {number} time of the next sample
   */
  #followClock(time) {
    const last = this.#samples.at(-1)
    if (last === undefined || last.time < time) return
    const by = last.time - time + INTERVAL
    this.#setBack = { by, from: last.time }
    this.#samples = this.#samples.map((sample) => ({ ...sample, time: sample.time - by }))
  }
}

/**
 * A listener that throws is an uncaught exception, and no reason for the others not to hear.
 * @param {(sample: Sample) => void} listener
 * @param {Sample} sample
 */
function tell(listener, sample) {
  try {
    listener(sample)
  } catch (error) {
    throwLater(error)
  }
}

/**
 * The sampler of these two, which looks from its first use on.
 * @param {Source['helper']} helper
 * @param {Source['cleanup']} cleanup
 * @returns {Sampler}
 */
function sampler(helper, cleanup) {
  let ofHelper = samplers.get(helper)
  if (ofHelper === undefined) {
    ofHelper = new WeakMap()
    samplers.set(helper, ofHelper)
  }
  let found = ofHelper.get(cleanup)
  if (found === undefined) {
    found = new Sampler({ helper, cleanup })
    ofHelper.set(cleanup, found)
  }
  return found
}

/**
 * Nothing where there is nothing to see: what is wrong (a malformed environment) is told to those
 * who ask.
 * @param {Source} source
 */
function takenSample(source) {
  try {
    return takeSample(source)
  } catch {
    return undefined
  }
}

/** @param {Source} source @returns {Sample} */
function takeSample({ helper, cleanup }) {
  const { calls, failures, queueTimeouts, children, memory, stuck, slowest } = JSON.parse(
    native.metricsTotals(),
  )
  const { maxConcurrent, current, queued } = helper.getSemaphoreStatus()
  const { stats } = cleanup.getStats()
  const host = hostMemory()
  return {
    time: Date.now(),
    processes: helper.getActiveProcesses().length,
    children,
    memory,
    stuck,
    inUse: current,
    queued,
    limit: maxConcurrent,
    calls,
    failures,
    queueTimeouts,
    kills: stats.killed,
    scans: stats.scans,
    memoryAvailable: host.available,
    memoryTotal: host.total,
    slowest,
  }
}

module.exports = { INTERVAL, sampler }
