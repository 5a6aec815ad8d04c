// The semaphore beside a plain one, which is all that such a thing needs in JavaScript, without
// timeouts, signals or checks.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Semaphore } from '../../index.js'
import { leastRatio } from '../support/least-ratio.mjs'
import { PlainSemaphore } from '../support/plain-semaphore.mjs'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')

const nothing = async () => {}

const work = {
  'acquire and release': (create) => async () => {
    const semaphore = create(3)
    for (let left = 50_000; left > 0; left--) {
      await semaphore.acquire()
      semaphore.release()
    }
  },
  use: (create) => async () => {
    const semaphore = create(3)
    for (let left = 50_000; left > 0; left--) await semaphore.use(nothing)
  },
  '10,000 tasks at once': contended(10_000),
  '100,000 tasks at once': contended(100_000),
}

/** Somewhat more than half as much again as it is. */
const MOST = {
  'acquire and release': 2.6,
  use: 1.7,
  '10,000 tasks at once': 1.7,
  '100,000 tasks at once': 1.2,
}

export async function checks() {
  const ours = (limit) => new Semaphore(limit)
  const plain = (limit) => new PlainSemaphore(limit)
  const all = []
  for (const [what, of] of Object.entries(work)) {
    const is = await leastRatio(of(ours), of(plain), MOST[what])
    all.push({ what: `${what}, CPU, times a plain semaphore's`, is, most: MOST[what] })
  }
  const growth = await leastRatio(contended(40_000)(ours), repeated(contended(4000)(ours), 10), 2.8)
  all.push({ what: '40,000 tasks at once, CPU, times ten of 4,000', is: growth, most: 2.8 })
  all.push({
    what: 'heap of a waiter, bytes',
    is: heapOf((semaphore) => semaphore.acquire()),
    most: 200,
  })
  all.push({
    what: 'heap of a task that waits, bytes',
    is: heapOf((semaphore) => semaphore.use(nothing)),
    most: 350,
  })
  return all
}

function contended(size) {
  return (create) => () => {
    const semaphore = create(3)
    return Promise.all(Array.from({ length: size }, () => semaphore.use(nothing)))
  }
}

/** @param {() => Promise<unknown>} work @param {number} times */
function repeated(work, times) {
  return async () => {
    for (let left = times; left > 0; left--) await work()
  }
}

/** @param {(semaphore: Semaphore) => Promise<unknown>} wait */
function heapOf(wait) {
  const count = 20_000
  const semaphore = new Semaphore(1)
  semaphore.tryAcquire()
  const waiting = new Array(count)
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  for (let at = 0; at < count; at++) waiting[at] = wait(semaphore)
  collectGarbage()
  const bytes = (process.memoryUsage().heapUsed - before) / count
  for (const each of waiting) each.catch(() => {})
  semaphore.close()
  return bytes
}
