'use strict'

// bottleneck's class in terms of ours, for bottleneck's own tests. The events and the groups are
// bottleneck's own.

const Batcher = require('./Batcher')
const BottleneckError = require('./BottleneckError')
const Events = require('./Events')
const Group = require('./Group')
const { Jobs, STRATEGY, UNLIMITED } = require('./bottleneck-jobs')

class Bottleneck {
  #jobs

  constructor({
    id = '<no-id>',
    maxConcurrent = null,
    minTime = 0,
    highWater = null,
    strategy = STRATEGY.LEAK,
    penalty = 15 * minTime || 5000,
    rejectOnDrop = true,
    trackDoneStatus = false,
    timeout = null,
  } = {}) {
    this.id = id
    this.Events = new Events(this)
    const limits = { maxConcurrent, minTime, highWater, strategy, penalty }
    const jobs = new Jobs(this.Events, { ...limits, rejectOnDrop, trackDoneStatus })
    this.#jobs = jobs
    /** What bottleneck's groups ask their limiters. */
    this._store = {
      timeout,
      storeOptions: { minTime },
      __groupCheck__: async (/** @type {number} */ time) => jobs.idleSince + timeout < time,
    }
  }

  schedule(...args) {
    const [options, task, ...rest] = withOptions(args)
    return this.#jobs.receive(options, task, rest).done
  }

  submit(...args) {
    const [options, fn, ...rest] = withOptions(args)
    const callback = rest.pop() ?? (() => {})
    const task = (...values) =>
      new Promise((resolve, reject) => {
        fn(...values, (...results) => (results[0] == null ? resolve : reject)(results))
      })
    const { queued, done } = this.#jobs.receive(options, task, rest)
    done.then(
      (results) => callback(...results),
      (failure) => callback(...(Array.isArray(failure) ? failure : [failure])),
    )
    return queued
  }

  wrap(fn) {
    const limiter = this
    function wrapped(...args) {
      return limiter.schedule(fn.bind(this), ...args)
    }
    wrapped.withOptions = (options, ...args) => limiter.schedule(options, fn, ...args)
    return wrapped
  }

  async stop({
    enqueueErrorMessage = 'This limiter has been stopped and cannot accept new jobs.',
    dropWaitingJobs = true,
    dropErrorMessage = 'This limiter has been stopped.',
  } = {}) {
    if (this.#jobs.closedError) throw new BottleneckError('stop() has already been called')
    // bottleneck lets a job of its own wait for the others.
    const last = dropWaitingJobs ? undefined : this.schedule({ weight: 0 }, () => {})
    this.#jobs.closedError = new BottleneckError(enqueueErrorMessage)
    // What was received before is queued first.
    await null
    if (dropWaitingJobs) this.#jobs.drop(new BottleneckError(dropErrorMessage))
    await Promise.all([last, this.#jobs.slots.drain()])
  }

  async updateSettings({ id = this.id, maxConcurrent, minTime = this.#jobs.minTime }) {
    this.id = id
    this.#jobs.minTime = minTime
    if (maxConcurrent !== undefined) this.#jobs.slots.resize(maxConcurrent ?? UNLIMITED)
    return this
  }

  async check(weight = 1) {
    const { available, queued } = this.#jobs.slots.getStatus()
    return queued === 0 && available >= weight && this.#jobs.starts.getStatus().available > 0
  }

  queued() {
    return this.#jobs.slots.getStatus().queued
  }

  async clusterQueued() {
    return this.queued()
  }

  empty() {
    return this.queued() === 0
  }

  async running() {
    return this.#jobs.slots.getStatus().current
  }

  async done() {
    return this.#jobs.doneWeight
  }

  counts() {
    return this.#jobs.states.statusCounts()
  }

  jobStatus(id) {
    return this.#jobs.states.jobStatus(id)
  }

  jobs(status) {
    return this.#jobs.states.statusJobs(status)
  }

  async ready() {}

  async disconnect() {}
}

function withOptions(args) {
  return typeof args[0] === 'function' ? [{}, ...args] : args
}

const parts = { Batcher, BottleneckError, Events, Group, strategy: STRATEGY }
module.exports = Object.assign(Bottleneck, parts, { default: Bottleneck })
