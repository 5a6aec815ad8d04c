// JSON as texts that few serializers would write, and a comparison that goes as deep as they do.

import assert from 'node:assert/strict'
import { randomFrom } from '../fixtures/random.mjs'

const NUMBERS =
  '0 -0 -0.0 7 -1 1E5 1e-5 0.1000 1.50e+3 1e400 -1e400 5e-324 1e-400 0.1 9007199254740993 12345678901234567890 123456789012345678901234567890.5'
const STRINGS = [
  '',
  'a',
  '\\u0041',
  '\\/',
  '\\"\\\\\\b\\f\\n\\r\\t',
  '\\u0000',
  'ünï',
  '💥',
  '\\ud83d\\ude00',
  '\\ud800',
  'x\\udc00y',
  '\u2028\u2029',
  '\\u2028',
  '\u007f\ufeff\ufffe',
  ' ',
]
const KEYS =
  '__proto__ constructor toString length 0 1 10 01 -1 content structuredContent resultType _meta text type next name'
const SPACES = ['', '', '', ' ', '\t', '  ']

/** A text of an object, no result of a failed call, that the seed decides. @param {number} seed */
export function randomObject(seed) {
  const random = randomFrom(seed)
  const below = (/** @type {number} */ count) => Math.floor(random() * count)
  /** @template T @param {T[]} list */
  const oneOf = (list) => list[below(list.length)]
  const space = () => oneOf(SPACES)
  const string = () => `"${Array.from({ length: below(4) }, () => oneOf(STRINGS)).join('')}"`
  const key = () => (random() < 0.5 ? `"${oneOf(KEYS.split(' '))}"` : string())
  /** @param {() => string} part */
  const several = (part) =>
    Array.from({ length: below(7) }, () => `${space()}${part()}${space()}`).join(',')
  /** @param {number} depth @returns {string} */
  const object = (depth) =>
    `{${several(() => `${key()}${space()}:${space()}${value(depth - 1)}`)}${space()}}`
  /** @param {number} depth @returns {string} */
  function value(depth) {
    const kind = below(depth > 0 ? 7 : 4)
    if (kind === 0) return oneOf(NUMBERS.split(' '))
    if (kind === 1) return string()
    if (kind === 2) return oneOf(['true', 'false', 'null'])
    if (kind === 3) return oneOf(['{}', '[]', '[ ]'])
    return kind === 4 ? `[${several(() => value(depth - 1))}]`.replace('[]', '[0]') : object(depth)
  }
  return object(8)
}

/**
 * A text with one value inside another, `depth` times.
 * @param {number} depth
 * @param {string} [inner]
 */
export function nested(depth, inner = '-0') {
  const open = Array.from({ length: depth }, (_, at) => (at % 2 === 0 ? '{"a":' : '['))
  const close = open.map((text) => (text === '[' ? ']' : '}')).reverse()
  return `${open.join('')}${inner}${close.join('')}`
}

/**
 * Asserts that two values of JSON are the same, with their keys in the same order, without a stack
 * that could overflow.
 */
export function assertSameJson(actual, expected, message = '') {
  for (const pairs = [[actual, expected]]; pairs.length > 0; ) {
    const [one, other] = pairs.pop()
    if (typeof other !== 'object' || other === null) {
      assert.ok(Object.is(one, other), `${show(one)} instead of ${show(other)} in ${message}`)
      continue
    }
    assert.ok(
      typeof one === 'object' && one !== null,
      `${show(one)} instead of ${show(other)} in ${message}`,
    )
    assert.equal(Object.getPrototypeOf(one), Object.getPrototypeOf(other), message)
    const keys = Object.keys(other)
    assert.deepEqual(Object.keys(one), keys, message)
    for (const key of keys) pairs.push([one[key], other[key]])
  }
}

/** @param {unknown} value */
function show(value) {
  return Object.is(value, -0)
    ? '-0'
    : typeof value === 'object'
      ? Object.prototype.toString.call(value)
      : String(value)
}
