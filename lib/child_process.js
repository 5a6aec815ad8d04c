'use strict'

// Node.js's `child_process`, with children that are guarded and tracked.

const node = require('node:child_process')
const { promisify } = require('node:util')
const { guardDuring } = require('./child-process/hook')

/**
 * Returns the same function, whose children are guarded. All of these functions start their child
 * before they return.
 * @template {(...args: any[]) => any} Start
 * @param {Start} start
 * @returns {Start}
 */
function guarded(start) {
  const same = /** @type {any} */ (
    (/** @type {any[]} */ ...args) => guardDuring(() => start(...args))
  )
  Object.defineProperty(same, 'name', { value: start.name, configurable: true })
  Object.defineProperty(same, 'length', { value: start.length, configurable: true })
  const promised = /** @type {any} */ (start)[promisify.custom]
  if (promised) Object.defineProperty(same, promisify.custom, { value: guarded(promised) })
  return same
}

const exec = guarded(node.exec)
const execFile = guarded(node.execFile)
const fork = guarded(node.fork)
const spawn = guarded(node.spawn)
// Not tracked: this thread waits for their end, and nothing else can happen meanwhile.
const { ChildProcess, execFileSync, execSync, spawnSync } = node

module.exports = {
  ChildProcess,
  exec,
  execFile,
  execFileSync,
  execSync,
  fork,
  spawn,
  spawnSync,
}
