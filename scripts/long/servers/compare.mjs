// Whether two clients came to the same, after what differs by nature has been replaced by rules.

import assert from 'node:assert/strict'

/**
 * What came of a call: a value, an error of the protocol, or a failure in words.
 * @typedef {{ value?: any, isError?: boolean, rpc?: { code: number, message: string, data?: unknown
 *   }, failed?: string }} Outcome
 * @typedef {Record<string, [RegExp, string][] | typeof WHOLE>} Rules
 */

/**
 * The rule of a tool whose whole answer differs by nature, such as the environment of the server.
 */
export const WHOLE = Symbol('whole')

/**
 * The outcome with the texts that the tool's rules speak of replaced.
 * @param {Rules | undefined} rules
 * @param {string} tool
 * @param {Outcome} outcome
 * @returns {Outcome}
 */
export function normal(rules, tool, outcome) {
  const rule = rules?.[tool] ?? rules?.['*'] ?? []
  if (rule === WHOLE)
    return 'value' in outcome ? { ...outcome, value: 'differs by nature' } : outcome
  return rule.length === 0 ? outcome : replaced(outcome, rule)
}

/** @param {any} value @param {[RegExp, string][]} rules @returns {any} */
function replaced(value, rules) {
  if (typeof value === 'string')
    return rules.reduce((text, [pattern, word]) => text.replace(pattern, word), value)
  if (Array.isArray(value)) return value.map((entry) => replaced(entry, rules))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, replaced(entry, rules)]),
  )
}

/**
 * What mcporter prints of this outcome of `callToolAsync`: an error of the protocol as words.
 * @param {Outcome} outcome
 * @param {boolean} tellsErrors - whether it tells a tool's error from a result
 */
export function asPrinted({ value, isError, rpc, failed }, tellsErrors) {
  if (rpc !== undefined) return { failed: `MCP error ${rpc.code}: ${rpc.message}` }
  if (failed !== undefined) return { failed }
  return tellsErrors && isError ? { value, isError } : { value }
}

/** @param {unknown} ours @param {unknown} theirs @param {string} what @param {string} who */
export function same(ours, theirs, what, who) {
  try {
    assert.deepEqual(plain(ours), plain(theirs))
  } catch (error) {
    const at = /** @type {Error} */ (error).message.split('\n').slice(0, 30).join('\n')
    throw new Error(`${what}: procward (actual) and ${who} (expected) differ\n${at}`)
  }
}

/** As JSON has it, without what is `undefined`. @param {unknown} value */
const plain = (value) => JSON.parse(JSON.stringify(value))
