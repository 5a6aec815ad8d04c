'use strict'

// The schema of an entry of mcporter's file. A problem names the place, never the value, which may
// be a secret.

const { member } = require('../../mcp/transport-problem')
const { SETTINGS } = require('../../oauth/setting-names')
const { isObject } = require('../../validate')

/** An entry as it stands in the file. @typedef {Record<string, any>} Entry */
/**
 * Returns the problem of a value, which begins with a place below the value or with a space.
 * @typedef {(value: any) => string | undefined} Type
 */

/** The error of an entry that can't be used. */
class UnusableEntry extends Error {}

/** @param {string} expected @param {(value: any) => boolean} fits @returns {Type} */
const type = (expected, fits) => (value) => (fits(value) ? undefined : ` must be ${expected}`)

const TEXT = type('a string', isText)

/** @type {Type} */
const TEXTS = (value) => {
  if (!Array.isArray(value)) return ' must be an array of strings'
  const at = value.findIndex((each) => !isText(each))
  return at === -1 ? undefined : `[${at}] must be a string`
}

/** @type {Type} */
const TEXT_OR_TEXTS = (value) => {
  if (Array.isArray(value)) return TEXTS(value)
  return isText(value) ? undefined : ' must be a string or an array of strings'
}

/** @type {Type} */
const NAMED_TEXTS = (value) => {
  if (!isObject(value)) return ' must be an object of strings'
  const wrong = Object.keys(value).find((key) => !isText(value[key]))
  return wrong === undefined ? undefined : `${member(wrong)} must be a string`
}

const COMMAND = type(
  'an object with args, an array of strings',
  (value) => isObject(value) && areTexts(value.args),
)
const HTTP_FETCH = type(
  "'default' or 'node-http1'",
  (value) => value === 'default' || value === 'node-http1',
)
const LIFECYCLE = type(
  "'keep-alive', 'ephemeral' or an object with mode and idleTimeoutMs",
  isLifecycle,
)
const REFRESH = type('an object of strings, and whole numbers of seconds', isRefresh)
const LOGGING = type(
  'an object',
  (value) => isObject(value) && (value.daemon === undefined || isObject(value.daemon)),
)

/**
 * The type of each key in camel case; `true` marks keys with a second spelling, with underscores.
 * @type {[string, Type, boolean][]}
 */
const KEYS = [
  ['description', TEXT, false],
  ['baseUrl', TEXT, true],
  ['url', TEXT, false],
  ['serverUrl', TEXT, true],
  ['command', TEXT_OR_TEXTS, false],
  ['executable', TEXT, false],
  ['args', TEXTS, false],
  ['cwd', TEXT, false],
  ['headers', NAMED_TEXTS, false],
  ['env', NAMED_TEXTS, false],
  ['auth', TEXT, false],
  ['tokenCacheDir', TEXT, true],
  ['clientName', TEXT, true],
  ...SETTINGS.map((name) => /** @type {[string, Type, boolean]} */ ([name, TEXT, true])),
  ['oauthRedirectUrl', TEXT, true],
  ['oauthCommand', COMMAND, true],
  ['bearerToken', TEXT, true],
  ['bearerTokenEnv', TEXT, true],
  ['refresh', REFRESH, false],
  ['httpFetch', HTTP_FETCH, true],
  ['lifecycle', LIFECYCLE, false],
  ['logging', LOGGING, false],
  ['allowedTools', TEXTS, true],
  ['blockedTools', TEXTS, true],
]

/** @type {Map<string, Type>} */
const TYPES = new Map()
/** @type {Map<string, string>} */
const SNAKE = new Map()
for (const [key, type, hasSnake] of KEYS) {
  TYPES.set(key, type)
  if (!hasSnake) continue
  SNAKE.set(key, snake(key))
  TYPES.set(snake(key), type)
}

/** The names that an address may have; mcporter takes the first that is there. */
const URL_KEYS = ['baseUrl', 'base_url', 'url', 'serverUrl', 'server_url']

/**
 * Unknown keys that a newer mcporter could use for the connection. All other unknown keys belong to
 * other clients (`disabled`, `alwaysAllow`, `gallery`, ...) and are ignored, as mcporter does.
 */
const WEIGHTY = new Set(['protocolVersion', 'protocol_version', 'proxy', 'tls'])

/** Says what is wrong with an entry; `undefined` for nothing. @param {unknown} entry */
function entryProblem(entry) {
  if (!isObject(entry)) return 'it must be an object'
  for (const [key, problemOf] of TYPES) {
    const problem = entry[key] === undefined ? undefined : problemOf(entry[key])
    if (problem !== undefined) return `${key}${problem}`
  }
  const allowed = either(entry, 'allowedTools')
  if (allowed !== undefined && either(entry, 'blockedTools') !== undefined) {
    return 'it can have either allowedTools or blockedTools, not both'
  }
  return undefined
}

/** Finds the first key that may mean something to a newer mcporter. @param {Entry} entry */
function unknownKey(entry) {
  return Object.keys(entry).find((key) => WEIGHTY.has(key))
}

/** @param {string} key */
function isKnownKey(key) {
  return TYPES.has(key)
}

/** A value in either spelling of its name. @param {Entry} entry @param {string} key */
function either(entry, key) {
  return entry[key] ?? entry[SNAKE.get(key) ?? snake(key)]
}

/** @param {string} key */
function snake(key) {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** @param {unknown} value @returns {value is string} */
function isText(value) {
  return typeof value === 'string'
}

/** @param {unknown} value @returns {value is string[]} */
function areTexts(value) {
  return Array.isArray(value) && value.every(isText)
}

/** @param {unknown} value */
function isLifecycle(value) {
  const mode = isObject(value) ? value.mode : value
  const idle = isObject(value) ? value.idleTimeoutMs : undefined
  return (
    ['keep-alive', 'ephemeral'].includes(mode) &&
    (idle === undefined || (Number.isInteger(idle) && idle > 0))
  )
}

/** @param {unknown} value */
function isRefresh(value) {
  if (!isObject(value)) return false
  return Object.entries(value).every(([key, each]) =>
    /^refresh(SkewS|_skew_s)econds$/.test(key)
      ? Number.isInteger(each) && each >= 0
      : typeof each === 'string',
  )
}

module.exports = {
  URL_KEYS,
  UnusableEntry,
  areTexts,
  either,
  entryProblem,
  isKnownKey,
  snake,
  unknownKey,
}
