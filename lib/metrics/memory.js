'use strict'

// The memory that a helper's gate knows of: the sizes of the moment, and those learnt by server. A
// user's own helper may have none of this.

const { firstBy } = require('../first-by')
const { MAX_SERVERS } = require('./limits')

/**
 * @typedef {import('../mcp-helper').GateMemory} GateMemory
 * @typedef {import('../mcp-helper').LearntMemory} LearntMemory
 */

/** A server's name such as `asana-v2` or `owner/name`, as opposed to a path. */
const SERVER_NAME = /^(?:[^/\\]*|[^./\\~:][^/\\:]*\/[^/\\]+)$/

/**
 * Returns the memory by the names of its fields, so that nothing else of a helper can leak. Returns
 * `undefined` for a helper without a gate.
 * @param {{ memory?: Partial<GateMemory> }} status
 * @returns {GateMemory | undefined}
 */
function gateMemory({ memory }) {
  if (typeof memory !== 'object' || memory === null) return undefined
  const { budget, available, total, reserve, used, running, waiting, learnt } = memory
  return {
    budget: size(budget),
    available: size(available),
    total: size(total),
    reserve: size(reserve),
    used: count(used),
    running: count(running),
    waiting: count(waiting),
    learnt: Array.isArray(learnt) ? bounded(learnt.map(learntOf)) : [],
  }
}

/** @param {Partial<LearntMemory>} given @returns {LearntMemory} */
function learntOf({ server, mean, deviation, peaks, running, waiting }) {
  return {
    server: withoutPath(String(server)),
    mean: count(mean),
    deviation: count(deviation),
    peaks: count(peaks),
    running: count(running),
    waiting: count(waiting),
  }
}

/**
 * Returns at most 200 servers, in their order. Servers with processes or waiting starts go first,
 * then those that need most memory.
 * @param {LearntMemory[]} learnt
 */
function bounded(learnt) {
  return firstBy(
    learnt,
    MAX_SERVERS,
    (one, other) =>
      Number(isInUse(other)) - Number(isInUse(one)) ||
      Number(other.peaks > 0) - Number(one.peaks > 0) ||
      other.mean - one.mean,
  )
}

/** @param {LearntMemory} server */
function isInUse({ running, waiting }) {
  return running > 0 || waiting > 0
}

/**
 * Returns a name without the folders of a path, because the gate knows a command without a server
 * by the path of its program.
 * @param {string} name
 */
function withoutPath(name) {
  return SERVER_NAME.test(name) ? name : (name.split(/[/\\]+/).findLast(Boolean) ?? '')
}

/** @param {unknown} value */
function size(value) {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

/** @param {unknown} value */
function count(value) {
  return size(value) ?? 0
}

module.exports = { gateMemory }
