'use strict'

// The jobs of bottleneck's class in terms of our semaphores. The slots are one semaphore, and the
// starts another: a start is held for `minTime`. The states are bottleneck's own.

const { Semaphore } = require(process.env.PROCWARD)
const BottleneckError = require('./BottleneckError')
const States = require('./States')

/** The largest count that a semaphore takes. */
const UNLIMITED = 2 ** 32 - 1
const STRATEGY = { LEAK: 1, OVERFLOW: 2, OVERFLOW_PRIORITY: 4, BLOCK: 3 }
const STATES = ['RECEIVED', 'QUEUED', 'RUNNING', 'EXECUTING']
let ids = 0

class Jobs {
  slots
  starts = new Semaphore(1, { queueTimeout: Infinity })
  states
  /** Time between two starts, in ms. */
  minTime
  doneWeight = 0
  /** The time at which the last job ended, `Infinity` while one is left. */
  idleSince = Date.now()
  /** The error of later jobs. @type {Error | undefined} */
  closedError
  #events
  #rejectOnDrop
  /** What a full queue does. @type {() => boolean} - whether the job may try again */
  #onFull
  /** The jobs in the queue, in their order. @type {Set<any>} */
  #waiting = new Set()
  /** Resolves when the last job of the queue has left it. */
  #lastTurn = Promise.resolve()
  #isBlocked = false
  /** The error of the jobs that have not started. @type {Error | undefined} */
  #dropError

  constructor(events, { maxConcurrent, minTime, highWater, strategy, penalty, ...more }) {
    this.#events = events
    this.minTime = minTime
    this.slots = new Semaphore(maxConcurrent ?? UNLIMITED, {
      queueTimeout: Infinity,
      maxQueue: highWater ?? Infinity,
    })
    this.#rejectOnDrop = more.rejectOnDrop
    this.states = new States(more.trackDoneStatus ? [...STATES, 'DONE'] : STATES)
    if (strategy === STRATEGY.LEAK) this.#onFull = () => this.#leak()
    else if (strategy === STRATEGY.BLOCK) this.#onFull = () => this.#block(penalty)
    else this.#onFull = () => false
  }

  receive(given, task, args) {
    const options = { priority: 5, weight: 1, expiration: null, id: `<no-id>-${ids++}`, ...given }
    const { id } = options
    if (this.states.jobStatus(id) !== null) {
      const error = new BottleneckError(`A job with the same id already exists (id=${id})`)
      return { done: Promise.reject(error) }
    }
    const controller = new AbortController()
    const job = { options, task, args, controller, leave() {}, closedError: this.closedError }
    this.states.start(id)
    this.#events.trigger('received', { args, options })
    job.queued = Promise.resolve().then(() => this.#queue(job))
    job.promise = job.queued.then(({ served }) => served)
    return { queued: job.queued.then(() => true), done: job.promise }
  }

  /** Wrapped in an object, the promise of the job is not awaited. */
  #queue(job) {
    this.#advance(job, 'queued', { reachedHWM: false, blocked: this.#isBlocked })
    return { served: this.#serve(job) }
  }

  async #serve(job) {
    try {
      return await this.#admit(job)
    } catch (error) {
      const { id } = job.options
      if (['EXECUTING', 'DONE', null].includes(this.states.jobStatus(id))) throw error
      if (error.code === 'ERR_CLOSED') {
        this.states.remove(id)
        throw job.closedError
      }
      return this.#drop(job, this.#told(error, job))
    } finally {
      this.#leave(job)
    }
  }

  async #admit(job) {
    const { weight: cost } = job.options
    if (this.#isBlocked) throw dropped()
    // A cost is at least 1: a job without a weight follows the last one, and takes no slot.
    if (cost === 0) return this.#lastTurn.then(() => this.#run(job))
    const { signal } = job.controller
    const served = this.slots.use(() => this.#run(job), { cost, signal })
    this.#waiting.add(job)
    this.#noteTurn(job)
    this.#watchIdle()
    try {
      return await served
    } catch (error) {
      if (error.code !== 'ERR_QUEUE_FULL') throw error
      this.#leave(job)
      if (!this.#onFull()) throw error
      return this.#admit(job)
    }
  }

  async #run(job) {
    this.#leave(job)
    if (this.slots.getStatus().queued === 0) this.#events.trigger('empty')
    this.#advance(job, 'scheduled')
    await this.starts.acquire()
    setTimeout(() => this.starts.release(), this.minTime)
    // bottleneck starts each job in a timer.
    await new Promise((resolve) => setTimeout(resolve))
    if (this.#dropError) throw this.#dropError
    this.#advance(job, 'executing', { retryCount: 0 })
    try {
      return await this.#attempt(job, 0)
    } finally {
      this.doneWeight += job.options.weight
      this.#advance(job, 'done', { retryCount: 0 })
    }
  }

  /** Calls the task until it succeeds or no listener wants a retry. The slots stay held. */
  async #attempt(job, retryCount) {
    const { task, args, options } = job
    try {
      return await task(...args)
    } catch (error) {
      const wait = await this.#events.trigger('failed', error, { args, options, retryCount })
      if (wait == null) throw error
      this.#events.trigger('retry', `Retrying ${options.id}`, { args, options, retryCount })
      await new Promise((resolve) => setTimeout(resolve, wait))
      return this.#attempt(job, retryCount + 1)
    }
  }

  /** Makes the oldest job of the queue leave it. */
  #leak() {
    const [oldest] = this.#waiting
    oldest?.controller.abort()
    return oldest !== undefined
  }

  /** Empties the queue, and refuses jobs for a time. @param {number} penalty in ms */
  #block(penalty) {
    this.#isBlocked = true
    setTimeout(() => {
      this.#isBlocked = false
    }, penalty)
    this.slots.clear(dropped())
    return false
  }

  /** The error of a job that was not run, in bottleneck's words. */
  #told(error, { options: { weight } }) {
    if (error instanceof BottleneckError) return error
    if (error.code !== 'ERR_INVALID_CONFIG') return dropped()
    return new BottleneckError(
      `Impossible to add a job having a weight of ${weight} to a limiter having a ` +
        `maxConcurrent setting of ${this.slots.getStatus().maxConcurrent}`,
    )
  }

  #drop(job, error) {
    const { options, task, args, promise } = job
    this.states.remove(options.id)
    this.#events.trigger('dropped', { args, options, task, promise })
    if (this.#rejectOnDrop) throw error
    return new Promise(() => {})
  }

  #advance({ options, args }, event, more) {
    this.states.next(options.id)
    this.#events.trigger(event, { args, options, ...more })
  }

  #noteTurn(job) {
    const before = this.#lastTurn
    this.#lastTurn = new Promise((resolve) => {
      job.leave = () => resolve(before)
    })
  }

  #leave(job) {
    this.#waiting.delete(job)
    job.leave()
  }

  #watchIdle() {
    if (this.idleSince === Infinity) return
    this.idleSince = Infinity
    this.slots.onIdle().then(() => {
      this.idleSince = Date.now()
      this.#events.trigger('idle')
    })
  }

  /** Drops the jobs that have not started. @param {Error} error */
  drop(error) {
    this.#dropError = error
    this.slots.clear(error)
    this.starts.clear(error)
  }
}

function dropped() {
  return new BottleneckError('This job has been dropped by Bottleneck')
}

module.exports = { Jobs, STRATEGY, UNLIMITED }
