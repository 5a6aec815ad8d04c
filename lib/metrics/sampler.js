'use strict'

// Takes a sample of a helper and a scanner every few seconds, and keeps an hour of samples.

const { throwLater } = require('../errors')
const native = require('../native')
const { activeProcesses } = require('./active')
const { beginning } = require('./beginning')
const { hostMemory } = require('./collect')
const { fleetProblem } = require('./fleet')
const { longestPause, waitReason } = require('./limits')

/** Milliseconds between two samples. */
const INTERVAL = 5000
/** The number of samples in an hour. */
const KEPT = 720

/**
 * @typedef {import('../health').Sample} Sample
 * @typedef {Sample & { servers: Record<string, { calls: number, failures: number }> }} Taken
 *   - with the calls of each server so far
 * @typedef {(sample: Taken, before?: Taken) => void} Listener
 *   `before` is the sample before, which the listener may not know
 * @typedef {import('./collect').Source} Source
 */

/**
 * The samplers by helper and scanner.
 * @type {WeakMap<object, WeakMap<object, Sampler>>}
 */
const samplers = new WeakMap()
/** Samplers with listeners, kept alive here for them. @type {Set<Sampler>} */
const listenedTo = new Set()

class Sampler {
  #source
  /** @type {Sample[]} */
  #samples = []
  /** The milliseconds by which the clock was last set back, and its time before. */
  #setBack = { by: 0, from: -Infinity }
  /** The latest sample, with the calls of each server. @type {Taken | undefined} */
  #newest
  /** @type {Set<Listener>} */
  #listeners = new Set()

  /** @param {Source} source */
  constructor(source) {
    this.#source = source
    // The timer keeps neither the sampler nor the process alive.
    const self = new WeakRef(this)
    const timer = setInterval(() => {
      const sampler = self.deref()
      if (sampler) sampler.#sample()
      else clearInterval(timer)
    }, INTERVAL)
    timer.unref()
  }

  /**
   * Returns the samples after an instant, oldest first.
   * @param {number} [since] ms since the epoch
   * @returns {Sample[]}
   */
  history(since = -Infinity) {
    if (this.#newest === undefined) this.#begin(sampleIfPossible(this.#source))
    const newest = this.#samples.at(-1)?.time ?? Infinity
    // `since` is the time of a sample from before the clock was set back.
    if (since > newest && since <= this.#setBack.from) return this.history(since - this.#setBack.by)
    // Searched from the end, because most callers want the last few.
    let at = this.#samples.length
    while (at > 0 && this.#samples[at - 1].time > since) at--
    return this.#samples.slice(at)
  }

  /** Takes a sample now. @returns {Sample} */
  latest() {
    return published(takeSample(this.#source))
  }

  /** @param {Listener} listener @returns {() => void} what ends it */
  onSample(listener) {
    this.#listeners.add(listener)
    listenedTo.add(this)
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) listenedTo.delete(this)
    }
  }

  #sample() {
    const sample = sampleIfPossible(this.#source)
    if (sample === undefined) return
    this.#begin(sample)
    const before = this.#newest
    this.#followClock(sample.time)
    this.#push(sample)
    for (const listener of this.#listeners) notify(listener, sample, before)
  }

  /** Begins the history with the start of a young process. @param {Taken} [first] */
  #begin(first) {
    if (first === undefined || this.#newest !== undefined) return
    const start = beginning(first, process.uptime() * 1000)
    if (start !== undefined) this.#push(start)
  }

  /** @param {Taken} sample */
  #push(sample) {
    this.#newest = sample
    this.#samples.push(published(sample))
    if (this.#samples.length > KEPT) this.#samples.shift()
  }

  /**
   * Moves all samples when the clock was set back, so that they stay in order.
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
 * Calls a listener. An error that the listener throws is an uncaught exception, and does not keep
 * the other listeners from being called.
 * @param {Listener} listener
 * @param {Taken} sample
 * @param {Taken} [before]
 */
function notify(listener, sample, before) {
  try {
    listener(sample, before)
  } catch (error) {
    throwLater(error)
  }
}

/**
 * Returns the sampler of a helper and a scanner; the first use starts it.
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
 * Takes a sample; returns `undefined` on an error such as a malformed environment, which callers of
 * the helper get themselves.
 * @param {Source} source
 */
function sampleIfPossible(source) {
  try {
    return takeSample(source)
  } catch {
    return undefined
  }
}

/**
 * Returns a sample without the servers, of which there may be many in an hour of samples.
 * @param {Taken} sample
 * @returns {Sample}
 */
function published({ servers: _, ...sample }) {
  return sample
}

/** @param {Source} source @returns {Taken} */
function takeSample({ helper, cleanup }) {
  const { calls, failures, queueTimeouts, children, memory, stuck, slowest, ...more } = JSON.parse(
    native.metricsTotals(),
  )
  const status = helper.getSemaphoreStatus()
  const { maxConcurrent, current, queued } = status
  const { stats, isRunning, interval, lastScan } = cleanup.getStats()
  const host = hostMemory()
  return {
    time: Date.now(),
    processes: activeProcesses(helper).count,
    children,
    memory,
    stuck,
    inUse: current,
    queued,
    limit: maxConcurrent,
    limitedBy: waitReason(status),
    paused: longestPause(status),
    fleetProblem: fleetProblem(status),
    calls,
    failures,
    queueTimeouts,
    kills: stats.killed,
    scans: stats.scans,
    memoryAvailable: host.available,
    memoryTotal: host.total,
    slowest,
    crashes: more.crashes,
    spawns: more.spawns,
    cleanupErrors: stats.errors,
    ready: helper.getReadiness?.().ready ?? true,
    breakers: openBreakers(helper),
    exhausted: exhaustedBy(helper),
    scanner: { isRunning, interval, lastScan: lastScan?.time ?? null },
    servers: more.servers,
  }
}

/**
 * Returns a server of which no start is tried, and the number of such servers.
 * @param {Source['helper']} helper
 * @returns {Sample['breakers']}
 */
function openBreakers(helper) {
  const open = helper.getStats?.().servers.filter(({ retryAfter }) => retryAfter !== null) ?? []
  return open.length === 0 ? null : { server: open[0].server, count: open.length }
}

/**
 * Counts the calls that wait for a session while there may be no more sessions.
 * @param {Source['helper']} helper
 */
function exhaustedBy(helper) {
  const pool = helper.getPoolStatus?.()
  if (pool === undefined) return 0
  const processes = pool.sessions.filter(({ pid, state }) => pid !== null && state !== 'ending')
  return processes.length >= pool.maxSessions ? pool.queued : 0
}

module.exports = { INTERVAL, sampler }
