// What a limiter costs beside the work that it limits: procward's semaphore and what is used in its
// place. Each lives in a process of its own, they take turns in an order that changes, and CPU time
// comes first, because it is the least noisy.

import { growthRatio } from '../support/growth.mjs'
import { collected } from '../support/limiter/collected.mjs'
import { worker } from '../support/limiter/worker.mjs'
import { shuffled } from '../support/order.mjs'
import { versionIn } from '../support/report.mjs'

const OURS = 'procward'
const SEMAPHORES = [OURS, 'async-sema', 'async-mutex']
/**
 * Those whose queue is an array that they shift: a hundred thousand waiters take them ten seconds.
 */
const SHIFTING = ['async-mutex', 'cockatiel']
const QUICK = [OURS, 'async-sema', 'p-limit', 'p-queue']
const FUNCTIONS = [...QUICK, ...SHIFTING]
const FLOOR = 'no limiter'
/** It arms a timer for each task. */
const SLOW = 'bottleneck'

/**
 * @typedef {{ scenario: string, size: number, who: string[], share?: number, together?: boolean,
 *   fresh?: boolean, as?: number }} Step
 */

/**
 * `share` is of the rounds, at least one; `together` for what sleeps more than it works; `fresh` in
 * new processes, whose memory has no holes; `as` for another size's row.
 * @type {Step[]}
 */
const PLAN = [
  { scenario: 'cycle', size: 200_000, who: SEMAPHORES },
  { scenario: 'use', size: 200_000, who: FUNCTIONS },
  { scenario: 'use', size: 200, as: 200_000, who: [SLOW], share: 0.2 },
  { scenario: 'immediate', size: 1000, who: FUNCTIONS },
  { scenario: 'immediate', size: 1000, who: [SLOW], share: 0.1 },
  { scenario: 'immediate', size: 10_000, who: [...FUNCTIONS, FLOOR] },
  { scenario: 'immediate', size: 100_000, who: [...QUICK, FLOOR], share: 0.5 },
  { scenario: 'immediate', size: 100_000, who: SHIFTING, share: 0 },
  { scenario: 'setImmediate', size: 10_000, who: [...FUNCTIONS, FLOOR] },
  { scenario: 'setImmediate', size: 100_000, who: [...QUICK, FLOOR], share: 0.5 },
  { scenario: 'timer', size: 10_000, who: [...FUNCTIONS, FLOOR], share: 0.2, together: true },
  { scenario: 'handOff', size: 10_000, who: FUNCTIONS },
  { scenario: 'memory', size: 10_000, who: FUNCTIONS, share: 0.3 },
  { scenario: 'memory', size: 100_000, who: QUICK, share: 0.3, fresh: true },
  { scenario: 'armed', size: 1000, who: [...SEMAPHORES, 'p-queue'], share: 0.3 },
  { scenario: 'armed', size: 10_000, who: [...SEMAPHORES, 'p-queue'], share: 0.3 },
  { scenario: 'armed', size: 100_000, who: [OURS, 'async-sema', 'p-queue'], share: 0.2 },
]

/** @param {{ rounds: number }} options */
export async function suite({ rounds }) {
  const names = [...FUNCTIONS, FLOOR, SLOW]
  const workers = Object.fromEntries(names.map((name) => [name, worker(name)]))
  const found = collected(names)
  try {
    for (const {
      scenario,
      size,
      who,
      share = 1,
      together = false,
      fresh = false,
      as = size,
    } of PLAN) {
      // What comes first is compiled on the way.
      if (!fresh)
        for (const name of who) await workers[name].measure(scenario, Math.min(size, 10_000))
      for (let round = Math.max(1, Math.round(rounds * share)); round > 0; round--) {
        const measure = async (name) => {
          const one = fresh ? worker(name) : workers[name]
          found.add(scenario, as, name, await one.measure(scenario, size))
          if (fresh) await one.close()
        }
        if (together) await Promise.all(who.map(measure))
        else for (const name of shuffled(who)) await measure(name)
      }
      console.log(`limiter: ${scenario}, ${size.toLocaleString('en')}: ${who.join(', ')}`)
    }
  } finally {
    await Promise.all(Object.values(workers).map((each) => each.close()))
  }
  return results(found, names)
}

/** @param {ReturnType<typeof collected>} found @param {string[]} names */
function results(found, names) {
  const packages = new URL('../node_modules/', import.meta.url)
  const others = names.filter((name) => name !== OURS && name !== FLOOR)
  const { figure, atMost, median, totals } = found
  const cpu = (scenario, size, what) => figure(scenario, size, 'cpu', `${what}, CPU of each`, 'µs')
  const armedPeer = 'p-queue'
  return {
    title: 'limiter',
    notes: [
      'CPU of the whole process, which the collector of garbage is part of. Three slots; `immediate` is `async () => {}`, `setImmediate` waits for a turn of the event loop.',
      "procward's waiters have its timeout of a minute armed at all times; the others' wait for ever, where it does not say that timeouts are armed.",
      'Timeouts armed: half of the waiters give up within 40 ms, in no order, and half are let in. Ghosts are those who gave up and are still in the queue. Of these, async-sema is used with `Promise.race`, async-mutex with its `withTimeout`, p-queue with `AbortSignal.timeout()`; p-limit and cockatiel let nobody leave their queues.',
      'async-mutex and cockatiel shift an array, so a hundred thousand waiters are one round of theirs or none; bottleneck arms a timer for each task, so it has 200 and 1,000.',
      `\`no limiter\` is the tasks alone, in three loops, which nothing can be below: ${floors(median)}.`,
      'A profile (`perf`) of 100,000 immediate tasks of procward: 46% collects garbage, 10% is the addon and 9% its promises and memory, 9% JavaScript, 11% the kernel; of p-limit 52% collects garbage. Two promises, a reaction and a function for each that waits are what is collected: fewer would mean no promise for the caller, or no function to call later. Of the two calls of the addon that a waiter takes, 0.4 µs together, a quarter is what napi-rs 3.16 does to track borrows, a fifth the promise, the rest the crossing, the clock and the queue.',
      'A hundred thousand tasks of a millisecond take a minute whoever limits them: ten thousand do here, all limiters side by side.',
    ],
    versions: {
      ...Object.fromEntries(others.map((name) => [name, versionIn(new URL(`${name}/`, packages))])),
      procward: versionIn(new URL('../../', import.meta.url)),
    },
    figures: [
      cpu('cycle', 200_000, 'acquire and release, nobody waits'),
      cpu('use', 200_000, 'a function in a slot, nobody waits'),
      ...[1000, 10_000, 100_000].map((size) => cpu('immediate', size, `${tasks(size)}, immediate`)),
      ...[10_000, 100_000].map((size) => cpu('setImmediate', size, `${tasks(size)}, setImmediate`)),
      cpu('timer', 10_000, `${tasks(10_000)} of 1 ms`),
      figure('timer', 10_000, 'wall', `${tasks(10_000)} of 1 ms, wall time of each`, 'µs'),
      figure('handOff', 10_000, 'p50', 'from one end to the next start, median', 'µs'),
      figure('handOff', 10_000, 'p99', 'from one end to the next start, p99', 'µs'),
      figure('memory', 10_000, 'heap', "a waiting task, V8's heap, of 10,000", 'bytes'),
      figure('memory', 100_000, 'heap', "a waiting task, V8's heap, of 100,000", 'bytes'),
      figure('memory', 100_000, 'rss', 'a waiting task, resident memory, of 100,000', 'bytes'),
      ...[10_000, 100_000].flatMap((size) => [
        figure(
          'armed',
          size,
          'heap',
          `a waiter with a timeout, V8's heap, of ${size.toLocaleString('en')}`,
          'bytes',
        ),
        cpu('armed', size, `a waiter with a timeout, of ${size.toLocaleString('en')}`),
        figure(
          'armed',
          size,
          'ghosts',
          `ghosts of ${size.toLocaleString('en')} waiters`,
          'waiters',
        ),
      ]),
    ],
    plot: [
      'acquire and release, nobody waits, CPU of each',
      'a function in a slot, nobody waits, CPU of each',
      '10,000 tasks, immediate, CPU of each',
      '100,000 tasks, setImmediate, CPU of each',
      "a waiting task, V8's heap, of 10,000",
    ],
    ratios: [
      atMost('cpu', 'cycle', 200_000, 'acquire and release, CPU', 'async-sema', 1),
      atMost('cpu', 'use', 200_000, '`use`, CPU', 'async-sema', 1),
      atMost('cpu', 'use', 200_000, '`use`, CPU', 'p-limit', 0.4),
      atMost('cpu', 'use', 200_000, '`use`, CPU', 'p-queue', 0.2),
      ...['immediate', 'setImmediate'].flatMap((scenario) =>
        [10_000, 100_000].flatMap((size) => [
          atMost('cpu', scenario, size, `${tasks(size)}, ${scenario}, CPU`, 'async-sema', 1),
          atMost('cpu', scenario, size, `${tasks(size)}, ${scenario}, CPU`, 'p-limit', 0.6),
          atMost('cpu', scenario, size, `${tasks(size)}, ${scenario}, CPU`, 'p-queue', 0.25),
        ]),
      ),
      limit(
        'p99 from one end to the next start',
        median('handOff', 10_000, 'p99', OURS),
        10,
        ' µs',
      ),
      limit(
        "a waiter with a timeout, V8's heap",
        median('armed', 100_000, 'heap', OURS),
        300,
        ' bytes',
      ),
      atMost('cpu', 'armed', 100_000, 'waiters with timeouts, CPU', armedPeer, 0.5),
      limit('ghosts', median('armed', 100_000, 'ghosts', OURS), 0, ''),
      growthRatio('growth of 1,000 to 100,000 immediate tasks', totals('immediate', 'cpu', OURS)),
      growthRatio('growth of 1,000 to 100,000 waiters with timeouts', totals('armed', 'cpu', OURS)),
    ],
  }
}

/** @param {ReturnType<typeof collected>['median']} median */
function floors(median) {
  const share = (scenario, size, name) =>
    (median(scenario, size, 'cpu', FLOOR) / median(scenario, size, 'cpu', name)).toFixed(2)
  return ['immediate', 'setImmediate']
    .flatMap((scenario) =>
      [10_000, 100_000].map(
        (size) =>
          `of ${size.toLocaleString('en')} ${scenario} ${share(scenario, size, 'p-limit')}x p-limit, ${share(scenario, size, 'p-queue')}x p-queue`,
      ),
    )
    .join('; ')
}

/** @param {number} size */
function tasks(size) {
  return `${size.toLocaleString('en')} tasks`
}

/** @param {string} what @param {number} is @param {number} most @param {string} unit */
function limit(what, is, most, unit) {
  return { what, is, unit, target: `at most ${most}${unit}`, met: is <= most }
}
