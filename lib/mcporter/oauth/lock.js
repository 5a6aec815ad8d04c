'use strict'

// mcporter's lock on a file of its own: a file beside it, with the pid of who holds it.

const fs = require('node:fs/promises')
const { setTimeout: sleep } = require('node:timers/promises')
const { NoToken } = require('./problem')

const POLL = 50
/** Of a lock without a pid in it, which is being written or was left so. */
const STALE = 1000

/**
 * @template T @param {string} file @param {() => Promise<T>} task @param {number} patience - ms
 * @returns {Promise<T>}
 */
async function withLock(file, task, patience) {
  const lock = `${file}.lock`
  const deadline = performance.now() + patience
  while (!(await isTaken(lock))) {
    if (await isLeft(lock)) await remove(lock)
    else if (performance.now() > deadline)
      throw new NoToken("mcporter's store of tokens is locked by another process")
    else await sleep(POLL)
  }
  try {
    return await task()
  } finally {
    await fs.rm(lock, { force: true })
  }
}

/** @param {string} lock */
async function isTaken(lock) {
  try {
    await fs.writeFile(lock, `${process.pid}\n${new Date().toISOString()}\n`, {
      flag: 'wx',
      mode: 0o600,
    })
    return true
  } catch (error) {
    if (/** @type {any} */ (error).code === 'EEXIST') return false
    throw error
  }
}

/** Whether its process is gone. @param {string} lock */
async function isLeft(lock) {
  try {
    const pid = Number.parseInt(await fs.readFile(lock, 'utf8'), 10)
    if (pid > 0) return !isAlive(pid)
    return Date.now() - (await fs.stat(lock)).mtimeMs > STALE
  } catch (error) {
    return /** @type {any} */ (error).code === 'ENOENT'
  }
}

/**
 * Only one process removes a lock: between its look and its removal, another could have taken it.
 * @param {string} lock
 */
async function remove(lock) {
  const breaker = `${lock}.break`
  if (!(await isTaken(breaker))) {
    if (await isLeft(breaker)) await fs.rm(breaker, { force: true })
    else await sleep(POLL)
    return
  }
  try {
    if (await isLeft(lock)) await fs.rm(lock, { force: true })
  } finally {
    await fs.rm(breaker, { force: true })
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return /** @type {any} */ (error).code === 'EPERM'
  }
}

module.exports = { withLock }
