'use strict'

// The memory by which processes start, and the memory that was learnt about each server.

const { foldedName, gauge, label } = require('./family')

/** @typedef {import('../mcp-helper').GateMemory} GateMemory */

/**
 * Returns the families of a gate. They have no values without a gate.
 * @param {GateMemory | null} gate
 * @param {ReadonlySet<string>} known - the servers that were counted
 * @returns {import('./family').Family[]}
 */
function gateFamilies(gate, known) {
  const points = (/** @type {(gate: GateMemory) => number | null} */ read) => {
    const value = gate === null ? null : read(gate)
    return value === null ? [] : [{ labels: {}, value }]
  }
  const learnt = learntByServer(gate?.learnt ?? [], known)
  return [
    gauge(
      'procward_server_memory_learnt_bytes',
      'Memory that the next process of a server is expected to need.',
      'max',
      [...learnt].map(([server, value]) => ({ labels: { server }, value })),
    ),
    gauge(
      'procward_gate_memory_available_bytes',
      'Memory that this process and its children may still use.',
      'min',
      points(({ available }) => available),
    ),
    gauge(
      'procward_gate_memory_reserve_bytes',
      'Memory that stays free when a process starts.',
      'max',
      points(({ reserve }) => reserve),
    ),
    gauge(
      'procward_gate_memory_budget_bytes',
      'Memory that the process trees may have together.',
      'sum',
      points(({ budget }) => budget),
    ),
    gauge(
      'procward_gate_memory_used_bytes',
      'Memory that the process trees have of their own.',
      'sum',
      points(({ used }) => used),
    ),
    gauge(
      'procward_gate_waiting',
      'Starts of process trees that wait.',
      'sum',
      points(({ waiting }) => waiting),
    ),
  ]
}

/**
 * Returns the learnt memory by the name of a label. A server has its own name if a call to it or a
 * process of it was counted. All others are `other`, with the largest memory of them. Servers of
 * which nothing was learnt yet are left out.
 * @param {GateMemory['learnt']} learnt
 * @param {ReadonlySet<string>} known - the servers that were counted
 * @returns {Map<string, number>}
 */
function learntByServer(learnt, known) {
  /** @type {Map<string, number>} */
  const sizes = new Map()
  for (const { server, mean, peaks } of learnt) {
    if (peaks === 0) continue
    const name = label(server)
    const key = foldedName(sizes, name, known.has(name))
    sizes.set(key, Math.max(mean, sizes.get(key) ?? 0))
  }
  return sizes
}

module.exports = { gateFamilies, learntByServer }
