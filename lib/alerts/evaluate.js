'use strict'

// Decides which alerts are raised and resolved: a pure function of samples.

const { COUNTERS, measures } = require('./measures')
const { ruleAt } = require('./rules')

/**
 * @typedef {import('./measures').Sample} Sample
 * @typedef {import('./measures').Counts} Counts
 * @typedef {import('./measures').Counted} Counted
 * @typedef {import('./measures').ServerCalls} ServerCalls
 * @typedef {import('./rules').Rule} Rule
 * @typedef {import('./rules').Rules} Rules
 * @typedef {import('../../index').Alert} Alert
 * @typedef {import('../../index').ResolvedAlert} ResolvedAlert
 * @typedef {{ above?: number, calm?: number, alert?: Alert }} RuleState
 *   Start of the time that the value has been above the threshold, or low enough to resolve the
 *   alert.
 * @typedef {Counts & { time: number, servers: [string, ServerCalls][] }} Entry
 *   Counts between two samples, with those of the servers that were called.
 * @typedef {{ last?: Sample, counted: Entry[], ruleStates: Map<string, RuleState>, hasScanned:
 *   boolean }} State
 */

/** Ms without a sample after which `for` and `keep` start again, because the values are unknown. */
const GAP = 30_000

/** @type {State} */
const INITIAL = { counted: [], ruleStates: new Map(), hasScanned: false }

/**
 * @param {State} before the state from the last call, or `INITIAL`
 * @param {Sample} sample
 * @param {Rules} rules
 * @returns {{ state: State, raised: Alert[], resolved: ResolvedAlert[] }}
 */
function evaluate(before, sample, rules) {
  const { time } = sample
  const state = shiftTimes(time, before)
  const hasScanned = state.hasScanned || (sample.scanner?.isRunning ?? false)
  const counted = count(state, sample, rules)
  const since = before.last === undefined ? 0 : time - before.last.time
  const isContinuous = since >= 0 && since <= GAP
  /** @type {State['ruleStates']} */
  const ruleStates = new Map()
  /** @type {Alert[]} */
  const raised = []
  /** @type {ResolvedAlert[]} */
  const resolved = []
  for (const [name, given] of rules) {
    const rule = ruleAt(given, sample.limit)
    const ruleState = state.ruleStates.get(name) ?? {}
    const seen = { sample, counts: within(counted, time - rule.window), hasScanned }
    const after = step(name, rule, isContinuous ? ruleState : { alert: ruleState.alert }, seen)
    ruleStates.set(name, after)
    if (after.alert && !ruleState.alert) raised.push(after.alert)
    if (ruleState.alert && !after.alert)
      resolved.push({ ...updated(ruleState.alert, rule, seen), resolvedAt: time })
  }
  // Resolve the alerts of removed rules.
  for (const [name, { alert }] of state.ruleStates) {
    if (alert && !rules.has(name)) resolved.push({ ...withoutEnd(alert), resolvedAt: time })
  }
  // A sample without servers says nothing about them.
  const last = { ...sample, servers: sample.servers ?? before.last?.servers }
  return { state: { last, counted, ruleStates, hasScanned }, raised, resolved }
}

/**
 * Moves the times of the state back with the clock, so that no alert begins in the future.
 * @param {number} time
 * @param {State} state
 * @returns {State}
 */
function shiftTimes(time, state) {
  const ahead = (state.last?.time ?? time) - time
  if (ahead <= 0) return state
  const ruleStates = [...state.ruleStates].map(([name, { alert, ...ruleState }]) => {
    return /** @type {const} */ ([
      name,
      alert ? { ...ruleState, alert: { ...alert, since: alert.since - ahead } } : ruleState,
    ])
  })
  const counted = state.counted.map((entry) => ({ ...entry, time: entry.time - ahead }))
  return { ...state, counted, ruleStates: new Map(ruleStates) }
}

/** Returns the active alerts, oldest first. @param {State} state @returns {Alert[]} */
function active({ ruleStates }) {
  const alerts = [...ruleStates.values()].flatMap(({ alert }) => alert ?? [])
  return alerts.sort((one, other) => one.since - other.since)
}

/**
 * @param {string} name
 * @param {Rule} rule
 * @param {RuleState} before
 * @param {import('./measures').Seen} seen
 * @returns {RuleState}
 */
function step(name, rule, before, seen) {
  const { time } = seen.sample
  const value = measureOf(rule).value(seen, rule)
  if (value === null || !Number.isFinite(value))
    return { alert: before.alert && withoutEnd(before.alert) }
  if (before.alert) {
    const calm = value > rule.clear ? undefined : (before.calm ?? time)
    if (calm !== undefined && time - calm >= rule.keep) return {}
    const alert = updated(before.alert, rule, seen)
    return { calm, alert: calm === undefined ? alert : { ...alert, resolvesAt: calm + rule.keep } }
  }
  if (value <= rule.threshold) return {}
  const above = before.above ?? time
  if (time - above < rule.for) return { above }
  const { level, threshold } = rule
  return {
    alert: updated({ name, level, message: '', since: above, value, threshold }, rule, seen),
  }
}

/**
 * Returns the alert without the time at which it would resolve.
 * @param {Alert} alert
 * @returns {Alert}
 */
function withoutEnd({ resolvesAt: _, ...alert }) {
  return alert
}

/**
 * Returns the alert with the present value. The message keeps the latest value above the threshold.
 * @param {Alert} before
 * @param {Rule} rule
 * @param {import('./measures').Seen} seen
 * @returns {Alert}
 */
function updated(before, rule, seen) {
  const alert = withoutEnd(before)
  const measure = measureOf(rule)
  const value = measure.value(seen, rule)
  const { level, threshold } = rule
  if (value === null) return { ...alert, level, threshold }
  const message = value > threshold ? measure.message(value, rule, seen) : alert.message
  return { ...alert, level, message, value, threshold }
}

/**
 * Returns the counts between samples, for the longest window of the rules.
 * @param {State} state
 * @param {Sample} sample
 * @param {Rules} rules
 */
function count({ last, counted }, sample, rules) {
  const { time } = sample
  const longest = Math.max(0, ...[...rules.values()].map(({ window }) => window))
  const kept = counted.filter((entry) => entry.time > time - longest && entry.time <= time)
  if (last === undefined) return kept
  const servers = serverCounts(last.servers, sample.servers)
  const entry = { time, ...noCounts(), servers }
  for (const name of COUNTERS) {
    // A lower counter has restarted from 0.
    entry[name] = sample[name] < last[name] ? sample[name] : sample[name] - last[name]
  }
  return [...kept, entry]
}

/** @returns {Counts} */
function noCounts() {
  return /** @type {Counts} */ (Object.fromEntries(COUNTERS.map((name) => [name, 0])))
}

/**
 * Returns the calls of each server between two samples.
 * @param {Record<string, ServerCalls>} [before]
 * @param {Record<string, ServerCalls>} [now]
 * @returns {Entry['servers']}
 */
function serverCounts(before = {}, now = before) {
  return Object.entries(now).flatMap(([server, { calls, failures }]) => {
    const last = Object.hasOwn(before, server) ? before[server] : { calls: 0, failures: 0 }
    if (calls <= last.calls) return []
    return [[server, { calls: calls - last.calls, failures: failures - last.failures }]]
  })
}

/** @param {State['counted']} counted @param {number} after @returns {Counted} */
function within(counted, after) {
  const sum = noCounts()
  /** @type {Map<string, ServerCalls>} */
  const servers = new Map()
  for (const entry of counted) {
    if (entry.time <= after) continue
    for (const name of COUNTERS) sum[name] += entry[name]
    for (const [server, { calls, failures }] of entry.servers) {
      const of = servers.get(server) ?? { calls: 0, failures: 0 }
      servers.set(server, { calls: of.calls + calls, failures: of.failures + failures })
    }
  }
  return { ...sum, servers }
}

/** @param {Rule} rule */
function measureOf({ measure }) {
  return /** @type {import('./measures').Measure} */ (measures.get(measure))
}

module.exports = { INITIAL, active, evaluate }
