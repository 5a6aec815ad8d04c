'use strict'

// Checks the arguments of requests besides calls of tools. No error shows a value of an argument.

const { AsyncResource } = require('node:async_hooks')
const { codedError } = require('../errors')
const { argument, emptyArgument, invalidArgument, isObject } = require('../validate')

/** The severities of syslog, the lowest first. */
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']
/** The members that name the subject of a completion, by the type of the reference. */
const REFERENCES = new Map([
  ['ref/prompt', 'name'],
  ['ref/resource', 'uri'],
])

/** @param {string} name @param {unknown} value @returns {string} */
function text(name, value) {
  const given = argument(name, value)
  if (given === '') throw emptyArgument(name)
  return given
}

/**
 * The arguments of a subscription. The listener is called in the async context in which it is
 * given.
 * @param {unknown} uri
 * @param {unknown} listener
 * @returns {[string, import('./subscriptions').Listener]}
 */
function subscriber(uri, listener) {
  const address = text('uri', uri)
  if (typeof listener !== 'function') throw invalidArgument('listener', 'a function', listener)
  return [address, AsyncResource.bind(/** @type {any} */ (listener))]
}

/**
 * The arguments of a prompt: texts by name, or `undefined` for none.
 * @param {string} name
 * @param {unknown} value
 * @returns {Record<string, string> | undefined}
 */
function promptArguments(name, value) {
  if (value === undefined) return undefined
  const given = plainObject(name, value, 'an object of strings')
  for (const member of Object.keys(given))
    if (given[member] !== undefined) requireString(name, given, member)
  return given
}

/**
 * The prompt or the resource template that a completion is about.
 * @param {string} name
 * @param {unknown} value
 */
function reference(name, value) {
  const given = plainObject(name, value, "an object { type: 'ref/prompt' | 'ref/resource', ... }")
  const member = REFERENCES.get(given.type)
  if (member === undefined) {
    const types = [...REFERENCES.keys()].map((type) => `'${type}'`).join(' or ')
    throw invalidArgument(`${name}.type`, types, given.type)
  }
  requireString(name, given, member)
  return given
}

/**
 * The argument to complete.
 * @param {string} name
 * @param {unknown} value
 */
function completionArgument(name, value) {
  const given = plainObject(name, value, 'an object { name, value }')
  requireString(name, given, 'name')
  requireString(name, given, 'value')
  return given
}

/**
 * The arguments that are known already when one is completed.
 * @param {string} name
 * @param {unknown} value
 */
function completionContext(name, value) {
  const given = plainObject(name, value, 'an object { arguments }')
  return { arguments: promptArguments(`${name}.arguments`, given.arguments) }
}

/** @param {string} name @param {unknown} value @returns {string} */
function logLevel(name, value) {
  const level = argument(name, value)
  if (LEVELS.includes(level)) return level
  const expected = `${name} must be one of ${LEVELS.join(', ')}`
  throw codedError(
    'ERR_INVALID_ARG_VALUE',
    `${expected}, got ${JSON.stringify(level.slice(0, 100))}`,
  )
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {string} expected
 * @returns {Record<string, any>}
 */
function plainObject(name, value, expected) {
  if (isObject(value)) return { ...value }
  throw invalidArgument(name, expected, value)
}

/** @param {string} name @param {Record<string, unknown>} given @param {string} member */
function requireString(name, given, member) {
  if (typeof given[member] === 'string') return
  // Another member may be a secret, so the object is not shown.
  throw invalidArgument(`${name}.${member}`, 'a string', given[member])
}

module.exports = {
  LEVELS,
  completionArgument,
  completionContext,
  logLevel,
  promptArguments,
  reference,
  subscriber,
  text,
}
