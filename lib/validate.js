'use strict'

const { inspect } = require('node:util')
const { codedError } = require('./errors')

/** The longest time that a Node.js timer can be set to: 2^31 - 1 ms, about 24.8 days. */
const MAX_TIME = 2 ** 31 - 1
/** The largest count that the native side holds. */
const MAX_COUNT = 2 ** 32 - 1
const UNITS = ['', 'K', 'M', 'G', 'T']
const SIZE = /^(\d+(?:\.\d+)?)(?:([KMGT])(?:i?B)?)?$/i
/** The types that `asBytes()` takes. */
const BYTES = 'a string, a Buffer or a Uint8Array'
const MEMORY_SIZE = "a number of bytes, or a size such as '512M'"

/** @param {unknown} value */
function show(value) {
  return inspect(value, { depth: 0, maxStringLength: 100, breakLength: Infinity })
}

/** @param {string} name @param {string} expected @param {unknown} got */
function invalidConfig(name, expected, got) {
  return codedError('ERR_INVALID_CONFIG', `${name} must be ${expected}, got ${show(got)}`)
}

/**
 * Creates the error for a positional argument of the wrong type, as Node.js's own functions do.
 * @param {string} name
 * @param {string} expected
 * @param {unknown} got
 */
function invalidArgument(name, expected, got) {
  return codedError('ERR_INVALID_ARG_TYPE', `${name} must be ${expected}, got ${show(got)}`)
}

/** Creates the error for a positional argument that is empty. @param {string} name */
function emptyArgument(name) {
  return codedError('ERR_INVALID_ARG_VALUE', `${name} must not be empty`)
}

/**
 * Creates an error that does not show the value, because it may be a secret.
 * @param {string} name
 */
function nullByte(name) {
  return codedError('ERR_INVALID_ARG_VALUE', `${name} must be a string without null bytes`)
}

/**
 * @typedef {{ least?: number, unlimited?: boolean, given?: unknown }} NumberOptions
 *   `least` is 1 by default; `given` is what the user wrote, where that is not the value.
 */

/**
 * @param {string} name
 * @param {unknown} value
 * @param {number} max
 * @param {string} unit
 * @param {NumberOptions} [options]
 */
function wholeNumber(name, value, max, unit, { least = 1, unlimited = false, given = value } = {}) {
  if (unlimited && value === Infinity) return Infinity
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= max)
    return Number(value)
  throw invalidConfig(
    name,
    `a whole number ${unit}from ${least} to ${max}${unlimited ? ' or Infinity' : ''}`,
    given,
  )
}

/**
 * A count of at least one, or of at least `least`.
 * @param {string} name
 * @param {unknown} value
 * @param {NumberOptions} [options]
 */
function count(name, value, options) {
  return wholeNumber(name, value, MAX_COUNT, '', options)
}

/**
 * A time in milliseconds.
 * @param {string} name
 * @param {unknown} value
 * @param {NumberOptions} [options]
 */
function time(name, value, options) {
  return wholeNumber(name, value, MAX_TIME, 'of milliseconds ', options)
}

/**
 * A time in milliseconds, or Infinity.
 * @param {string} name
 * @param {unknown} value
 */
function timeout(name, value) {
  return time(name, value, { unlimited: true })
}

/**
 * A size in bytes.
 * @param {string} name
 * @param {unknown} value
 * @param {NumberOptions} [options]
 */
function bytes(name, value, options) {
  return wholeNumber(name, value, MAX_COUNT, 'of bytes ', options)
}

/**
 * A size of memory: a number of bytes, or a string such as '512M'. Returns bytes.
 * @param {string} name
 * @param {unknown} value
 */
function memorySize(name, value) {
  const bytes = bytesOf(value)
  if (bytes === undefined) throw invalidConfig(name, MEMORY_SIZE, value)
  return bytes
}

/**
 * A size of memory, or a percentage such as '60%' of the memory that this process may use.
 * @param {string} name
 * @param {unknown} value
 * @returns {{ bytes?: number, percent?: number }}
 */
function memoryAmount(name, value) {
  const percent =
    typeof value === 'string' ? Number(/^(\d+(?:\.\d+)?)%$/.exec(value.trim())?.[1]) : 0
  if (percent > 0 && percent <= 100) return { percent }
  const bytes = bytesOf(value)
  if (bytes === undefined)
    throw invalidConfig(name, `${MEMORY_SIZE}, or a percentage such as '60%'`, value)
  return { bytes }
}

/** @param {unknown} value */
function bytesOf(value) {
  const [, digits, unit = ''] = SIZE.exec(String(value).trim()) ?? []
  if (digits === undefined || (typeof value !== 'string' && typeof value !== 'number'))
    return undefined
  const bytes = Math.floor(Number(digits) * 1024 ** UNITS.indexOf(unit.toUpperCase()))
  const isWhole = unit !== '' || !digits.includes('.')
  return isWhole && bytes >= 1 && bytes <= Number.MAX_SAFE_INTEGER ? bytes : undefined
}

/**
 * Returns the bytes that can be written to a process, or `undefined` for a value of another type.
 * @param {unknown} value
 */
function asBytes(value) {
  if (typeof value === 'string') return Buffer.from(value)
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return undefined
}

/** A string without null bytes. @param {string} name @param {unknown} value @returns {string} */
function string(name, value) {
  if (typeof value !== 'string') throw invalidConfig(name, 'a string', value)
  if (value.includes('\0')) throw nullByte(name)
  return value
}

/**
 * A string that can be given to the system, such as a path.
 * @param {string} name
 * @param {unknown} value
 * @param {{ mayBeEmpty?: boolean }} [options]
 */
function text(name, value, { mayBeEmpty = false } = {}) {
  const given = string(name, value)
  if (given === '' && !mayBeEmpty) throw invalidConfig(name, 'a string that is not empty', given)
  return given
}

/**
 * A string that can be given to the system and may be secret: an error shows its type only.
 * @param {string} name
 * @param {unknown} value
 */
function secret(name, value) {
  if (typeof value === 'string') return string(name, value)
  throw codedError(
    'ERR_INVALID_CONFIG',
    `${name} must be a string, got a value of type ${typeof value}`,
  )
}

/** @param {string} name @param {unknown} value @returns {boolean} */
function boolean(name, value) {
  if (typeof value === 'boolean') return value
  throw invalidConfig(name, 'true or false', value)
}

/**
 * @template {string} T
 * @param {string} name
 * @param {unknown} value
 * @param {readonly T[]} choices
 * @returns {T}
 */
function oneOf(name, value, choices) {
  const found = choices.find((choice) => choice === value)
  if (found !== undefined) return found
  throw invalidConfig(name, `one of ${choices.map((choice) => `'${choice}'`).join(', ')}`, value)
}

/** @param {string} name @param {unknown} value @returns {AbortSignal} */
function abortSignal(name, value) {
  if (value instanceof AbortSignal) return value
  throw invalidConfig(name, 'an AbortSignal', value)
}

/**
 * Returns whether a value is what JSON calls an object.
 * @param {unknown} value
 * @returns {value is Record<string, any>}
 */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * An options bag: a plain object, or `undefined` for an empty one. With `known`, an option of
 * another name is refused, because a misspelt one would silently do nothing.
 * @param {string} name
 * @param {unknown} value
 * @param {readonly string[]} [known]
 * @returns {Record<string, any>}
 */
function options(name, value, known) {
  if (value === undefined) return {}
  // A Map or an array has no options, and would be taken for an empty object.
  if (typeof value !== 'object' || value === null || Symbol.iterator in value)
    throw invalidConfig(name, 'an object', value)
  const unknown = known && Object.keys(value).find((key) => !known.includes(key))
  if (unknown === undefined) return value
  throw codedError(
    'ERR_INVALID_CONFIG',
    `${name} has no option ${show(unknown)}; there are: ${known?.join(', ')}`,
  )
}

/**
 * A string that can be given to a program.
 * @param {string} name
 * @param {unknown} value
 * @returns {string}
 */
function argument(name, value) {
  if (typeof value !== 'string') throw invalidArgument(name, 'a string', value)
  return string(name, value)
}

/** @param {string} name @param {unknown} value @returns {Function} */
function callback(name, value) {
  if (typeof value === 'function') return value
  throw invalidConfig(name, 'a function', value)
}

module.exports = {
  BYTES,
  abortSignal,
  argument,
  asBytes,
  boolean,
  bytes,
  callback,
  count,
  emptyArgument,
  invalidArgument,
  invalidConfig,
  isObject,
  memoryAmount,
  memorySize,
  nullByte,
  oneOf,
  options,
  secret,
  show,
  string,
  text,
  time,
  timeout,
}
