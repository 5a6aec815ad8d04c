// Each limiter as its users write it: `use` runs a function in a slot, `acquire` waits for a slot
// and gives what frees it. `armed` waits no longer than a timeout and rejects after it; `queued`
// tells how many wait.

import { Semaphore as Mutexes, withTimeout } from 'async-mutex'
import { Sema } from 'async-sema'
import Bottleneck from 'bottleneck'
import { bulkhead } from 'cockatiel'
import pLimit from 'p-limit'
import PQueue from 'p-queue'
import { Semaphore } from '../../../index.js'

/**
 * @typedef {object} Limiter
 * @property {<T>(fn: () => T | Promise<T>) => Promise<T>} use
 * @property {() => number} queued
 * @property {() => Promise<() => void>} [acquire]
 * @property {() => Promise<void>} [cycle] an acquire and a release and nothing more
 * @property {(timeout: number) => Promise<(() => void) | undefined>} [armed]
 *   with what frees the slot, where the caller has to
 */

/** @type {Record<string, (limit: number) => Limiter>} */
export const peers = {
  procward(limit) {
    const semaphore = new Semaphore(limit)
    return {
      use: (fn) => semaphore.use(fn),
      acquire: () => semaphore.acquire(),
      async cycle() {
        await semaphore.acquire()
        semaphore.release()
      },
      armed: (timeout) => semaphore.acquire({ timeout }),
      queued: () => semaphore.getStatus().queued,
    }
  },
  'async-sema'(limit) {
    const sema = new Sema(limit, { capacity: 100_000 })
    const release = () => sema.release()
    return {
      async use(fn) {
        await sema.acquire()
        try {
          return await fn()
        } finally {
          sema.release()
        }
      },
      acquire: () => sema.acquire().then(() => release),
      async cycle() {
        await sema.acquire()
        sema.release()
      },
      // It cannot leave the queue: who gave up is still given a slot later, and has to give it
      // back.
      armed(timeout) {
        let late = false
        let timer
        const slot = sema.acquire().then(() => {
          clearTimeout(timer)
          if (late) release()
          return release
        })
        const expiry = new Promise((_, reject) => {
          timer = setTimeout(() => {
            late = true
            reject(new Error('timeout'))
          }, timeout)
        })
        return Promise.race([slot, expiry])
      },
      queued: () => sema.nrWaiting(),
    }
  },
  'async-mutex'(limit) {
    const semaphore = new Mutexes(limit)
    const impatient = new Map()
    const within = (timeout) => {
      if (!impatient.has(timeout)) impatient.set(timeout, withTimeout(semaphore, timeout))
      return impatient.get(timeout)
    }
    return {
      use: (fn) => semaphore.runExclusive(fn),
      acquire: () => semaphore.acquire().then(([, release]) => release),
      async cycle() {
        await semaphore.acquire()
        semaphore.release()
      },
      armed: (timeout) =>
        within(timeout)
          .acquire()
          .then(([, release]) => release),
      queued: () => semaphore._queue.length, // it tells nobody
    }
  },
  'p-limit'(limit) {
    const limited = pLimit(limit)
    return { use: limited, queued: () => limited.pendingCount }
  },
  'p-queue'(limit) {
    const queue = new PQueue({ concurrency: limit })
    return {
      use: (fn) => queue.add(fn),
      armed: (timeout) => queue.add(() => {}, { signal: AbortSignal.timeout(timeout) }),
      queued: () => queue.size,
    }
  },
  cockatiel(limit) {
    const policy = bulkhead(limit, 1e9)
    return {
      use: (fn) => policy.execute(fn),
      queued: () => 1e9 - policy.queueSlots,
    }
  },
  /**
   * The tasks alone, by as many loops: what no limiter can be below. Nobody has a promise of his
   * own.
   */
  'no limiter'(limit) {
    const tasks = []
    let at = 0
    let done
    const loop = async () => {
      while (at < tasks.length) await tasks[at++]()
    }
    return {
      use(fn) {
        tasks.push(fn)
        done ??= Promise.resolve().then(() => Promise.all(Array.from({ length: limit }, loop)))
        return done
      },
      queued: () => tasks.length - at,
    }
  },
  bottleneck(limit) {
    const limiter = new Bottleneck({ maxConcurrent: limit })
    return { use: (fn) => limiter.schedule(async () => fn()), queued: () => limiter.queued() }
  },
}
