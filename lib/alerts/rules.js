'use strict'

// The rules of alerts: the defaults, and the user's changes.

const { codedError } = require('../errors')
const validate = require('../validate')
const { measures } = require('./measures')

/**
 * An alert is raised when the value has been above `threshold` for the duration `for`. It is
 * resolved when the value has been at most `clear` for the duration `keep`.
 * @typedef {{ measure: string, level: 'warning' | 'critical', threshold: number, clear: number,
 *   for: number, keep: number, window: number, minimum: number, followsLimit?: true }} Rule
 * @typedef {Map<string, Rule>} Rules by the names of their alerts
 * @typedef {{ level: Rule['level'], threshold: number, clear: number, most?: number, for?: number,
 *   keep?: number, window?: number, minimum?: number }} Default
 *   `clear` is a fraction of the threshold.
 */

const MINUTE = 60_000
/** The longest window. Counts are kept as long. */
const MAX_WINDOW = 60 * MINUTE
const LEVELS = /** @type {const} */ (['warning', 'critical'])
const NAME = /^[A-Za-z][\w-]{0,63}$/

/** Processes at once that are no reason for an alert, and how many more than the limit they are. */
const RECOMMENDED_MAX = 5
const ABOVE_LIMIT = 2

/**
 * The default rule of each measure.
 * @type {Record<string, Default>}
 */
const DEFAULTS = {
  processes: { level: 'warning', threshold: RECOMMENDED_MAX, clear: 1, keep: 15_000 },
  queue: { level: 'warning', threshold: 2, clear: 0.5, for: MINUTE, keep: 30_000 },
  queueTimeouts: { level: 'critical', threshold: 0, clear: 1, window: 5 * MINUTE },
  kills: { level: 'warning', threshold: 5, clear: 0.5, window: 5 * MINUTE },
  failures: {
    level: 'warning',
    threshold: 0.25,
    clear: 0.5,
    most: 1,
    window: 5 * MINUTE,
    minimum: 10,
  },
  memory: { level: 'critical', threshold: 0.9, clear: 0.95, most: 1, for: 30_000, keep: 30_000 },
  stuck: { level: 'critical', threshold: 0, clear: 1 },
  slowTool: { level: 'warning', threshold: 30_000, clear: 0.8, for: MINUTE, keep: MINUTE },
  pausedServer: { level: 'warning', threshold: 0, clear: 1, keep: 15_000 },
  serverFailures: {
    level: 'warning',
    threshold: 0.5,
    clear: 0.5,
    most: 1,
    window: 5 * MINUTE,
    minimum: 10,
  },
  breakerOpen: { level: 'warning', threshold: 0, clear: 1, keep: MINUTE },
  poolExhausted: { level: 'warning', threshold: 2, clear: 0.5, for: MINUTE, keep: 30_000 },
  notReady: { level: 'critical', threshold: 0, clear: 1, for: 30_000, keep: 15_000 },
  crashes: { level: 'warning', threshold: 3, clear: 0.5, window: 5 * MINUTE },
  spawnStorm: { level: 'warning', threshold: 600, clear: 0.5, window: MINUTE, keep: 30_000 },
  childrenMemory: {
    level: 'warning',
    threshold: 0.5,
    clear: 0.9,
    most: 1,
    for: MINUTE,
    keep: MINUTE,
  },
  scannerStopped: { level: 'warning', threshold: 0, clear: 1, for: 15_000 },
  scannerStale: { level: 'critical', threshold: 3, clear: 1 },
  cleanupErrors: { level: 'warning', threshold: 3, clear: 0.5, window: 5 * MINUTE },
  fleet: { level: 'warning', threshold: 0, clear: 1, most: 1, keep: 15_000 },
}

/**
 * Returns the number of processes at once that is no reason for an alert.
 * @param {number} limit of the calls in flight
 */
function recommendedMaxAt(limit) {
  return Math.max(RECOMMENDED_MAX, limit + ABOVE_LIMIT)
}

/**
 * Returns a rule at the limit of a moment. The default threshold of `processes` follows the limit.
 * @param {Rule} rule
 * @param {number} limit of the calls in flight
 * @returns {Rule}
 */
function ruleAt(rule, limit) {
  if (!rule.followsLimit) return rule
  const threshold = recommendedMaxAt(limit)
  return { ...rule, threshold, clear: rule.clear === rule.threshold ? threshold : rule.clear }
}

/**
 * Returns the defaults with the user's changes, without removed rules (`false`).
 * @param {unknown} given
 * @param {number} [recommendedMax] the threshold of `processes`. Default: follows the limit.
 * @returns {Rules}
 */
function alertRules(given, recommendedMax) {
  const changes = new Map(Object.entries(validate.options('rules', given)))
  const names = new Set([...measures.keys(), ...changes.keys()])
  /** @type {Rules} */
  const rules = new Map()
  for (const name of names) {
    const change = changes.get(name)
    if (change === false && !measures.has(name)) throw unknownRule(name)
    if (change === false) continue
    const rule = alertRule(name, change, recommendedMax)
    rules.set(name, rule)
  }
  return rules
}

/** Returns the error for a rule to remove that there is not. @param {string} name */
function unknownRule(name) {
  const names = [...measures.keys()].join(', ')
  return codedError(
    'ERR_INVALID_CONFIG',
    `rules has no rule ${validate.show(name)} to remove; there are: ${names}`,
  )
}

/** @param {string} name @param {unknown} given @param {number} [recommendedMax] @returns {Rule} */
function alertRule(name, given, recommendedMax) {
  if (!NAME.test(name)) {
    throw codedError('ERR_INVALID_CONFIG', `rules: ${validate.show(name)} is no name for an alert`)
  }
  const at = `rules.${name}`
  const measure = measureOf(at, name, validate.options(at, given).measure)
  const { most = Infinity, ...usual } = DEFAULTS[measure]
  const windowed = usual.window === undefined ? [] : ['window']
  const counted = usual.minimum === undefined ? [] : ['minimum']
  const known = ['measure', 'level', 'threshold', 'clear', 'for', 'keep', ...windowed, ...counted]
  const option = validate.options(at, given, known)
  const own = option.threshold ?? (measure === 'processes' ? recommendedMax : undefined)
  const threshold = number(`${at}.threshold`, own ?? usual.threshold, most)
  return {
    measure,
    level: validate.oneOf(`${at}.level`, option.level ?? usual.level, LEVELS),
    threshold,
    clear: number(`${at}.clear`, option.clear ?? threshold * usual.clear, threshold),
    for: duration(`${at}.for`, option.for ?? usual.for ?? 0),
    keep: duration(`${at}.keep`, option.keep ?? usual.keep ?? 0),
    window: windowed.length > 0 ? window(`${at}.window`, option.window ?? usual.window) : 0,
    minimum:
      counted.length > 0 ? validate.count(`${at}.minimum`, option.minimum ?? usual.minimum) : 0,
    ...(measure === 'processes' && own === undefined && { followsLimit: true }),
  }
}

/** @param {string} at @param {string} name @param {unknown} given */
function measureOf(at, name, given) {
  if (given === undefined && measures.has(name)) return name
  return validate.oneOf(`${at}.measure`, given, [...measures.keys()])
}

/** @param {string} name @param {unknown} value @param {number} most */
function number(name, value, most) {
  if (typeof value === 'number' && value >= 0 && value <= most && value < Infinity) return value
  throw validate.invalidConfig(
    name,
    most === Infinity ? 'a number of at least 0' : `a number from 0 to ${most}`,
    value,
  )
}

/** @param {string} name @param {unknown} value */
function duration(name, value) {
  return value === 0 ? 0 : validate.time(name, value)
}

/** @param {string} name @param {unknown} value */
function window(name, value) {
  if (validate.time(name, value) <= MAX_WINDOW) return Number(value)
  throw validate.invalidConfig(
    name,
    `a whole number of milliseconds from 1 to ${MAX_WINDOW}`,
    value,
  )
}

module.exports = { alertRules, recommendedMaxAt, ruleAt }
