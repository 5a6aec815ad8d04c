'use strict'

// Shuts down everything that this process started through procward.

const { codedError } = require('./errors')
const { IterableWeakSet } = require('./iterable-weak-set')
const validate = require('./validate')

/** @typedef {{ end(killGrace?: number): void, ended: Promise<unknown> }} Work Running work. */

const DEFAULT_TIMEOUT = 5000
/** The shortest grace: SIGKILL at once. */
const NO_GRACE = 1
const STOP_SIGNALS = /** @type {const} */ (['SIGTERM', 'SIGINT'])

/** @type {Set<Work>} */
const running = new Set()
/**
 * Closed first; held weakly, because most helpers live shorter than the process.
 * @type {IterableWeakSet<{ close(): void }>}
 */
const queues = new IterableWeakSet()
/**
 * @typedef {{ drain(): Promise<void>, close(): Promise<void> }} Pool
 * @type {IterableWeakSet<Pool>}
 */
const pools = new IterableWeakSet()
/** @type {Set<() => void>} */
const stops = new Set()
/** @type {Promise<void> | undefined} */
let closing

/** Returns whether `shutdown()` was called, after which nothing new may start. */
function isClosing() {
  return closing !== undefined
}

/**
 * Notes work until it has ended.
 * @template T
 * @param {Promise<T>} ended
 * @param {(killGrace?: number) => void} end
 * @returns {Promise<T>}
 */
function track(ended, end) {
  const work = { end, ended }
  running.add(work)
  const forget = () => running.delete(work)
  ended.then(forget, forget)
  return ended
}

/** Registers a queue, so that the shutdown rejects its waiters. @param {{ close(): void }} queue */
function closeAtShutdown(queue) {
  queues.add(queue)
}

/** Registers a pool, so that the shutdown drains it. @param {Pool} pool */
function drainAtShutdown(pool) {
  pools.add(pool)
}

/** Registers a background activity, so that the shutdown stops it. @param {() => void} stop */
function stopAtShutdown(stop) {
  stops.add(stop)
}

/** @param {{ timeout?: number, killGrace?: number }} [options] @returns {Promise<void>} */
async function shutdown(options) {
  const { timeout = DEFAULT_TIMEOUT, killGrace } = validate.options('options', options, [
    'timeout',
    'killGrace',
  ])
  validate.timeout('timeout', timeout)
  if (killGrace !== undefined) validate.time('killGrace', killGrace)
  closing ??= close(timeout, killGrace)
  return closing
}

/** @param {number} timeout @param {number} [killGrace] */
async function close(timeout, killGrace) {
  for (const queue of queues) queue.close()
  for (const stop of stops) stop()
  for (const pool of pools) track(pool.drain(), () => pool.close())
  const hurry = () => endAll(NO_GRACE)
  for (const signal of STOP_SIGNALS) process.on(signal, hurry)
  const drained = timeout === Infinity ? undefined : setTimeout(() => endAll(killGrace), timeout)
  try {
    // Work in flight when the queues were closed may still start more.
    while (running.size > 0) await Promise.allSettled([...running].map(({ ended }) => ended))
  } finally {
    clearTimeout(drained)
    for (const signal of STOP_SIGNALS) process.off(signal, hurry)
  }
}

/** @param {number} [killGrace] */
function endAll(killGrace) {
  for (const { end } of running) end(killGrace)
}

/** @param {string} what */
function closedError(what) {
  return codedError('ERR_CLOSED', `Cannot start ${what}: shut down`)
}

module.exports = {
  closeAtShutdown,
  closedError,
  drainAtShutdown,
  isClosing,
  shutdown,
  stopAtShutdown,
  track,
}
