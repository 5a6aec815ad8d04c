'use strict'

// Checks names and arguments of a call before a slot is taken. mcporter's command line accepts
// less: see mcporter/command-line.js.

const { codedError } = require('../errors')
const { argument, emptyArgument, invalidArgument } = require('../validate')

/** The depth to which arguments are checked without `JSON.stringify`, which looks for circles. */
const MAX_PLAIN_DEPTH = 32

/** @param {unknown} server @returns {string} */
function serverName(server) {
  return name('server', server)
}

/** @param {unknown} tool @returns {string} */
function toolName(tool) {
  return name('tool', tool)
}

/**
 * Returns the arguments of a tool as JSON text.
 * @param {unknown} args
 */
function encodeArguments(args) {
  const expected = 'a plain object of JSON values'
  if (typeof args !== 'object' || args === null || Array.isArray(args)) {
    throw invalidArgument('args', expected, args)
  }
  if (Object.hasOwn(args, '__proto__')) {
    throw codedError(
      'ERR_INVALID_ARG_VALUE',
      "args must not have a property '__proto__' at its top: mcporter drops it",
    )
  }
  let json
  try {
    // A replacer function makes JSON.stringify several times slower.
    json = isPlainJson(args, MAX_PLAIN_DEPTH)
      ? JSON.stringify(args)
      : JSON.stringify(args, onlyJson)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)
    throw codedError('ERR_INVALID_ARG_TYPE', `args must be ${expected}: ${why}`, { cause })
  }
  if (json === undefined || !json.startsWith('{')) throw invalidArgument('args', expected, args)
  return json
}

/**
 * Returns whether JSON keeps all of a value. Returns false for values that are unusual or too deep.
 * @param {unknown} value
 * @param {number} depth
 * @returns {boolean}
 */
function isPlainJson(value, depth) {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return true
    case 'number':
      return Number.isFinite(value)
    case 'object':
      break
    default:
      return false
  }
  if (value === null) return true
  if (depth === 0) return false
  if (Array.isArray(value)) return value.every((entry) => isPlainJson(entry, depth - 1))
  if (Object.getPrototypeOf(value) !== Object.prototype || 'toJSON' in value) return false
  for (const key in value) {
    if (!isPlainJson(/** @type {Record<string, unknown>} */ (value)[key], depth - 1)) return false
  }
  return true
}

/**
 * Refuses values that `JSON.stringify` would drop or replace silently.
 * @param {string} key
 * @param {unknown} value
 */
function onlyJson(key, value) {
  const lost =
    typeof value === 'function' ||
    typeof value === 'symbol' ||
    typeof value === 'bigint' ||
    (typeof value === 'number' && !Number.isFinite(value)) ||
    value instanceof Map ||
    value instanceof Set
  if (!lost) return value
  const kind =
    typeof value === 'object'
      ? value.constructor.name
      : typeof value === 'number'
        ? value
        : typeof value
  throw new TypeError(`property '${key}' is a ${kind}`)
}

/** @param {'server' | 'tool'} what @param {unknown} value @returns {string} */
function name(what, value) {
  const text = argument(what, value)
  if (text === '') throw emptyArgument(what)
  return text
}

module.exports = { encodeArguments, serverName, toolName }
