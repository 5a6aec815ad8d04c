'use strict'

// Which alerts are raised and resolved: a pure function of samples.

const { measures } = require('./measures')

/**
 * @typedef {import('./measures').Sample} Sample
 * @typedef {import('./measures').Counts} Counts
 * @typedef {import('./rules').Rule} Rule
 * @typedef {import('./rules').Rules} Rules
 * @typedef {import('../../index').Alert} Alert
 * @typedef {import('../../index').ResolvedAlert} ResolvedAlert
 * @typedef {{ above?: number, calm?: number, alert?: Alert }} Standing
 *   Since when the value has been above the threshold,
 *   or low enough to resolve the alert.
 * @typedef {{ last?: Sample, counted: (Counts & { time: number })[], standings: Map<string,
 *   Standing> }} State
 */

/** Ms without a sample after which nobody knows whether a value stayed where it was. */
const GAP = 30_000
const COUNTERS = /** @type {const} */ (['calls', 'failures', 'queueTimeouts', 'kills'])

/** @type {State} */
const INITIAL = { counted: [], standings: new Map() }

/**
 * @param {State} before what the last call returned, or `INITIAL`
 * @param {Sample} sample @param {Rules} rules
 * @returns {{ state: State, raised: Alert[], resolved: ResolvedAlert[] }}
 */
function evaluate(before, sample, rules) {
  const { time } = sample
  const state = onClockOf(time, before)
  const counted = count(state, sample, rules)
  const since = before.last === undefined ? 0 : time - before.last.time
  const isContinuous = since >= 0 && since <= GAP
  /** @type {State['standings']} */
  const standings = new Map()
  /** @type {Alert[]} */
  const raised = []
  /** @type {ResolvedAlert[]} */
  const resolved = []
  for (const [name, rule] of rules) {
    const standing = state.standings.get(name) ?? {}
    const seen = { sample, counts: within(counted, time - rule.window) }
    const after = step(name, rule, isContinuous ? standing : { alert: standing.alert }, seen)
    standings.set(name, after)
    if (after.alert && !standing.alert) raised.push(after.alert)
    if (standing.alert && !after.alert)
      resolved.push({ ...told(standing.alert, rule, seen), resolvedAt: time })
  }
  // Of a rule that is no more.
  for (const [name, { alert }] of state.standings) {
    if (alert && !rules.has(name)) resolved.push({ ...alert, resolvedAt: time })
  }
  return { state: { last: sample, counted, standings }, raised, resolved }
}

/**
 * The state, with its times moved along when the clock was set back: no alert begins after now.
 * @param {number} time
 * @param {State} state
 * @returns {State}
 */
function onClockOf(time, state) {
  const ahead = (state.last?.time ?? time) - time
  if (ahead <= 0) return state
  const standings = [...state.standings].map(([name, { alert, ...standing }]) => {
    return /** @type {const} */ ([
      name,
      alert ? { ...standing, alert: { ...alert, since: alert.since - ahead } } : standing,
    ])
  })
  const counted = state.counted.map((entry) => ({ ...entry, time: entry.time - ahead }))
  return { ...state, counted, standings: new Map(standings) }
}

/** The alerts that are active, as they were raised. @param {State} state @returns {Alert[]} */
function active({ standings }) {
  const alerts = [...standings.values()].flatMap(({ alert }) => alert ?? [])
  return alerts.sort((one, other) => one.since - other.since)
}

/**
 * @param {string} name
 * @param {Rule} rule
 * @param {Standing} before
 * @param {import('./measures').Seen} seen
 * @returns {Standing}
 */
function step(name, rule, before, seen) {
  const { time } = seen.sample
  const value = measureOf(rule).value(seen, rule)
  if (value === null || !Number.isFinite(value)) return { alert: before.alert }
  if (before.alert) {
    const calm = value > rule.clear ? undefined : (before.calm ?? time)
    if (calm !== undefined && time - calm >= rule.keep) return {}
    return { calm, alert: told(before.alert, rule, seen) }
  }
  if (value <= rule.threshold) return {}
  const above = before.above ?? time
  if (time - above < rule.for) return { above }
  const { level, threshold } = rule
  return { alert: told({ name, level, message: '', since: above, value, threshold }, rule, seen) }
}

/**
 * The alert with the value of now. Its message stays that of the latest value above the threshold.
 * @param {Alert} alert
 * @param {Rule} rule
 * @param {import('./measures').Seen} seen
 * @returns {Alert}
 */
function told(alert, rule, seen) {
  const measure = measureOf(rule)
  const value = measure.value(seen, rule)
  const { level, threshold } = rule
  if (value === null) return { ...alert, level, threshold }
  const message = value > threshold ? measure.message(value, rule, seen) : alert.message
  return { ...alert, level, message, value, threshold }
}

/**
 * What was counted between the samples, as far back as any rule looks.
 * @param {State} state
 * @param {Sample} sample
 * @param {Rules} rules
 */
function count({ last, counted }, sample, rules) {
  const { time } = sample
  const longest = Math.max(0, ...[...rules.values()].map(({ window }) => window))
  const kept = counted.filter((entry) => entry.time > time - longest && entry.time <= time)
  if (last === undefined) return kept
  const entry = { time, calls: 0, failures: 0, queueTimeouts: 0, kills: 0 }
  for (const name of COUNTERS) {
    // A counter that went back was started anew.
    entry[name] = sample[name] < last[name] ? sample[name] : sample[name] - last[name]
  }
  return [...kept, entry]
}

/** @param {State['counted']} counted @param {number} after @returns {Counts} */
function within(counted, after) {
  const sum = { calls: 0, failures: 0, queueTimeouts: 0, kills: 0 }
  for (const entry of counted) {
    if (entry.time <= after) continue
    for (const name of COUNTERS) sum[name] += entry[name]
  }
  return sum
}

/** @param {Rule} rule */
function measureOf({ measure }) {
  return /** @type {import('./measures').Measure} */ (measures.get(measure))
}

module.exports = { INITIAL, active, evaluate }
