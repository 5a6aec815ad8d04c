'use strict'

// mcporter's lock on a file of its own: a second file with the pid of the lock's holder.

const fs = require('node:fs/promises')
const { setTimeout: sleep } = require('node:timers/promises')
const { NoToken } = require('../../oauth/problem')

const POLL = 50
/** Milliseconds after which a lock without a pid counts as abandoned. */
const STALE = 1000

/**
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} task
 * @param {number} timeout - ms
 * @returns {Promise<T>}
 */
async function withLock(file, task, timeout) {
  const lock = `${file}.lock`
  const deadline = performance.now() + timeout
  while (!(await isTaken(lock))) {
    if (await isAbandoned(lock)) await remove(lock)
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

/** Returns whether the lock's process has exited. @param {string} lock */
async function isAbandoned(lock) {
  try {
    const pid = Number.parseInt(await fs.readFile(lock, 'utf8'), 10)
    if (pid > 0) return !isAlive(pid)
    return Date.now() - (await fs.stat(lock)).mtimeMs > STALE
  } catch (error) {
    return /** @type {any} */ (error).code === 'ENOENT'
  }
}

/**
 * Removes a lock under a second lock, because another process could take it after the check.
 * @param {string} lock
 */
async function remove(lock) {
  const breaker = `${lock}.break`
  if (!(await isTaken(breaker))) {
    if (await isAbandoned(breaker)) await fs.rm(breaker, { force: true })
    else await sleep(POLL)
    return
  }
  try {
    if (await isAbandoned(lock)) await fs.rm(lock, { force: true })
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
